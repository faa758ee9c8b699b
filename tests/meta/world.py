"""A provider with one of everything that an address may name."""

from datetime import date
from typing import Any

from sqlalchemy import select

from models.accounts.web_session import Limits, WebSession
from models.bank_holiday import BankHoliday
from models.base import utc_now
from models.correspondence.detail_change import ChangeKind, DetailChange
from models.job import Job, JobKind, JobState
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff
from models.payments.hold import Hold, HoldKind
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.standing_hold import StandingHold
from models.permissions import Role
from models.records.contract import Contract
from models.records.feed import FeedImport
from models.records.provider import Provider
from models.refused_address import RefusedAddress
from tests.care_factories import make_contract, make_item
from tests.factories import canary, make_contact, make_provider, make_staff, make_user
from tests.support import runs
from tests.support.rows import every, saved

MONDAY = date(2019, 9, 23)


def settled_provider() -> tuple[Provider, dict[str, Any]]:
    """The provider, and for every argument that a provider's address takes, one that is its own.

    A page with a new kind of record: add its argument here, so that the meta-tests can ask for it.
    """
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    make_item(contract, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2019, 9, 29))
    [order] = every(select(PurchaseOrder).where(PurchaseOrder.provider_id == provider.id))
    return provider, {
        "reference": contract.reference,
        "first_on": MONDAY,
        "order_id": order.id,
        **_of_its_people(provider),
        **_of_the_councils_desk(contract, order),
    }


def _of_its_people(provider: Provider) -> dict[str, Any]:
    person = make_user(Role.FINANCE, provider)
    contact = make_contact(provider)
    change = DetailChange(
        provider_id=provider.id, kind=ChangeKind.CONTACT, contact_id=contact.id, before={"phone": contact.phone},
        after={"phone": f"01632 960556 {canary(provider.id)}"}, wanted_on=MONDAY, asked_by_id=person.id,
    )  # fmt: skip
    now = utc_now()
    mark = RefusedAddress(address=person.email, refused_at=now, code=550, reason="5.1.1 no such user", works_since=None)
    login = WebSession.begin(f"a token of {person.id}", Limits.of(None), user_id=person.id, data={}, user_agent="")
    return {
        "provider_id": provider.id, "person_id": person.id, "contact_id": contact.id, "change_id": saved(change).id,
        "mark_id": saved(mark).id,
        "session_id": saved(login).id,
    }  # fmt: skip


def _of_the_councils_desk(contract: Contract, order: PurchaseOrder) -> dict[str, Any]:
    [payment] = every(
        select(ScheduledPayment).where(ScheduledPayment.contract_id == contract.id, ScheduledPayment.first_on == MONDAY)
    )
    own = {"provider_id": contract.provider_id}
    saved(RecoveryPlan(**own, contract_id=contract.id, per_payment_pence=5_000))
    adjustment = Adjustment(
        **own, contract_id=contract.id, client_id=order.client_id, for_day=MONDAY, amount_pence=100, reason="Paid late"
    )
    officer, now, run_id = make_staff(), utc_now(), payment.closed_run_id
    hold = Hold(
        **own, payment_id=payment.id, kind=HoldKind.OFFICER, reason="Asked about",
        released_at=now, released_by_id=officer.id, release_reason="Answered",
    )  # fmt: skip
    waiting = WriteOff(**own, contract_id=contract.id, pence=100, reason="Too small", asked_by_id=officer.id)
    too_much = DebtEntry(
        **own, contract_id=contract.id, kind=DebtEntryKind.REPAID, pence=0, surplus_pence=100, made_by_id=officer.id
    )
    standing = StandingHold(
        **own, contract_id=contract.id, first_on=MONDAY, reason="Asked about", review_on=MONDAY, begun_by_id=officer.id
    )
    job = Job(
        kind=JobKind.FINALISE, run_id=run_id, state=JobState.DONE, message="Done.",
        worker="one", started_at=now, heartbeat_at=now, finished_at=now,
    )  # fmt: skip
    ended = {"state": JobState.DONE, "worker": "one", "started_at": now, "heartbeat_at": now, "finished_at": now}
    daily = Job(kind=JobKind.VERIFY, message="Every promise holds.", **ended)
    return {
        "work": "verify",
        "daily_id": saved(daily).id,
        "run_id": run_id,
        "hold_id": saved(hold).id,
        "adjustment_id": saved(adjustment).id,
        "job_id": saved(job).id,
        "write_off_id": saved(waiting).id,
        "entry_id": saved(too_much).id,
        "standing_id": saved(standing).id,
        "import_id": saved(FeedImport(name="2019-10-02", sha256="", counts={})).id,
        "holiday_id": every(BankHoliday)[-1].id,
    }
