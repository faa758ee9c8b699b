"""`flask payments calculate` and `flask payments finalise`: the council's run, from the command line."""

from collections.abc import Callable, Iterator
from datetime import date

import click
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from models.accounts.user import User
from models.base import scope, session, transaction
from models.calendar import as_on, today
from models.money import gbp
from models.payments import calculation, payment_run
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.words import how_many

cli = AppGroup("payments", help="Calculate and finalise scheduled payments.")

Progress = Callable[[int, int], None]
"""Is told how many providers are done, of how many."""

DAY = click.DateTime(formats=["%Y-%m-%d", "%d/%m/%Y"])


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def calculate(day: date | None, references: tuple[str, ...]) -> None:
    """Work out what is due, and rewrite the draft lines. Finalised lines never change."""
    with as_on(_day(day)):
        outcome = calculate_all(_provider_ids(references), show_progress=True)
    contracts, lines = how_many(outcome.contracts, "contract"), how_many(outcome.lines, "draft line")
    click.echo(f"Calculated {contracts}: {lines}, {gbp(outcome.total_pence)}.")


@cli.command()
@click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
@click.option("--provider", "references", multiple=True, help="Only the provider with this reference; repeatable.")
def finalise(day: date | None, references: tuple[str, ...]) -> None:
    """Make facts of the draft lines of every payment whose finalisation day has come."""
    with as_on(_day(day)):
        run_id, outcome = finalise_due(_provider_ids(references), show_progress=True)
        if run_id is None:
            click.echo(f"Nothing is due to be finalised on {today():%d/%m/%Y}.")
            return
    click.echo(f"Run {run_id}: {payment_run.summary(outcome)}")


def calculate_all(
    provider_ids: list[int] | None = None, *, show_progress: bool = False, progress: Progress | None = None
) -> calculation.Calculated:
    """Calculate batch by batch, each in a transaction of its own, so that nobody waits long for the lock."""
    total = calculation.Calculated()
    for batch in _batches(provider_ids, show_progress, progress):
        with transaction():
            set_tenant(EVERY_PROVIDER)
            done = calculation.calculate(batch)
        total.contracts += done.contracts
        total.lines += done.lines
        total.total_pence += done.total_pence
    return total


def finalise_due(
    provider_ids: list[int] | None = None, *, show_progress: bool = False, recalculate: bool = True
) -> tuple[int | None, payment_run.RunProgress]:
    """A run of all that is due, put together and authorised by whoever may use the command line."""
    with transaction():
        set_tenant(EVERY_PROVIDER)
        run = payment_run.prepare(by=None, provider_ids=provider_ids)
        if run is None:
            return None, payment_run.RunProgress()
        run.authorise_from_command_line()
        run_id = run.id
    return run_id, finalise_run(run_id, show_progress=show_progress, recalculate=recalculate)


def finalise_run(
    run_id: int,
    *,
    by_id: int | None = None,
    show_progress: bool = False,
    progress: Progress | None = None,
    recalculate: bool = True,
) -> payment_run.RunProgress:
    """Finalise an authorised run batch by batch, and close it. One that was broken off goes on where it stopped."""
    total = payment_run.RunProgress()
    with scope():
        set_tenant(EVERY_PROVIDER)
        waiting = payment_run.providers_waiting(run_id)
    for batch in _batches(waiting, show_progress, progress):
        with transaction() as own:
            set_tenant(EVERY_PROVIDER)
            run = own.scalars(select(payment_run.PaymentRun).where(payment_run.PaymentRun.id == run_id)).one()
            done = payment_run.finalise_some(run, batch, recalculate=recalculate)
        total.payments += done.payments
        total.lines += done.lines
        total.total_pence += done.total_pence
        total.left += done.left
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        run = own.scalars(select(payment_run.PaymentRun).where(payment_run.PaymentRun.id == run_id)).one()
        run.complete(by=own.scalars(select(User).where(User.id == by_id)).one_or_none())
    return total


def _batches(provider_ids: list[int] | None, show_progress: bool, progress: Progress | None) -> Iterator[list[int]]:
    with scope():
        set_tenant(EVERY_PROVIDER)
        batches = list(calculation.batches(provider_ids))
    count = sum(len(batch) for batch in batches)
    with tqdm(total=count, unit="provider", disable=None if show_progress else True, leave=False) as bar:
        for batch in batches:
            yield batch
            bar.update(len(batch))
            if progress is not None:
                progress(int(bar.n), count)


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
