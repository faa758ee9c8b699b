"""`./portal demo load`: a council with made-up data, brought in and paid period by period as a real one would be."""

import gc
import importlib
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from commands.batchwise.payments import calculate_all, finalise_due, finalise_run
from commands.batchwise.sealing import seal_waiting
from commands.demonstrations import acts
from commands.demonstrations.bank import tell_of_the_bank
from commands.feed import progress
from exchange.feed import import_feed
from exchange.files.store import UPLOADS, Store
from models.accounts import demonstration
from models.accounts.second_step import set_security_code
from models.accounts.user import User
from models.auditing.made_up import say_made_up
from models.base import scope, session, transaction
from models.calendar import as_on, today
from models.payments.limits import MoneyLimits
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunState
from models.permissions import CouncilRole
from models.portal import current_portal
from models.records.contract import PaymentMethod
from models.records.feed import FeedImport
from models.records.provider import Provider
from models.tenancy import every_provider

cli = AppGroup("demo", help="Load made-up data. In demonstration mode only.")

DEMONSTRATIONS = Path(__file__).parent / "demonstrations"
WRITTEN = "demonstration-feed"
"""The folder of the instance in which a demonstration that is dated from today writes its feeds."""


HEARD = "demonstration-bank"
"""The folder of the instance for what such a demonstration's finance system tells of the bank."""


class Delivery(NamedTuple):
    """A feed as it came on one day. The payments before that day know nothing of it."""

    day: date
    path: Path


@cli.command()
@click.argument("name", type=click.Choice(sorted(path.name for path in DEMONSTRATIONS.iterdir() if path.is_dir())))
@click.option("--if-empty", is_flag=True, help="Do nothing, and do not complain, if the database has data already.")
@click.option("--size", default=1.0, show_default=True, help="0.1: a council a tenth as large. Durham has one size.")
def load(name: str, if_empty: bool, size: float) -> None:
    """Load the demonstration NAME into an empty database, and finalise its payments to its today."""
    settings = current_app.config["SETTINGS"]
    if not settings.is_demonstration:
        raise click.ClickException("This is not a demonstration: set PORTAL_MODE=demonstration to make it one.")
    before = _imported()
    if not (_is_empty() or before and _is_unfinished(name, settings.instance, before)):
        if if_empty:
            return
        raise click.ClickException("The database has data already. Choose an empty one (INSTANCE=another-folder).")
    with transaction():
        say_made_up()
    with as_on(_take_settings(DEMONSTRATIONS / name, settings.instance)):
        if not before:
            _write(name, settings.instance, size)
        _bring_in(_deliveries(name, settings.instance), before)
        _add_accounts()
        acts.perform(_council(settings.instance), Store(settings.instance / UPLOADS))
        tell_of_the_bank(settings.instance / HEARD, has_returns=_is_program(name))
        seal_waiting(everything=True)
        click.echo(f"The demonstration {name} is loaded. Its today is {today():%d/%m/%Y}.")


def _bring_in(deliveries: list[Delivery], before: list[str]) -> None:
    """Import the feeds that are not among those of `before`, and pay up to each of them and to today. No limit stops a
    run: two people will have authorised it at the time. Of the last feed it is kept what it changed in money.
    """
    unlimited = replace(current_portal(), money_limits=MoneyLimits(0, 0, 0, 0))
    with _no_looking_for_cycles(), scope(unlimited):
        since = date.min
        for delivery in deliveries:
            if delivery.path.name not in before:
                _pay(since, delivery.day - timedelta(days=1))
                import_feed(delivery.path, progress, is_foreseen=delivery is deliveries[-1])
            since = delivery.day
        _pay(since, today())
        calculate_all()


@contextmanager
def _no_looking_for_cycles() -> Iterator[None]:
    """Python looks for objects that only refer to each other. There are few here; looking takes a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _is_empty() -> bool:
    with scope(), every_provider():
        return not any(session.scalar(select(entity.id).limit(1)) for entity in (Provider, User, FeedImport))


def _imported() -> list[str]:
    with scope(), every_provider():
        return list(session.scalars(select(FeedImport.name).order_by(FeedImport.id)))


def _is_unfinished(name: str, instance: Path, imported: list[str]) -> bool:
    """An earlier load was broken off: its first feeds are there, and the accounts, which come last, are not."""
    names = [delivery.path.name for delivery in _deliveries(name, instance)]
    return imported == names[: len(imported)] and not demonstration.accounts_here()


def _take_settings(source: Path, instance: Path) -> date | None:
    """The council's name and its today, if it has one; settings that somebody has written already are kept.

    Returns that today, which this process may have started without.
    """
    settings = instance / "settings.toml"
    if not settings.exists():
        shutil.copyfile(source / "settings.toml", settings)
    return tomllib.loads(settings.read_text("utf-8")).get("today")


def _council(instance: Path) -> str:
    """What the council is called, as the settings say that this demonstration has brought or found."""
    return tomllib.loads((instance / "settings.toml").read_text("utf-8")).get("council", {}).get("name", "The council")


def _write(name: str, instance: Path, size: float) -> None:
    """Let a demonstration that is a program write its feeds."""
    if _is_program(name):
        importlib.import_module(f"commands.demonstrations.{name}").write(instance / WRITTEN, today(), size=size)


def _deliveries(name: str, instance: Path) -> list[Delivery]:
    """Its feeds in the order in which they came: one that is in the repository, or those that a program has written."""
    if not _is_program(name):
        return [Delivery(date.min + timedelta(days=1), DEMONSTRATIONS / name)]
    written = instance / WRITTEN
    paths = sorted(written.iterdir()) if written.is_dir() else []
    return [Delivery(date.fromisoformat(path.name), path) for path in paths]


def _is_program(name: str) -> bool:
    return (DEMONSTRATIONS / name / "__init__.py").exists()


def _pay(since: date, last_on: date) -> None:
    """Calculate and finalise on every day to `last_on` on which something is due, as `./portal payments` does.

    Each day only calculates the providers who are paid on it. Days before `since`, and those already paid, are passed
    over.
    """
    _finish_runs()
    first_on = _next_day_to_pay()
    if first_on is None or (first_on := max(first_on, since)) > last_on:
        return
    with tqdm(total=(last_on - first_on).days + 1, desc="Paying", unit="day", disable=None, leave=False) as bar:
        with as_on(first_on):
            calculate_all()
        for day, provider_ids in _due(first_on, last_on):
            with as_on(day):
                calculate_all(provider_ids)
                finalise_due(provider_ids, is_calculated=True, recalculate=False)  # the next day, or the end, does it
            bar.update((day - first_on).days + 1 - bar.n)


def _finish_runs() -> None:
    """Finalise the authorised run in which an earlier load was interrupted, if there is one."""
    with scope(), every_provider():
        query = select(PaymentRun.id, PaymentRun.as_on).where(PaymentRun.state == RunState.AUTHORISED)
        runs = session.execute(query).all()
    for run_id, day in runs:
        with as_on(day):
            finalise_run(run_id)


def _next_day_to_pay() -> date | None:
    """The day after the last run, or the first day that is calculated; None while there is nothing to pay."""
    with scope(), every_provider():
        done = session.scalar(select(sa.func.max(PaymentRun.as_on)))
        begin = session.scalar(select(sa.func.min(PaymentMethod.calculate_from)))
    return done + timedelta(days=1) if done else begin


def _due(day: date, last_on: date) -> Iterator[tuple[date, list[int]]]:
    """The days from `day` on, on which payments fall due to be finalised, each with the providers' ids."""
    payment = ScheduledPayment
    while True:
        with scope(), every_provider():
            due = payment.closed_run_id.is_(None), payment.finalise_on.between(day, last_on)
            following = session.scalar(select(sa.func.min(payment.finalise_on)).where(*due))
            if following is None:
                return
            ids = session.scalars(
                select(payment.provider_id).where(*due, payment.finalise_on == following).distinct()
            ).all()
        yield following, list(ids)
        day = following + timedelta(days=1)


def _add_accounts() -> None:
    with transaction(), every_provider():
        known = {provider.reference: provider for provider in session.scalars(select(Provider))}
        for account in demonstration.ACCOUNTS:
            if all(reference in known for reference in account.providers):
                user = User.add(account.email, account.name, account.password)
                if isinstance(account.role, CouncilRole):
                    user.employ(account.role)
                else:
                    for reference in account.providers:
                        user.join(known[reference], account.role)
                if account.security_code:
                    session.flush()
                    set_security_code(user, account.security_code)
