"""`flask payments calculate` and `flask payments finalise`: the council's run, from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from commands.batchwise.payments import Progress, calculate_all, finalise_due
from models.base import DomainError, scope, session
from models.calendar import LONDON, as_on, today
from models.money import gbp
from models.payments import payment_run
from models.payments.blocked import faults
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.words import how_many

cli = AppGroup("payments", help="Calculate and finalise scheduled payments.")

DAY = click.DateTime(formats=["%Y-%m-%d", "%d/%m/%Y"])


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def calculate(day: datetime | None, references: tuple[str, ...]) -> None:
    """Work out what is due, and rewrite the draft lines. Finalised lines never change. Exits with 1 where a contract
    cannot be calculated: the others are, all the same.
    """
    ids = _provider_ids(references)
    with as_on(_day(day)), _refusals(), _bar() as progress:
        outcome = calculate_all(ids, progress=progress)
    contracts, lines = how_many(outcome.contracts, "contract"), how_many(outcome.lines, "draft line")
    click.echo(f"Calculated {contracts}: {lines}, {gbp(outcome.total_pence)}.")
    _name_faults(ids)


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def finalise(day: datetime | None, references: tuple[str, ...]) -> None:
    """Make facts of the draft lines of every payment whose finalisation day has come. Exits with 1 where some are left
    because their contract cannot be calculated.
    """
    ids = _provider_ids(references)
    with as_on(_day(day)):
        with _refusals(), _bar() as progress:
            run_id, outcome = finalise_due(ids, progress=progress)
        if run_id is None:
            click.echo(f"Nothing is due to be finalised on {today():%d/%m/%Y}.")
        else:
            click.echo(f"Run {run_id}: {payment_run.summary(outcome)}")
        _name_faults(ids, only_due=True)


def _name_faults(provider_ids: list[int] | None, *, only_due: bool = False) -> None:
    """Name the contracts that cannot be calculated (only those with payments that are due), and exit with 1."""
    with scope():
        set_tenant(EVERY_PROVIDER)
        found = [row for row in session.execute(faults(provider_ids=provider_ids)).all() if row.due or not only_due]
    for row in found:
        since = row.since.astimezone(LONDON)
        left = f" {how_many(row.due, 'payment')} that {'is' if row.due == 1 else 'are'} due left." if row.due else ""
        click.echo(
            f"Contract {row.reference} of provider {row.provider_reference} cannot be calculated since "
            f"{since:%d/%m/%Y %H:%M}: {row.fault}.{left}",
            err=True,
        )
    if found:
        click.echo(f"{how_many(len(found), 'contract')} not calculated. See docs/operations.md.", err=True)
        raise click.exceptions.Exit(1)


@contextmanager
def _refusals() -> Iterator[None]:
    """What the office refuses is said in one line."""
    try:
        yield
    except DomainError as refusal:
        raise click.ClickException(f"{refusal}.") from None


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    with tqdm(unit="provider", disable=None, leave=False) as bar:

        def progress(done: int, count: int) -> None:
            bar.total = count
            bar.update(done - bar.n)

        yield progress


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _provider_ids(references: tuple[str, ...]) -> list[int] | None:
    """Ids of the named providers, None for all of them; a name that is not known stops the command."""
    if not references:
        return None
    with scope():
        set_tenant(EVERY_PROVIDER)
        known = dict(
            session.execute(select(Provider.reference, Provider.id).where(Provider.reference.in_(references))).all()
        )
    for reference in references:
        if reference not in known:
            raise click.ClickException(f"There is no provider with the reference {reference}.")
    return list(known.values())
