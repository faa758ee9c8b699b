"""A small council week by week: the two providers of tests/exchange/feed/feeds.py answer, claim, agree, write, report
what they have delivered, owe and repay, and are paid on Sundays.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models.accounts.user import User
from models.base import Base, session, utc_now
from models.billing.items import Claimed, TripFacts
from models.calendar import as_on
from models.correspondence import action_verbs
from models.correspondence.action import Action
from models.correspondence.action_type import ActionType
from models.correspondence.detail_change import ChangeKind, DetailChange
from models.payments import answers, debts, officer
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.payment import ScheduledPayment
from models.permissions import CouncilRole, Role
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.agreement import Agreement, AgreementSource, terms_of
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider
from tests.action_factories import make_action, make_team, make_type
from tests.claim_factories import decide, make_grant, make_pending_claim
from tests.exchange.feed.feeds import Feed
from tests.factories import make_staff, make_user
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import calculate, change, finalise

MONDAY = date(2019, 2, 4)
DAY = timedelta(days=1)
CANARY = "Zaunkoenig"
"""In every internal note."""


@dataclass
class SmallCouncil:
    """`week(number)` is all that happens in one week, from 0 on; the finance system hears of it afterwards."""

    folder: Path
    people: dict[str, User] = field(init=False)
    officer: User = field(init=False)
    panel: User = field(init=False)
    type_: ActionType = field(init=False)
    waiting: list[ActualException] = field(default_factory=list)

    def __post_init__(self) -> None:
        feed = Feed(self.folder / "first")
        feed.add("rates.csv", "K2,HOUR,2018-04-01,,23.10")
        feed.load()
        own = {each.reference: each for each in every(Provider)}
        self.people = {
            name: make_user(Role.ADMINISTRATOR, each, email=f"{name.lower()}@x.example") for name, each in own.items()
        }
        self.officer, self.panel = make_staff(), make_staff(CouncilRole.FINANCE_PANEL)
        self.type_ = make_type(make_team(reference="team", name="Finance"), reference="type", name="Query")
        [mileage] = [each for each in every(ServiceLevel) if each.reference == "MILE"]
        make_grant(own["P1"].id, mileage)

    def week(self, number: int) -> date:
        """Everything of the week that begins on that Monday; its Sunday, on which it is paid."""
        monday = MONDAY + 7 * number * DAY
        with as_on(monday):
            calculate(monday)
        with as_on(monday + DAY):
            self._answer(number, monday)
            self._deliver(number, monday)
            self._claim(number, monday)
            self._write(number)
            self._ask(number)
            self._owe(number, monday)
        self._agree(number, monday)
        finalise(monday + 6 * DAY)
        return monday + 6 * DAY

    def _answer(self, number: int, monday: date) -> None:
        """Elm House confirms three weeks of four, and rejects the fourth, which it takes back the week after."""
        if number % 4 == 3:
            self._say(monday, answers.reject, comment="Two hours,\nat least, are missing")
            return
        if number % 4 == 0 and number:
            self._say(monday - 7 * DAY, answers.take_back)
        self._say(monday, answers.confirm, comment="")

    def _say(self, first_on: date, verb: Callable[..., None], **given: Any) -> None:
        with unit_of_work():
            found = session.scalars(ScheduledPayment.of("K2", first_on)).one()
            verb(found, by=self.people["P2"], total_pence=found.total_pence, **given)

    def _deliver(self, number: int, monday: date) -> None:
        """Elm House confirms its hours; every fifth figure waits for the council, which decides it later."""
        [item] = [each for each in every(CarePackageLineItem) if each.reference == "I2"]
        [level] = [each for each in every(ServiceLevel) if each.id == item.service_level_id]
        by = {"confirmed_by_id": self.people["P2"].id, "provider_id": item.provider_id}
        week = saved(
            ActualWeek(contract_id=item.contract_id, service_id=level.service_id, first_on=monday,
                       confirmed_at=utc_now(), confirmations=1, **by)
        )  # fmt: skip
        actual = saved(
            ConfirmedActual(week_id=week.id, item_id=item.id, first_on=monday, number=1, planned_e4=127_500,
                            actual_e4=127_500 + number, comment="As planned, nearly", **by)
        )  # fmt: skip
        if number % 5 == 0:
            self.waiting.append(
                saved(ActualException(confirmed_id=actual.id, provider_id=item.provider_id, codes=["E031"]))
            )
        elif number % 5 == 2 and self.waiting:
            said = {"decided_at": utc_now(), "decided_by_id": self.officer.id, "note": "Seen"}
            change(self.waiting.pop(), state=ExceptionState.APPROVED, **said)

    def _claim(self, number: int, monday: date) -> None:
        if number % 4 != 1:
            return
        [oak] = [each for each in every(Provider) if each.reference == "P1"]
        [mileage] = [each for each in every(ServiceLevel) if each.reference == "MILE"]
        trips = [TripFacts(monday, 62_000, "Home", "School, at 9", is_return=True)]
        runs = Claimed(mileage.id, "School run", _child().id, trips=trips)
        claim = make_pending_claim(oak, self.people["P1"], runs)
        if number % 8 == 1:
            decide(claim, self.panel)

    def _write(self, number: int) -> None:
        """Oak House writes; the council answers what it wrote four weeks before, and closes it four weeks later."""
        if number % 4 != 2:
            return
        [oak] = [each for each in every(Provider) if each.reference == "P1"]
        before = every(Action)
        make_action(oak, self.people["P1"], self.type_, title=f"Question {number}", text="=1+1 is not 2,\nis it?")
        if before:
            self._act(before[-1], action_verbs.reply_to_provider, text="We look into it")
            self._act(before[-1], action_verbs.note, text=f"{CANARY}: the neighbour rang")
        if len(before) > 1:
            self._act(before[-2], action_verbs.close, reason="It is answered")

    def _act(self, action: Action, verb: Callable[..., Any], **given: Any) -> None:
        with unit_of_work():
            found = session.scalars(Action.numbered(action.id)).unique().one()
            verb(found, by=_again(self.officer), **given)

    def _ask(self, number: int) -> None:
        """Elm House asks for another telephone number, and the council makes the change it asked for before."""
        if number % 6 != 4:
            return
        [elm] = [each for each in every(Provider) if each.reference == "P2"]
        for asked in every(DetailChange):
            if asked.is_waiting:
                change(asked, state="done", decided_at=utc_now(), decided_by_id=self.officer.id)
        phones = {"before": {"phone": None}, "after": {"phone": f"01632 960 {number:03}"}}
        saved(
            DetailChange(kind=ChangeKind.ORGANISATION, wanted_on=date(2019, 3, 1), asked_by_id=self.people["P2"].id,
                         provider_id=elm.id, **phones)
        )  # fmt: skip

    def _agree(self, number: int, monday: date) -> None:
        if number % 7 != 6:
            return
        with unit_of_work():
            item = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.reference == "I1")).one()
            terms = terms_of(item)
        saved(
            Agreement(item_id=item.id, provider_id=item.provider_id, version=number, terms=terms, agreed_on=monday,
                      by_name="Dawn Stockton", source=AgreementSource.DOCUMENT)
        )  # fmt: skip

    def _owe(self, number: int, monday: date) -> None:
        """More is taken back than a week comes to; a part of that is repaid the week after."""
        if number % 9 == 5:
            self._on_oak(officer.adjust, _child(), amount_pence=-60_000, for_day=monday, reason="Paid twice")
        if number % 9 == 6:
            with reading():
                seen_id = debts.newest_entry(_oak().id)
            self._on_oak(debts.repay, pence=5_000, reason="By cheque", seen_id=seen_id, came_on=monday)

    def new_entry(self, number: int) -> DebtEntry:
        """A debt that appears on the contract of Oak House, to be saved."""
        oak = _oak()
        by = {"provider_id": oak.provider_id, "contract_id": oak.id, "made_by_id": self.officer.id}
        return DebtEntry(kind=DebtEntryKind.MOVED, pence=-100, reason=f"Entry {number}", **by)

    def _on_oak(self, verb: Callable[..., Any], *rows: Base, **given: Any) -> None:
        with unit_of_work():
            verb(_again(_oak()), *map(_again, rows), by=_again(self.officer), **given)


def _oak() -> Contract:
    return next(each for each in every(Contract) if each.reference == "K1")


def _child() -> Client:
    return next(each for each in every(Client) if each.reference == "C1")


def _again(row: Base) -> Any:
    return session.scalars(select(type(row)).where(type(row).id == row.id)).one()
