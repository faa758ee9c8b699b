"""Who lets a payment run be paid: somebody who neither prepared it nor made money in it by hand, belongs to none of its
providers, and has seen what is unusual in it. Above a limit two people, and beside whoever has their role for a few
days only, somebody who has theirs for longer.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from models.accounts.conflict import ConflictOfInterest, bound_among, bound_to, conflicts_of, words_about
from models.accounts.user import Staff, User
from models.audit import record
from models.base import DomainError, move, session, utc_now
from models.payments.finding import Finding, RunFinding, RunTick
from models.payments.hand_made import hands_in
from models.payments.run import PaymentRun, RunPayment, RunState
from models.permissions import COUNCIL_GRANTS, Permission
from models.records.provider import Provider
from models.tenancy import every_provider


def kinds_of(run: PaymentRun) -> set[Finding]:
    """The kinds of exception that the run had when it was prepared: each is to be ticked."""
    return set(session.scalars(select(RunFinding.kind).where(RunFinding.run_id == run.id).distinct()))


def bonds_in(run: PaymentRun, person: User) -> list[sa.SQLColumnExpression[int]]:
    """Two columns for a query of RunFinding by kind: 1 where one of the exceptions is of a provider at which this
    person is bound, and at which whoever prepared the run is; else 0.
    """
    return [
        sa.func.max(sa.case((RunFinding.provider_id.in_(bound_to(user_id)), 1), else_=0)) if user_id else sa.literal(0)
        for user_id in (person.id, run.prepared_by_id)
    ]


def _bonds_of(run: PaymentRun, person: User) -> dict[Finding, Sequence[int]]:
    """By kind of the run's exceptions, what `bonds_in` tells."""
    with every_provider():
        query = select(RunFinding.kind, *bonds_in(run, person)).where(RunFinding.run_id == run.id)
        return {kind: bonds for kind, *bonds in session.execute(query.group_by(RunFinding.kind))}


def ticks_of(run_id: int) -> Select[RunTick]:
    """What has been ticked, the oldest first, with who has."""
    query = select(RunTick).where(RunTick.run_id == run_id).options(joinedload(RunTick.user))
    return query.order_by(RunTick.at, RunTick.id)


def tick(run: PaymentRun, because: dict[Finding, str], *, by: User) -> None:
    """Say that these kinds of exception have been seen, and why the run may be paid all the same. What the same person
    said before is replaced. DomainError where a reason is missing, where the run has no such exception, where it is not
    prepared any more, or where one of the exceptions is of a provider at which `by` has or had a place.
    """
    run.wait_for_turn()
    if run.state is not RunState.PREPARED:
        raise DomainError(f"This run is {run.state.value}, so there is nothing to tick any more")
    if run.first_authorised_by_id == by.id:
        raise DomainError("You have authorised this run on what you have said, so that stays as it is")
    _insist_on_kinds(run, because)
    of_these = select(RunFinding.provider_id).where(RunFinding.run_id == run.id, RunFinding.kind.in_(because))
    if own := conflicts_of(by, of_these):
        where = f"at {words_about(own)}, which is among these"
        raise ConflictOfInterest(f"You have or had a place {where}, so a colleague has to tick them", own[0])
    for kind, words in because.items():
        mine = select(RunTick).where(RunTick.run_id == run.id, RunTick.kind == kind, RunTick.user_id == by.id)
        known = session.scalars(mine).one_or_none()
        if known is None:
            session.add(RunTick(run_id=run.id, kind=kind, user_id=by.id, because=words.strip()))
        else:
            known.because, known.at = words.strip(), utc_now()
    record("payment_run.ticked", run, by=by, kinds=[kind.name.lower() for kind in because])


def _insist_on_kinds(run: PaymentRun, because: dict[Finding, str]) -> None:
    kinds = kinds_of(run)
    for kind, words in because.items():
        if kind not in kinds:
            raise DomainError(f"This run has no exceptions of the kind “{kind.label}”")
        if not words.strip():
            raise DomainError(f"Say why “{kind.label}” is all right")


def bound_in(run_id: int, person: User) -> Select[Provider]:
    """The providers that the run is about and at which this person has or had a place."""
    in_run = (select(each.provider_id).where(each.run_id == run_id) for each in (RunPayment, RunFinding))
    return bound_among(person, sa.union(*in_run).subquery().select())


class Checklist:
    """What a run still waits for before this person can authorise it, or somebody else. `bonds` are what
    `bonds_in` tells by kind of its exceptions, `ticks` what `ticks_of` finds, `bound` what `bound_in` does, `staff`
    what the person is here.
    """

    def __init__(
        self,
        run: PaymentRun,
        person: User,
        *,
        bonds: Mapping[Finding, Sequence[int]],
        ticks: Iterable[RunTick],
        bound: Iterable[Provider],
        staff: Staff | None,
    ) -> None:
        self.kinds = set(bonds)
        self.not_mine = {kind for kind, (is_mine, _) in bonds.items() if is_mine}
        """Kinds that this person does not tick: one of the exceptions is of a provider at which they are bound."""
        self._not_preparers = {kind for kind, (_, is_theirs) in bonds.items() if is_theirs}
        self.ticks: dict[Finding, list[RunTick]] = {}
        for tick in ticks:
            self.ticks.setdefault(tick.kind, []).append(tick)
        self._run, self._person = run, person
        self.hands = hands_in(run)
        self._own_hands = [hand for hand in self.hands if hand.user_id == person.id]
        self._conflicts = [provider.id for provider in bound]
        self._staff = staff

    @classmethod
    def of(cls, run: PaymentRun, person: User) -> "Checklist":
        bonds, ticks = _bonds_of(run, person), session.scalars(ticks_of(run.id)).all()
        bound = session.scalars(bound_in(run.id, person)).all()
        return cls(run, person, bonds=bonds, ticks=ticks, bound=bound, staff=_staff(person.id))

    @property
    def is_barred(self) -> bool:
        """This person may never authorise nor finalise the run."""
        return bool(self.why_barred)

    @property
    def why_barred(self) -> str:
        """A sentence to end with what somebody else has to do; empty where nothing stands against this person."""
        if self._person.id == self._run.prepared_by_id:
            return "You prepared this run, so somebody else has to"
        if self._own_hands:
            done = ", ".join(sorted({hand.kind.value for hand in self._own_hands}))
            return f"You have decided something in this run by hand ({done}), so somebody else has to"
        if self._conflicts:
            at = words_about(self._conflicts)
            return f"You have or had a place at {at}, which this run is about, so somebody else has to"
        return ""

    @property
    def new_until(self) -> datetime | None:
        """Until then this person authorises no run alone; None where they may."""
        return self._staff.may_authorise_alone_from if self._staff is not None and self._staff.is_new else None

    @property
    def first_is_new(self) -> bool:
        """The first of two who authorised it has had their role for a few days only."""
        return _is_new(self._run.first_authorised_by_id)

    @property
    def mine_left(self) -> list[Finding]:
        """Kinds that this person may tick and has not."""
        return [kind for kind in self._unticked_by(self._person.id) if kind not in self.not_mine]

    @property
    def preparers_left(self) -> list[Finding]:
        """Kinds that who prepared the run may tick and has not; none for a run from the command line."""
        prepared_by_id = self._run.prepared_by_id
        if prepared_by_id is None:
            return []
        return [kind for kind in self._unticked_by(prepared_by_id) if kind not in self._not_preparers]

    @property
    def others_left(self) -> list[Finding]:
        """Kinds that who prepared the run may not tick, and that nobody has beside this person: a colleague has to."""
        others = {kind for kind, ticks in self.ticks.items() if {each.user_id for each in ticks} - {self._person.id}}
        return [kind for kind in Finding if kind in self._not_preparers - others]

    @property
    def left(self) -> list[Finding]:
        """Kinds to be ticked, by this person, by who prepared the run or by a colleague in their place, before this
        person can authorise it.
        """
        return [kind for kind in Finding if kind in {*self.mine_left, *self.preparers_left, *self.others_left}]

    @property
    def is_first(self) -> bool:
        """The run is above a limit, and this person is the first of the two who authorise it."""
        return self._run.first_authorised_by_id == self._person.id

    def _unticked_by(self, user_id: int) -> list[Finding]:
        seen = {kind for kind, ticks in self.ticks.items() if user_id in {each.user_id for each in ticks}}
        return [kind for kind in Finding if kind in self.kinds - seen]

    def insist_on_another(self, act: str) -> None:
        """DomainError for somebody who may never authorise nor finalise the run."""
        if not self.is_barred:
            return
        words = f"{self.why_barred} {act} it"
        if self._conflicts:
            raise ConflictOfInterest(words, self._conflicts[0])
        raise DomainError(words)


def authorise(run: PaymentRun, *, by: User) -> bool:
    """Let the run be finalised; False where it takes two people, and this was the first: it is above a limit, or the
    person has had their role for a few days only. DomainError for who prepared it, made money in it by hand or belongs
    to one of its providers, while an exception is not ticked, or if somebody else was first.
    """
    run.wait_for_turn()
    checklist = Checklist.of(run, by)
    checklist.insist_on_another("authorise")
    run.insist_on(RunState.PREPARED)
    if checklist.left:
        names = ", ".join(f"“{kind.label}”" for kind in checklist.left)
        raise DomainError(
            f"Who prepared the run and who authorises it tick each exception first. Still to tick: {names}"
        )
    if (run.above or checklist.new_until) and run.first_authorised_by_id is None:
        is_first = PaymentRun.first_authorised_at.is_(None), PaymentRun.state == RunState.PREPARED
        move(run, *is_first, first_authorised_at=utc_now(), first_authorised_by_id=by.id)
        record("payment_run.first_authorised", run, by=by, total_pence=run.total_pence)
        return False
    if run.first_authorised_by_id == by.id:
        raise DomainError("You have authorised this run already. One person more has to")
    _insist_on_first(run)
    if checklist.new_until and checklist.first_is_new:
        raise DomainError(
            "You and whoever authorised this run first have both had your roles for a few days only. Somebody who has "
            "theirs for longer has to authorise it"
        )
    run.change_state(RunState.PREPARED, RunState.AUTHORISED, authorised_at=utc_now(), authorised_by_id=by.id)
    record("payment_run.authorised", run, by=by, total_pence=run.total_pence)
    return True


def _staff(user_id: int | None) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.user_id == user_id))


def _is_new(user_id: int | None) -> bool:
    staff = _staff(user_id)
    return staff is not None and staff.is_new


def _insist_on_first(run: PaymentRun) -> None:
    """DomainError where the first of two authorisers may not authorise runs any more."""
    if run.first_authorised_by_id is None:
        return
    first = session.execute(
        select(User.name, User.is_active, Staff.role)
        .outerjoin(Staff, Staff.user_id == User.id)
        .where(User.id == run.first_authorised_by_id)
    ).one()
    granted = COUNCIL_GRANTS[first.role] if first.role is not None and first.is_active else frozenset()
    if Permission.AUTHORISE_RUNS not in granted:
        raise DomainError(
            f"{first.name} has authorised this run and may not authorise runs any more. Send it back, so that two "
            "others look at it"
        )


def authorise_from_command_line(run: PaymentRun) -> None:
    """Authorise without a second person: whoever may use the server's command line may. The audit says so. DomainError
    for a run that a person prepared, or that is above a limit.
    """
    if run.prepared_by_id is not None:
        raise DomainError("A run that a person prepared has to be authorised by a person")
    if run.above:
        raise DomainError(f"This run is above a limit ({'; '.join(run.above)}), so two people have to authorise it")
    run.change_state(RunState.PREPARED, RunState.AUTHORISED, authorised_at=utc_now())
    record("payment_run.authorised", run, by=None, total_pence=run.total_pence)


def check_may_be_finalised(run: PaymentRun, *, by: User) -> None:
    """DomainError where finalising would be refused. Asked before a job for it is put in the queue."""
    checklist = Checklist.of(run, by)
    checklist.insist_on_another("finalise")
    others = {run.first_authorised_by_id, run.authorised_by_id} - {by.id, None}
    if checklist.new_until and run.authorised_by_id is not None and not others:
        raise DomainError(
            "You have had your role for a few days only, and nobody else has authorised this run. Somebody else has to "
            "finalise it"
        )
    if run.state is not RunState.AUTHORISED:
        raise DomainError(f"This run is {run.state.value}, so it cannot be finalised")
