"""`./portal doctor`: all that is wrong with the settings, the machine and the database, each with what to do."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext

from commands.batchwise import health
from commands.batchwise.health import Finding
from commands.db import alembic_config
from models.base import revision
from models.words import how_many


@click.command("doctor")
@with_appcontext
def cli() -> None:
    """Say what is wrong with settings, files, mail, clock, worker and database, and the cure of each. Changes nothing
    but the modes of the portal's own files. Ends with 1 if something has to be mended; warnings alone end with 0.
    """
    found = list(_all())
    for each in sorted(found, key=lambda each: each.is_warning):
        click.echo(f"{'Warning' if each.is_warning else 'To mend'}: {each}", err=True)
    to_mend = [each for each in found if not each.is_warning]
    warnings = how_many(len(found) - len(to_mend), "warning")
    click.echo(f"{len(to_mend)} to mend, {warnings}." if found else "Nothing to mend.")
    sys.exit(1 if to_mend else 0)


def _all() -> Iterator[Finding]:
    settings = current_app.config["SETTINGS"]
    yield from (Finding(each) for each in current_app.config.get("WRONG", ()))
    yield from health.of_the_machine(settings, Path(os.environ.get("PORTAL_ENV") or "/etc/portal.env"))
    yield from health.of_the_seal(settings)
    yield from health.of_mail(settings)
    yield from health.of_the_database(settings, _revisions)


def _revisions() -> tuple[str, str]:
    """That of the database, and that of the code."""
    settings = current_app.config["SETTINGS"]
    heads = ScriptDirectory.from_config(alembic_config(settings.database_url)).get_heads()
    return revision(), ", ".join(heads)
