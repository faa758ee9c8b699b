"""A provider with one of everything that an address may name."""

import io
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from exchange.files.store import UPLOADS, Store
from exchange.pdf.agreement import kept_in
from models.accounts.staff_request import WAITS, StaffAct, StaffRequest
from models.accounts.web_session import Limits, WebSession
from models.auditing.read_alarm import ReadAlarm
from models.bank_holiday import BankHoliday
from models.base import utc_now
from models.billing import invoice_deciding
from models.billing.changing_rules import ask_for_pricing
from models.billing.deciding import return_for_information
from models.billing.grant import ClaimGrant
from models.billing.items import Claimed
from models.billing.journey import SavedJourney
from models.billing.limit import ClaimLimit, LimitEffect, LimitKind
from models.billing.pricing import ClaimTerms
from models.billing.rule_change import ClaimRuleChange
from models.care import weeks
from models.care.changing_rules import ask_for_rule
from models.correspondence import documents
from models.correspondence.attachment import Attachment, Taken
from models.correspondence.detail_change import ChangeKind, DetailChange
from models.correspondence.document import ContractDocument, DocumentOpening
from models.correspondence.file_kind import FileKind
from models.correspondence.kept_reply import KeptReply
from models.job import Job, JobKind, JobState
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff
from models.payments.finding import RunFinding
from models.payments.hold import Hold, HoldKind
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.standing_hold import StandingHold
from models.permissions import CouncilRole, Role
from models.portal import current_portal
from models.records.actual import ActualException, ActualWeek, ExceptionState
from models.records.actual_rule import RuleKind
from models.records.care_package import CarePackageLineItem
from models.records.claim import ClaimItem
from models.records.contract import Calendar, Claimable, Contract, ServiceLevel
from models.records.export import AnswerResult, Export, ExportAnswer, Exported, ExportedFile
from models.records.feed import FeedImport
from models.records.import_batch import ImportBatch, ImportKind, ImportRow, ImportState, KeptTable, RowFault, ValueMend
from models.records.invoice import InvoiceLine
from models.records.invoice_rule import HoldReason
from models.records.provider import Provider
from models.records.timesheet import Timesheet, TimesheetState
from models.records.visit import Carer, Visit, VisitOutcome
from models.refused_address import RefusedAddress
from models.reports.care_relief import CareRelief
from tests.action_factories import make_action
from tests.actual_factories import confirmed_actual, make_rule
from tests.care_factories import make_contract, make_item
from tests.claim_factories import change, make_claim, make_claim_level, submit
from tests.factories import canary, make_contact, make_provider, make_staff, make_user
from tests.invoice_factories import act, asked, make_sent
from tests.support import runs
from tests.support.files import LETTER
from tests.support.passkeys import passkey_row
from tests.support.rows import every, saved, unit_of_work
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 23)


SAYS_WHERE = {f"{side}.documents.{what}" for side in ("provider", "admin") for what in ("file", "receipt")}
"""These say where a provider is: 403 for staff who see no contact details, though they see the page beside it."""


@built_once
def settled_provider() -> tuple[Provider, dict[str, Any]]:
    """The provider, and for every argument that a provider's address takes, one that is its own.

    A page with a new kind of record: add its argument here, so that the meta-tests can ask for it.
    """
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    item = make_item(contract, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2019, 9, 29))
    [order] = every(select(PurchaseOrder).where(PurchaseOrder.provider_id == provider.id))
    return provider, {
        "reference": contract.reference,
        "document_id": _agreement(item),
        "queue": "held",
        "first_on": MONDAY,
        "year": "tax-2019",
        "ending": "csv",
        "token": "A" * 43,
        "order_id": order.id,
        "key": f"{order.client_id}-2019",
        "item_id": item.id,
        "client_id": item.client_id,
        "level_id": item.service_level_id,
        "calendar_id": every(Calendar)[-1].id,
        **_of_its_files(provider),
        **_of_its_people(provider),
        **_of_its_actions(provider),
        **_of_the_councils_desk(contract, order),
        **_of_its_claims(provider, contract, item.client_id),
        "service_id": _week_of_actuals(contract, item),
        **_of_its_actuals(item),
        **_of_its_invoices(contract, item),
    }


def _week_of_actuals(contract: Contract, item: CarePackageLineItem) -> int:
    """A week from MONDAY that is begun; its service."""
    person = make_user(Role.FINANCE, Provider(id=contract.provider_id))
    with unit_of_work() as session:
        level = session.scalars(select(ServiceLevel).where(ServiceLevel.id == item.service_level_id)).one()
        weeks.generate(session.merge(contract), level.service_id, MONDAY, by=person)
    return level.service_id


def _of_its_actuals(item: CarePackageLineItem) -> dict[str, Any]:
    """A confirmed week with an exception that waits, a rule of its level, and a timesheet that waits for the scheme."""
    week_on, clerk = MONDAY + timedelta(weeks=1), make_user(Role.FINANCE, Provider(id=item.provider_id))
    figure = confirmed_actual(item, week_on, 20_000, exception=ExceptionState.OPEN, confirmed_by_id=clerk.id)
    [waits] = every(select(ActualException).where(ActualException.confirmed_id == figure.id))
    [week] = every(select(ActualWeek).where(ActualWeek.id == figure.week_id))
    sheet = Timesheet(
        provider_id=item.provider_id, contract_id=item.contract_id, service_id=week.service_id,
        month_on=MONDAY.replace(day=1), state=TimesheetState.SENT, sent_at=utc_now(), sent_by_id=clerk.id,
    )  # fmt: skip
    return {
        "week_id": week.id, "exception_id": waits.id, "timesheet_id": saved(sheet).id,
        "rule_id": make_rule(item.service_level_id, RuleKind.NO_EXTRAS).id,
        "actual_rule_change_id": _asked_of_actuals(item.service_level_id),
    }  # fmt: skip


def _of_its_files(provider: Provider) -> dict[str, Any]:
    """A file of actuals that was uploaded, with a row at fault, and what one of its values means."""
    by, own = make_user(Role.SCHEDULER, provider), canary(provider.id)
    batch = saved(ImportBatch(
        provider_id=provider.id, kind=ImportKind.ACTUALS, file_name=f"week {own}.csv", sha256="0" * 64,
        uploaded_by_id=by.id, state=ImportState.CHECKED, columns=["CPLIRef", "ActualQty"], rows_read=1, rows_rejected=1,
        content=KeptTable(1, ["CPLIRef", "ActualQty"], [(2, [own, "lots"])], {}),
    ))  # fmt: skip
    fault = RowFault("E050", "ActualQty", f"{own} is no number", suggestion="0")
    saved(ImportRow(provider_id=provider.id, batch_id=batch.id, number=2, cells=[own, "lots"], faults=[fault],
                    is_rejected=True))  # fmt: skip
    mend = ValueMend(provider_id=provider.id, kind=ImportKind.ACTUALS, column="ReasonCode", typed=f"Hosp {own}",
                     meant="HOSP", made_by_id=by.id)  # fmt: skip
    client_id = every(select(CarePackageLineItem).where(CarePackageLineItem.provider_id == provider.id))[0].client_id
    carer = saved(Carer(provider_id=provider.id, reference=f"W {own}"))
    visit = Visit(provider_id=provider.id, reference=f"V {own}", client_id=client_id, carer_id=carer.id, day=MONDAY,
                  outcome=VisitOutcome.MISSED)  # fmt: skip
    return {"batch_id": batch.id, "mend_id": saved(mend).id, "choice": "carers", "visit_id": saved(visit).id}


def _of_its_claims(provider: Provider, contract: Contract, client_id: int) -> dict[str, Any]:
    """A claim that was sent and can still be changed, since the panel has asked for information, with a photograph of
    its receipt, and what claims hang on.
    """
    person, own = make_user(Role.CARER, provider), canary(provider.id)
    level = make_claim_level(contract, claimable=Claimable.CLIENT)
    Store(current_portal().timetable.heads.parent / UPLOADS).put(io.BytesIO(LETTER))
    taken = Taken(sha256(LETTER).hexdigest(), "miles.txt", FileKind.TEXT, len(LETTER))
    runs = Claimed(level.id, f"School runs {own}", client_id, MONDAY, 1_500_000)
    claim = make_claim(provider, person, runs, files=(taken,), notes=f"A week {own}")
    submit(claim, person)
    change(claim, return_for_information, "Which school?", by=make_staff(CouncilRole.FINANCE_PANEL))
    [item] = every(select(ClaimItem).where(ClaimItem.claim_id == claim.id))
    [receipt] = every(Attachment.of(item))
    [grant] = every(select(ClaimGrant).where(ClaimGrant.provider_id == provider.id))
    journey = SavedJourney(
        provider_id=provider.id, name=f"School {own}", from_place="Home", to_place="School", miles_e4=62_000
    )
    limit = ClaimLimit(
        kind=LimitKind.AGE, most_e4=900_000, effect=LimitEffect.WARN, set_by_id=make_staff().id
    )  # fmt: skip
    return {
        "claim_id": claim.id, "claim_item_id": item.id, "receipt_id": receipt.id, "grant_id": grant.id,
        "journey_id": saved(journey).id, "limit_id": saved(limit).id, "rule_change_id": _asked_of_claims(level).id,
    }  # fmt: skip


def _asked_of_actuals(level_id: int) -> int:
    """A change of how weeks are paid that waits for a second manager."""
    manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
    with unit_of_work() as session:
        level = session.get(ServiceLevel, level_id)
        given = {"refuses_from": MONDAY, "why": "Day care is paid as planned"}
        return ask_for_rule(level, RuleKind.PAID_ON_PLAN, **given, by=manager).id


def _asked_of_claims(level: ServiceLevel) -> ClaimRuleChange:
    officer = make_staff()
    with unit_of_work():
        return ask_for_pricing(level, ClaimTerms(MONDAY), why="The rates of the year", by=officer)


def _export() -> int:
    """One that the finance system has answered, and of which it has refused a row."""
    store = Store(current_portal().timetable.heads.parent / UPLOADS)
    sha256_, size = store.put(io.BytesIO(b"PK"))
    number = len(every(Export)) + 1
    files = [ExportedFile("answers.csv", "answer", 1, {"amount": 100}, sha256_)]
    export = saved(Export(number=number, since=number - 1, sha256=sha256_, size=size, files=files))
    saved(ExportAnswer(number=number, result=AnswerResult.REFUSED, file="answers.csv", row="K1", reason="Unknown"))
    saved(Exported(export_id=export.id, kind="answer", record_id=export.id, version="", reference="K1"))
    return number


def _of_its_invoices(contract: Contract, item: CarePackageLineItem) -> dict[str, Any]:
    """An invoice that is on hold, so that both sides can do something with it."""
    week = {"first_on": MONDAY, "last_on": MONDAY + timedelta(days=6), "rate_e4": 3_530_800}
    line = asked(item, 1, description=f"A week {canary(contract.provider_id)}", **week)
    invoice = make_sent(contract, line, invoiced_on=MONDAY + timedelta(days=7), note=canary(contract.provider_id))
    reason, by = every(HoldReason.offered())[0], make_staff()
    act(invoice, invoice_deciding.hold, reason, by=by)
    [own] = every(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id))
    return {"invoice_id": invoice.id, "line_id": own.id, "reason_id": reason.id}


def _agreement(item: CarePackageLineItem) -> int:
    """One that is agreed, with its file and receipt."""
    clerk, signatory = (
        make_staff(CouncilRole.SERVICE_AGREEMENTS),
        make_user(Role.SIGNATORY, Provider(id=item.provider_id)),
    )
    proof = documents.Proof("their password", "", "", "")
    with unit_of_work() as session:
        of_item = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        document = documents.make(of_item, council="Borsetshire Council", by=clerk)
        session.flush()
        whole = session.scalars(ContractDocument.numbered(document.id)).one()
        given = {
            "council": "Borsetshire Council",
            "printed": kept_in(Store(current_portal().timetable.heads.parent / UPLOADS)),
        }
        documents.publish(whole, seen_sha256=whole.sha256, **given, by=clerk)
        DocumentOpening.note(whole, signatory.id)
        council = given["council"]
        documents.agree(whole, seen_sha256=whole.sha256, council=council, proof=proof, by=signatory)
    return document.id


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
        "passkey_id": saved(passkey_row(person)).id,
        "session_id": saved(login).id,
        "request_id": _asked_of_a_colleague(),
    }  # fmt: skip


def _of_its_actions(provider: Provider) -> dict[str, Any]:
    person = make_user(Role.FINANCE, provider)
    Store(current_portal().timetable.heads.parent / UPLOADS).put(io.BytesIO(LETTER))
    taken = Taken(sha256(LETTER).hexdigest(), "letter.txt", FileKind.TEXT, len(LETTER))
    action = make_action(provider, person, files=[taken])
    [file] = every(Attachment.of(action))
    kept = KeptReply(name=f"Paid {provider.id}", text="It is paid with the next run.")
    return {
        "action_id": action.id, "file_id": file.id, "kept_id": saved(kept).id, "type_id": action.type_id,
        "team_id": action.team_id,
    }  # fmt: skip


def _asked_of_a_colleague() -> int:
    sam, robin = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR), make_staff(CouncilRole.HELP_DESK)
    asked = StaffRequest(
        act=StaffAct.ROLE, person_id=robin.id, email=robin.email, name=robin.name, role=CouncilRole.PAYMENTS_OFFICER,
        why="Somebody has left", asked_by_id=sam.id, expires_at=utc_now() + WAITS,
    )  # fmt: skip
    return saved(asked).id


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
    of_run = select(RunFinding.id).where(RunFinding.run_id == run_id, RunFinding.contract_id == contract.id)
    finding_id, *_ = every(of_run.order_by(RunFinding.id))
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
    alarm = ReadAlarm(user_id=officer.id, raised_at=now, last_at=now, opened=101)
    job = Job(
        kind=JobKind.FINALISE, run_id=run_id, state=JobState.DONE, message="Done.",
        worker="one", started_at=now, heartbeat_at=now, finished_at=now,
    )  # fmt: skip
    ended = {"state": JobState.DONE, "worker": "one", "started_at": now, "heartbeat_at": now, "finished_at": now}
    daily = Job(kind=JobKind.VERIFY, message="Every promise holds.", **ended)
    return {
        "work": "verify",
        "alarm_id": saved(alarm).id,
        "daily_id": saved(daily).id,
        "run_id": run_id,
        "finding_id": finding_id,
        "hold_id": saved(hold).id,
        "adjustment_id": saved(adjustment).id,
        "job_id": saved(job).id,
        "write_off_id": saved(waiting).id,
        "entry_id": saved(too_much).id,
        "standing_id": saved(standing).id,
        "number": _export(),
        "import_id": saved(FeedImport(name="2019-10-02", sha256="", counts={})).id,
        "holiday_id": every(BankHoliday)[-1].id,
        "relief_id": every(CareRelief)[-1].id,
    }
