"""`flask payments calculate` and `flask payments finalise`: the council's run, from the command line."""

from datetime import date

import click
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from models import payment_run
from models.base import scope, session, transaction
from models.calendar import as_on, today
from models.money import gbp
from models.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant

cli = AppGroup("payments", help="Calculate and finalise scheduled payments.")

DAY = click.DateTime(formats=["%Y-%m-%d", "%d/%m/%Y"])


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def calculate(day: date | None, references: tuple[str, ...]) -> None:
    """Work out what is due, and rewrite the draft lines. Finalised lines never change."""
    with as_on(_day(day)):
        outcome = calculate_all(_provider_ids(references), show_progress=True)
    click.echo(f"Calculated {outcome.contracts} contracts: {outcome.lines} draft lines, {gbp(outcome.total_pence)}.")


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def finalise(day: date | None, references: tuple[str, ...]) -> None:
    """Make facts of the draft lines of every payment whose finalisation day has come."""
    with as_on(_day(day)):
        outcome = finalise_due(_provider_ids(references))
        if outcome.run_id is None:
            click.echo(f"Nothing is due to be finalised on {today():%d/%m/%Y}.")
            return
    click.echo(
        f"Run {outcome.run_id}: {outcome.contracts} payments finalised, "
        f"{outcome.lines} lines, {gbp(outcome.total_pence)}."
    )


def calculate_all(provider_ids: list[int] | None = None, *, show_progress: bool = False) -> payment_run.Outcome:
    """Calculate batch by batch, each in a transaction of its own, so that nobody waits long for the lock."""
    with scope():
        set_tenant(EVERY_PROVIDER)
        batches = list(payment_run.batches(provider_ids))
    total = payment_run.Outcome()
    count = sum(len(batch) for batch in batches)
    with tqdm(total=count, unit="provider", disable=None if show_progress else True, leave=False) as bar:
        for batch in batches:
            with transaction():
                set_tenant(EVERY_PROVIDER)
                done = payment_run.calculate(batch)
            total.contracts += done.contracts
            total.lines += done.lines
            total.total_pence += done.total_pence
            bar.update(len(batch))
    return total


def finalise_due(provider_ids: list[int] | None = None) -> payment_run.Outcome:
    with transaction():
        set_tenant(EVERY_PROVIDER)
        return payment_run.finalise(provider_ids=provider_ids, by=None)


def _day(given: date | None) -> date | None:
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
