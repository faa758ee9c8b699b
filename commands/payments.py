"""`payments calculate` and `payments finalise`: the council's run, from the command line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import groupby
from typing import NoReturn

import click
from flask.cli import AppGroup
from sqlalchemy import false, select, update
from tqdm import tqdm

from commands.batchwise.finalising import (
    Outlook,
    broken_off,
    finalise_foreseen,
    foresee,
    insist_on,
    still_left,
    still_open,
    take_up,
)
from commands.batchwise.payments import Progress, calculate_all, foresee_calculation
from commands.batchwise.remitting import fill
from models.base import DomainError, rows_changed, scope, session, transaction
from models.calendar import LONDON, Span, as_on, today
from models.money import gbp
from models.payments import run_progress
from models.payments.blocked import faults
from models.payments.left_over import LeftOver
from models.payments.remittance import Remittance
from models.payments.rules import Reopened
from models.payments.working_out import Change
from models.records.contract import Contract
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, every_provider, set_tenant
from models.words import how_many

cli = AppGroup("payments", help="Calculate and finalise scheduled payments.")

DAY = click.DateTime(formats=["%Y-%m-%d", "%d/%m/%Y"])
AS_ON = click.option("--as-on", "day", type=DAY, help="Work as if it were this day (default: today).")
PROVIDERS = click.option(
    "--provider", "references", multiple=True, help="Only the provider with this reference; repeatable."
)


@cli.command()
@AS_ON
@PROVIDERS
@click.option("--dry-run", "is_dry", is_flag=True, help="Say what would change. Reads only.")
@click.option("--accept", "accept", is_flag=True, help="Take over what new rules change of days that are paid.")
@click.option("--show", "most", default=100, show_default=True, help="How many changed payments to list.")
def calculate(day: datetime | None, references: tuple[str, ...], is_dry: bool, accept: bool, most: int) -> None:
    """Work out what is due, rewrite the draft lines, and say what changed. Finalised lines never change. Exits with 1
    where a contract cannot be calculated: the others are, all the same.
    """
    ids = _provider_ids(references)
    work = foresee_calculation if is_dry else calculate_all
    with as_on(_day(day)):
        with bar() as progress:
            outcome = work(ids, accept=accept, progress=progress)
        _tell_changes(outcome.changes, most)
        _tell_reopened(outcome.reopened, is_accepted=accept)
    contracts, lines = how_many(outcome.contracts, "contract"), how_many(outcome.lines, "draft line")
    done = "A calculation would write" if is_dry else "Calculated"
    click.echo(f"{done} {contracts}: {lines}, {gbp(outcome.total_pence)}.")
    if is_dry and outcome.faults:
        click.echo(f"{how_many(outcome.faults, 'contract')} could not be calculated.", err=True)
        raise click.exceptions.Exit(1)
    if not is_dry:
        _name_faults(ids)


def _tell_changes(changes: list[Change], most: int) -> None:
    """Each payment that has begun and comes to something else, and each contract's payments to come in one line."""
    references, told = _references() if changes else {}, []
    for contract_id, of_contract in groupby(changes, key=lambda change: change.contract_id):
        found = list(of_contract)
        begun, to_come = ([each for each in found if each.is_to_come is which] for which in (False, True))
        named = [(Span(each.first_on, each.last_on).words(), each.before_pence, each.after_pence) for each in begun]
        if to_come:
            before, after = sum(each.before_pence for each in to_come), sum(each.after_pence for each in to_come)
            named.append((f"{how_many(len(to_come), 'payment')} to come", before, after))
        told += [f"{references[contract_id]}, {what}: {gbp(was)}, now {gbp(now)}" for what, was, now in named]
    for line in told[:most]:
        click.echo(line)
    if (more := len(told) - most) > 0:
        click.echo(f"... and {more:,} more.")


@cli.command()
@AS_ON
@PROVIDERS
@click.option("--yes", "is_agreed", is_flag=True, help="Do not ask: for cron.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Say what would be paid and left. Changes nothing.")
def finalise(day: datetime | None, references: tuple[str, ...], is_agreed: bool, is_dry: bool) -> None:
    """Make facts of the draft lines of every payment whose finalisation day has come: say what would be paid, ask, and
    pay it. Runs that were broken off are gone on with first. Exits with 1 while a run is open, or a due payment left.
    """
    if not (is_agreed or is_dry or can_ask()):
        raise click.ClickException(
            "Nobody can be asked here. Give --yes to finalise without being asked, or --dry-run to see what would be"
        )
    if (given := _day(day)) is not None and given > today() and not is_dry:
        raise click.ClickException(f"That day has not come: today is {today():%d/%m/%Y}. Nothing is finalised.")
    ids = _provider_ids(references)
    with as_on(given):
        foreseen = None if is_agreed and not is_dry else _foresee(ids)
        if is_dry and foreseen is not None:
            _end(ids, foreseen)
        if foreseen is not None and not foreseen.is_nothing and not click.confirm(_question(foreseen)):
            click.echo("Nothing is finalised.")
            raise click.exceptions.Exit(1)
        _finalise(ids, foreseen)
        _end(ids)


@cli.command()
def remittances() -> None:
    """Write the remittances of payments that were finalised before remittances were kept. Again does nothing."""
    with transaction(), every_provider():  # a database that takes nothing is said, and not that nothing waits
        rows_changed(update(Remittance).where(false()).values(lines=0), unsynced=True)
    with bar() as progress:
        count = fill(progress)
    click.echo(f"Remittances written for {how_many(count, 'payment')}.")


def _question(foreseen: Outlook) -> str:
    return f"Finalise {gbp(foreseen.all_pence)}?"


def _tell_reopened(found: list[Reopened], *, is_accepted: bool) -> None:
    """What the rules of this version change of days that are paid, by contract and sum."""
    references = _references() if found else {}
    for each in found:
        lines = how_many(each.lines, "line")
        click.echo(f"{references[each.contract_id]}: new rules change paid days, {gbp(each.pence)} in {lines}.")
    if found and not is_accepted:
        click.echo(
            f"{how_many(len(found), 'contract')} with {gbp(sum(each.pence for each in found))} stay as they are. Look "
            "through them, and give --accept to pay, or take back, what the rules of this version say.",
            err=True,
        )


def _references() -> dict[int, str]:
    with scope():
        set_tenant(EVERY_PROVIDER)
        return dict(session.execute(select(Contract.id, Contract.reference)).all())


def can_ask() -> bool:
    """Somebody sits at a terminal."""
    return sys.stdin.isatty()


def _foresee(ids: list[int] | None) -> Outlook:
    with bar() as progress:
        found = foresee(ids, progress=progress)
    for run_id, left in found.taken_up.items():
        payments = how_many(left.payments, "payment")
        click.echo(f"Run {run_id} was broken off: {gbp(left.total_pence)} to the bank is left of it, for {payments}.")
    if found.payments:
        payments, providers = how_many(len(found.payments), "payment"), how_many(len(found.provider_ids), "provider")
        click.echo(f"A new run: {gbp(found.total_pence)} to the bank, for {payments} of {providers}.")
    elif found.is_nothing:
        click.echo(f"Nothing is due to be finalised on {today():%d/%m/%Y}.")
    for each in found.left.values():
        click.echo(_words_of(each))
    if found.above:
        raise DomainError(
            f"That is above a limit ({'; '.join(found.above)}), so two people have to authorise it: prepare the run on "
            "the council’s pages. Nothing is finalised"
        )
    return found


def _finalise(ids: list[int] | None, foreseen: Outlook | None) -> None:
    if foreseen is not None and foreseen.taken_up:
        with bar() as progress:
            insist_on(foreseen, ids, progress=progress)
    runs = [run for run in broken_off(ids) if foreseen is None or run.id in foreseen.taken_up]
    for run in runs:
        click.echo(f"Run {run.id} was broken off: it goes on.")
        with bar() as progress:
            outcome = take_up(run, foreseen, progress=progress)
        click.echo(f"Run {run.id}: {run_progress.summary(outcome)}")
    with bar() as progress:
        run_id, outcome = finalise_foreseen(ids, foreseen, progress=progress)
    if run_id is not None:
        click.echo(f"Run {run_id}: {run_progress.summary(outcome)}")
    elif not runs and foreseen is None:
        click.echo(f"Nothing is due to be finalised on {today():%d/%m/%Y}.")


def _end(ids: list[int] | None, foreseen: Outlook | None = None) -> NoReturn:
    """Name the runs that are open and the payments that are left; exit with 1 if there are any. After a dry run those
    that would be, of which `foreseen` has told the payments.
    """
    taken_up = foreseen.taken_up if foreseen else {}
    open_ones = [run for run in still_open(ids) if run.id not in taken_up]
    for run in open_ones:
        payments = f"{how_many(run.payments, 'payment')}, {gbp(run.pence)}"
        click.echo(f"Run {run.id} is open, with {payments}: it {run.waits.words}.", err=True)
    left = list(foreseen.left.values()) if foreseen else still_left(ids)
    if foreseen is None:
        for each in left:
            click.echo(_words_of(each), err=True)
    _name_faults(ids, only_due=True)
    raise click.exceptions.Exit(1 if open_ones or left else 0)


def _words_of(left: LeftOver) -> str:
    return f"Left: {how_many(left.payments, 'payment')}, {gbp(left.pence)}: {left.why.words}."


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
def bar() -> Iterator[Progress]:
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
