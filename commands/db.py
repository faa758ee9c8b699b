"""`./portal db ...`: the tables, made and changed by alembic's revisions in migrations/."""

from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from flask import current_app
from flask.cli import AppGroup

cli = AppGroup("db", help="Make and change the database's tables.")


def alembic_config(database_url: str) -> Config:
    config = Config(Path(__file__).parent.parent / "alembic.ini")
    config.attributes["database_url"] = database_url
    return config


def _config() -> Config:
    return alembic_config(current_app.config["SETTINGS"].database_url)


@cli.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the tables up to REVISION, the newest if none is named."""
    command.upgrade(_config(), revision)


@cli.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION; -1 is the one before, base is none at all."""
    command.downgrade(_config(), revision)


@cli.command()
@click.option("-m", "--message", required=True, help="What changes, in a few words.")
def revision(message: str) -> None:
    """Write a new revision from what the models have and the database has not."""
    command.revision(_config(), message, autogenerate=True)


@cli.command()
def check() -> None:
    """Say whether the database's tables are those of the models."""
    try:
        command.check(_config())
    except CommandError as difference:
        raise click.ClickException(str(difference)) from None


@cli.command()
def current() -> None:
    """Say which revision the database is at."""
    command.current(_config())
