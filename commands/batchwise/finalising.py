"""What `./portal payments finalise` does around finalising: it foresees what would be paid, goes on with runs that were
broken off, and says what is left.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from commands.batchwise.payments import (
    Progress,
    batches_of,
    collecting_seldom,
    finalise_due,
    finalise_run,
    with_something_due,
)
from models.base import DomainError, rehearsal, scope, session, transaction
from models.money import gbp
from models.payments import payment_run
from models.payments.calculation import calculate
from models.payments.comparing import compare
from models.payments.left_over import Left, LeftOver, left_over
from models.payments.limits import money_limits
from models.payments.open_runs import OpenRun, Waits, note_taken_up, open_runs
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.run_history import outcome_of
from models.payments.run_progress import RunProgress
from models.tenancy import EVERY_PROVIDER, set_tenant


@dataclass
class Outlook:
    """What finalising would do just now. Amounts are pence that go to the bank."""

    total_pence: int = 0
    """Of the new run."""
    payments: dict[tuple[int, date], int] = field(default_factory=dict)
    """Of the new run: what each payment pays, by contract id and first day: what is foreseen keeps no id."""
    now_pence: int = 0
    """What those rows of it come to that the payments before had too, ..."""
    before_pence: int = 0
    """... and what they came to there."""
    provider_ids: set[int] = field(default_factory=set)
    taken_up: dict[int, RunProgress] = field(default_factory=dict)
    """By number of a run that was broken off: what is still to be paid of it."""
    paid_by: dict[int, dict[tuple[int, int], int]] = field(default_factory=dict)
    """By number of such a run: what each payment pays, by provider and payment id, as it is once the run is closed."""
    left: dict[Left, LeftOver] = field(default_factory=dict)

    @property
    def all_pence(self) -> int:
        """What goes to the bank, by all runs."""
        return self.total_pence + sum(each.total_pence for each in self.taken_up.values())

    @property
    def above(self) -> list[str]:
        """The limits that the new run is above, in words: then the command line pays nothing of it."""
        limits = money_limits()
        largest = max(self.payments.values(), default=0)
        passed = limits.passed(
            largest_pence=largest, run_pence=self.total_pence, now_pence=self.now_pence, before_pence=self.before_pence
        )
        return [limits.words(limit) for limit in passed]

    @property
    def is_nothing(self) -> bool:
        return not self.payments and not self.taken_up

    def add_run(self, run: PaymentRun) -> set[int]:
        """Add what a prepared run is to pay; returns the ids of its payments."""
        part, payment = RunPayment, ScheduledPayment
        query = (
            select(payment.id, payment.contract_id, payment.first_on, part.provider_id, part.total_pence)
            .join(payment, payment.id == part.payment_id)
            .where(part.run_id == run.id)
        )
        rows = session.execute(query).all()
        for _, contract_id, first_on, provider_id, pence in rows:
            self.payments[contract_id, first_on] = pence
            self.provider_ids.add(provider_id)
            self.total_pence += pence
        alike = [row for row in compare(run.id) if row.is_taken and row.was_here]
        self.now_pence += sum(row.taken_pence for row in alike)
        self.before_pence += sum(row.before_pence for row in alike)
        return {row.id for row in rows}

    def add_left(self, found: list[LeftOver]) -> None:
        for each in found:
            so_far = self.left.setdefault(each.why, LeftOver(each.why))
            so_far.payments += each.payments
            so_far.pence += each.pence


def broken_off(provider_ids: list[int] | None) -> list[OpenRun]:
    """The runs with payments of these providers, or of anybody, that nobody is at although they are authorised."""
    return [run for run in still_open(provider_ids) if run.waits is Waits.BROKEN_OFF]


def still_open(provider_ids: list[int] | None) -> list[OpenRun]:
    with scope():
        set_tenant(EVERY_PROVIDER)
        return open_runs(provider_ids)


def still_left(provider_ids: list[int] | None) -> list[LeftOver]:
    """What is due and was not paid, by reason."""
    found = Outlook()
    for batch in batches_of(with_something_due(provider_ids)):
        with scope():
            set_tenant(EVERY_PROVIDER)
            found.add_left(left_over(batch))
    return list(found.left.values())


@collecting_seldom()
def foresee(
    provider_ids: list[int] | None, *, only: Collection[int] | None = None, progress: Progress | None = None
) -> Outlook:
    """What finalising would pay and leave: everything is done batch by batch, and undone. DomainError as in
    `finalise_due`. Of the runs that were broken off, all are gone on with, or `only` those.
    """
    found = Outlook()
    runs = [run for run in broken_off(provider_ids) if only is None or run.id in only]
    for run in runs:
        found.taken_up[run.id], found.paid_by[run.id] = RunProgress(), {}
    with scope():
        set_tenant(EVERY_PROVIDER)
        waiting = {id_ for run in runs for id_ in payment_run.providers_waiting(run.id)}
    due = set(with_something_due(provider_ids))
    for batch in batches_of(sorted(waiting | due), progress):
        with rehearsal():
            set_tenant(EVERY_PROVIDER)
            _foresee(batch, [id_ for id_ in batch if id_ in due], found)
    return found


def _foresee(batch: list[int], due: list[int], found: Outlook) -> None:
    for run_id, so_far in found.taken_up.items():
        run = session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one()
        so_far.add(payment_run.finalise_some(run, batch))
        found.paid_by[run_id] |= _paid_by(run, batch)
    if not due:
        return
    calculate(due)
    new = payment_run.prepare(by=None, provider_ids=due)
    found.add_left(left_over(due, taken=found.add_run(new) if new is not None else ()))


def insist_on(foreseen: Outlook, provider_ids: list[int] | None, *, progress: Progress | None = None) -> None:
    """DomainError where finalising would not pay just what somebody has agreed to any more: then nothing is paid. Runs
    that were broken off since are no part of it: nobody has seen them.
    """
    now = foresee(provider_ids, only=foreseen.taken_up, progress=progress)
    if (now.taken_up, now.paid_by, now.payments) != (foreseen.taken_up, foreseen.paid_by, foreseen.payments):
        raise _changed(now.all_pence, foreseen.all_pence, "Nothing")


def take_up(run: OpenRun, foreseen: Outlook | None = None, *, progress: Progress | None = None) -> RunProgress:
    """Go on with a run that was broken off, and close it; returns what the whole run has done. DomainError where it
    pays for some providers not just what was foreseen: then no more is paid.
    """

    def check(found: PaymentRun, batch: list[int]) -> None:
        if foreseen is not None:
            agreed = {key: pence for key, pence in foreseen.paid_by[run.id].items() if key[0] in batch}
            if (paid := _paid_by(found, batch)) != agreed:
                raise _changed(sum(paid.values()), sum(agreed.values()), "Nothing more")

    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        note_taken_up(own.scalars(select(PaymentRun).where(PaymentRun.id == run.id)).one())
    finalise_run(run.id, by_id=run.finalised_by_id, progress=progress, check=check)
    with scope():
        set_tenant(EVERY_PROVIDER)
        return outcome_of(run.id)


def _paid_by(run: PaymentRun, provider_ids: list[int]) -> dict[tuple[int, int], int]:
    """What the run has paid, by provider and payment id."""
    session.flush()
    part = RunPayment
    query = select(part.provider_id, part.payment_id, part.paid_pence).where(
        part.run_id == run.id, part.is_finalised, part.provider_id.in_(provider_ids)
    )
    return {(row.provider_id, row.payment_id): row.paid_pence or 0 for row in session.execute(query)}


def _changed(now_pence: int, agreed_pence: int, what: str) -> DomainError:
    return DomainError(
        f"It has changed meanwhile: {gbp(now_pence)} instead of {gbp(agreed_pence)}. {what} is finalised. Look at it "
        "again, and give the command once more"
    )


def finalise_foreseen(
    provider_ids: list[int] | None, foreseen: Outlook | None, *, progress: Progress | None = None
) -> tuple[int | None, RunProgress]:
    """As `finalise_due`. DomainError above a limit and, where somebody has agreed to what was foreseen, if that is not
    what the run would pay any more: then nothing is prepared.
    """

    def check(run: PaymentRun) -> None:
        found = Outlook()
        found.add_run(run)
        if foreseen is not None and found.payments != foreseen.payments:
            raise _changed(found.total_pence, foreseen.total_pence, "Nothing more")

    return finalise_due(provider_ids, progress=progress, check=check)
