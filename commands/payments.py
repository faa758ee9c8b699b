"""`flask payments calculate` and `flask payments finalise`: the council's run, from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from commands.batchwise.payments import Progress, calculate_all, finalise_due
from models.base import scope, session
from models.calendar import as_on, today
from models.money import gbp
from models.payments import payment_run
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.words import how_many

cli = AppGroup("payments", help="Calculate and finalise scheduled payments.")

DAY = click.DateTime(formats=["%Y-%m-%d", "%d/%m/%Y"])


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def calculate(day: datetime | None, references: tuple[str, ...]) -> None:
    """Work out what is due, and rewrite the draft lines. Finalised lines never change."""
    with as_on(_day(day)), _bar() as progress:
        outcome = calculate_all(_provider_ids(references), progress=progress)
    contracts, lines = how_many(outcome.contracts, "contract"), how_many(outcome.lines, "draft line")
    click.echo(f"Calculated {contracts}: {lines}, {gbp(outcome.total_pence)}.")


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def finalise(day: datetime | None, references: tuple[str, ...]) -> None:
    """Make facts of the draft lines of every payment whose finalisation day has come."""
    with as_on(_day(day)):
        with _bar() as progress:
            run_id, outcome = finalise_due(_provider_ids(references), progress=progress)
        if run_id is None:
            click.echo(f"Nothing is due to be finalised on {today():%d/%m/%Y}.")
            return
    click.echo(f"Run {run_id}: {payment_run.summary(outcome)}")


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
