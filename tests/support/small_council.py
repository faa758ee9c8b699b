"""A small council week by week: the two providers of tests/exchange/feed/feeds.py answer, query, claim, agree, write,
report and invoice what they have delivered, owe and repay, and are paid on Sundays.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models.accounts.user import User
from models.base import Base, session, utc_now
from models.billing import invoice_deciding
from models.billing.invoice_lines import Asked
from models.billing.items import Claimed, TripFacts
from models.calendar import as_on
from models.correspondence import action_verbs
from models.correspondence.action import Action
from models.correspondence.action_type import ActionType
from models.correspondence.detail_change import ChangeKind, DetailChange
from models.money import SCALE
from models.payments import answers, debts, officer
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.permissions import CouncilRole, Role
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.agreement import Agreement, AgreementSource, terms_of
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.invoice import Invoice
from models.records.provider import Provider
from tests.action_factories import make_action, make_team, make_type
from tests.claim_factories import decide, make_grant, make_pending_claim
from tests.exchange.feed.feeds import Feed
from tests.factories import make_staff, make_user
from tests.invoice_factories import (
    act,
    approve,
    invoice_now,
    make_confirmed,
    make_credit_note,
    make_sent,
    reason_owned_by,
    send,
    with_role,
)
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
    manager: User = field(init=False)
    type_: ActionType = field(init=False)
    waiting: list[ActualException] = field(default_factory=list)

    def __post_init__(self) -> None:
        feed = Feed(self.folder / "first")
        feed.add("rates.csv", "K2,HOUR,2018-04-01,,23.10", "K3,HOUR,2018-04-01,,21.40")
        feed.add("contracts.csv", "K3,P2,Elm at home,2018-04-01,,none,no")
        feed.change("payment_methods.csv", "calculate_from,ends_on", "calculate_from,ends_on,by_invoice")
        for method in ("M1,K1,WEEKLY,never,net,2019-02-04,", "M2,K2,WEEKLY,never,gross,2019-02-04,"):
            feed.change("payment_methods.csv", method, f"{method},no")
        feed.add("payment_methods.csv", "M3,K3,WEEKLY,always,gross,2019-02-04,,yes")
        feed.add("care_package_items.csv", "I3,K3,C2,HOUR,2019-02-04,,2019-02-01,no")
        feed.load()
        own = {each.reference: each for each in every(Provider)}
        self.people = {
            name: make_user(Role.ADMINISTRATOR, each, email=f"{name.lower()}@x.example") for name, each in own.items()
        }
        self.officer, self.panel = make_staff(), make_staff(CouncilRole.FINANCE_PANEL)
        self.manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
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
            self._invoice(number, monday)
        self._agree(number, monday)
        finalise(monday + 6 * DAY)
        return monday + 6 * DAY

    def _answer(self, number: int, monday: date) -> None:
        """Elm House confirms three weeks of four, and rejects the fourth, which it takes back the week after. In one
        week of eight it queries a row, which the council releases the week after.
        """
        if number % 4 == 3:
            self._say(monday, answers.reject, comment="Two hours,\nat least, are missing")
            return
        if number % 4 == 0 and number:
            self._say(monday - 7 * DAY, answers.take_back)
        self._say(monday, answers.confirm, is_queried=number % 8 == 5, comment="")
        if number % 8 == 6:
            with unit_of_work():
                [held] = session.scalars(select(Hold).where(Hold.kind == HoldKind.QUERY, ~Hold.is_released)).all()
                paid = session.scalars(ScheduledPayment.of("K2", monday - 7 * DAY)).one()
                officer.release(paid, held, by=_again(self.officer), reason="Two hours were agreed")

    def _say(self, first_on: date, verb: Callable[..., None], *, is_queried: bool = False, **given: Any) -> None:
        with unit_of_work():
            found = session.scalars(ScheduledPayment.of("K2", first_on)).one()
            if is_queried:
                [order] = PaymentLine.orders_in(found)
                given["queries"] = {order: "Two hours,\nat least, are missing"}
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
            self._on_oak(debts.ask_write_off, pence=1_000, reason="Too small to follow up")
            with unit_of_work():
                asked = session.scalars(WriteOff.waiting_on(_oak().id)).one()
                if number % 2:
                    debts.refuse_write_off(asked, reason="It is not", by=_again(self.manager))
                else:
                    debts.agree_write_off(asked, by=_again(self.manager))

    def _invoice(self, number: int, monday: date) -> None:
        """Elm House sends an invoice for what it confirmed of one week in four. The council approves it a week later;
        every second one it holds then, and approves a week later still. Of one in four a unit is given back.
        """
        [contract] = [each for each in every(Contract) if each.reference == "K3"]
        own, last = self.people["P2"], [each for each in every(Invoice) if each.kind.is_invoice][-1:]
        if number % 4 == 0 and number:
            [item] = [each for each in every(CarePackageLineItem) if each.reference == "I3"]
            delivered = make_confirmed(item, 40_000 + 2_500 * number, monday - 7 * DAY)
            days = {"first_on": delivered.first_on, "last_on": monday - DAY, "confirmed_id": delivered.id}
            line = Asked(item.id, quantity_e4=delivered.actual_e4, rate_e4=214_000, **days)
            make_sent(contract, line, by=own, number=f"10{number:02}", invoiced_on=monday)
        elif not last:
            return
        elif number % 8 == 1:
            act(last[0], invoice_deciding.hold, reason_owned_by("payments"), by=with_role(self.officer))
        elif number % 8 in (2, 5):
            if number % 8 == 2:
                act(last[0], invoice_deciding.release, by=with_role(self.manager))
            approve(last[0], by=with_role(self.officer))
        elif number % 16 == 7:
            [line] = invoice_now(last[0]).lines
            note = make_credit_note(last[0], {line.id: SCALE}, by=own, number=f"CN{number}", invoiced_on=monday)
            send(note, by=own)
            approve(note, by=with_role(self.officer))

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
