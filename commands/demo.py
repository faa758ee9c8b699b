"""`flask demo load`: a council with made-up data, brought in and paid week by week as a real one would be."""

import shutil
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from commands.feed import progress
from commands.payments import calculate_all, finalise_due
from exchange.feed import import_feed
from models.base import scope, session, transaction
from models.calendar import as_on, set_today, today
from models.contract import PaymentMethod
from models.demonstration import ACCOUNTS, accounts_here
from models.feed import FeedImport
from models.payment_run import PaymentRun
from models.provider import Provider
from models.tenancy import every_provider
from models.user import User

cli = AppGroup("demo", help="Load made-up data. In demonstration mode only.")

DEMONSTRATIONS = Path(__file__).parent / "demonstrations"
SUNDAY = 6


@cli.command()
@click.argument("name", type=click.Choice(sorted(path.name for path in DEMONSTRATIONS.iterdir() if path.is_dir())))
@click.option("--if-empty", is_flag=True, help="Do nothing, and do not complain, if the database has data already.")
def load(name: str, if_empty: bool) -> None:
    """Load the demonstration NAME into an empty database, and finalise its payments to its today."""
    settings = current_app.config["SETTINGS"]
    if not settings.is_demonstration:
        raise click.ClickException("This is not a demonstration: set PORTAL_MODE=demonstration to make it one.")
    if not (_is_empty() or _is_unfinished(name)):
        if if_empty:
            return
        raise click.ClickException("The database has data already. Choose an empty one (INSTANCE=another-folder).")
    _take_settings(DEMONSTRATIONS / name, settings.instance)
    import_feed(DEMONSTRATIONS / name, progress)
    _pay()
    _add_accounts()
    click.echo(f"The demonstration {name} is loaded. Its today is {today():%d/%m/%Y}.")


def _is_empty() -> bool:
    with scope(), every_provider():
        return not any(session.scalar(select(entity.id).limit(1)) for entity in (Provider, User, FeedImport))


def _is_unfinished(name: str) -> bool:
    """An earlier load was broken off: the accounts come last."""
    with scope(), every_provider():
        imports = session.scalars(select(FeedImport.name)).all()
        return list(imports) == [name] and not accounts_here()


def _take_settings(source: Path, instance: Path) -> None:
    """The council's name and its today; settings that somebody has written already are kept."""
    if not (instance / "settings.toml").exists():
        shutil.copyfile(source / "settings.toml", instance / "settings.toml")
        set_today(tomllib.loads((source / "settings.toml").read_text("utf-8"))["today"])


def _pay() -> None:
    """Calculate and finalise on every Sunday, by the functions of `flask payments`; then what is due today."""
    for day in tqdm(list(_sundays()), desc="Paying", unit="week", disable=None, leave=False):
        with as_on(day):
            calculate_all()
            finalise_due()
    calculate_all()


def _sundays() -> Iterator[date]:
    """Those on which nothing has been paid yet, to today."""
    with scope(), every_provider():
        begin = session.scalar(select(sa.func.min(PaymentMethod.calculate_from)))
        done = session.scalar(select(sa.func.max(PaymentRun.as_on)))
    day = max(begin, done + timedelta(days=1)) if done else begin
    day += timedelta(days=SUNDAY - day.weekday())
    while day <= today():
        yield day
        day += timedelta(days=7)


def _add_accounts() -> None:
    with transaction(), every_provider():
        for account in ACCOUNTS:
            provider = session.scalars(select(Provider).where(Provider.reference == account.provider)).one_or_none()
            if provider is not None:
                user = User.add(account.email, account.name, account.password)
                user.join(provider, account.role)
