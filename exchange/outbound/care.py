"""What is told of care: confirmed actuals, decided claims, and what was agreed in the portal."""

import sqlalchemy as sa
from sqlalchemy import Select, select

from exchange.outbound.shape import (
    DAY,
    MONEY,
    NUMBER,
    QUANTITY,
    REFERENCE,
    TEXT,
    WORD,
    YES_NO,
    Out,
    OutFile,
    OutKind,
    text_of,
)
from models.records.actual import ActualException, ConfirmedActual, ExceptionState
from models.records.agreement import Agreement, AgreementSource
from models.records.care_package import CarePackageLineItem
from models.records.claim import DECIDED, Claim, ClaimItem, ClaimTrip
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.export import moment_of
from models.records.provider import Provider

_actual, _item, _said = ConfirmedActual, CarePackageLineItem, ActualException
_ACTUAL_REF = text_of(_item.reference, "/", _actual.first_on, "/", _actual.number)


def _actuals() -> Select:
    """Figures that need no approval, and those that the council has decided."""
    version = text_of(_said.state, ":", moment_of(_said.decided_at))
    return (
        select(_actual.id.label("record_id"), version.label("version"), _ACTUAL_REF.label("reference"))
        .join(_item, _item.id == _actual.item_id)
        .outerjoin(_said, _said.confirmed_id == _actual.id)
        .where(sa.or_(_said.id.is_(None), _said.state != ExceptionState.OPEN))
    )


def _rows_of_actuals() -> Select:
    return (
        select(_actual.id, _ACTUAL_REF, Provider.reference, Contract.reference, _item.reference, ServiceLevel.reference,
               _actual.first_on, _actual.number, _actual.planned_e4, _actual.actual_e4, _actual.frustrated_e4,
               _actual.missed_e4, _actual.extra_e4, _actual.visits, _actual.reason, _actual.comment,
               _actual.provider_reference, _actual.origin, _actual.confirmed_at, _said.state, _said.decided_at,
               _said.note)
        .join(_item, _item.id == _actual.item_id)
        .join(Contract, Contract.id == _item.contract_id)
        .join(Provider, Provider.id == _actual.provider_id)
        .join(ServiceLevel, ServiceLevel.id == _item.service_level_id)
        .outerjoin(_said, _said.confirmed_id == _actual.id)
    )  # fmt: skip


ACTUALS = OutKind("actual", _actuals, (
    OutFile("actuals.csv", (
        Out("actual_ref", REFERENCE, "item, first day of the week and number: L30001/2019-09-30/1"),
        Out("provider_ref", REFERENCE),
        Out("contract_ref", REFERENCE),
        Out("item_ref", REFERENCE),
        Out("service_level_ref", REFERENCE, "its unit is that of the quantities"),
        Out("week_first_on", DAY),
        Out("number", NUMBER, "1 for what was confirmed first of this item and week; a correction has the next"),
        Out("planned", QUANTITY),
        Out("actual", QUANTITY),
        Out("frustrated", QUANTITY, "planned, and not taken up by the client"),
        Out("missed", QUANTITY, "planned, and not delivered by the provider"),
        Out("extra", QUANTITY),
        Out("visits", NUMBER),
        Out("reason", WORD, "`HOSP`, `HOLIDAY`, `NO_REPLY`, `REFUSED`, `DECEASED`, `FAMILY`, `BANK_HOL`, `STAFF`, "
            "`WEATHER` or `OTHER`: why it was not as planned"),
        Out("comment", TEXT),
        Out("provider_reference", TEXT),
        Out("origin", WORD, "`form`, `file`, `visits`, `timesheet` or `council`"),
        Out("confirmed_on", DAY),
        Out("decision", WORD, "`approved`, `amended` (the next number takes its place) or `rejected` (it pays "
            "nothing); empty where nothing had to be decided"),
        Out("decided_on", DAY),
        Out("note", TEXT, "what the council said of it"),
    ), "Weeks as providers have confirmed them. A figure that waits for the council is told once that has decided.",
        (_rows_of_actuals,)),
))  # fmt: skip


def _claims() -> Select:
    version = text_of(Claim.status, ":", moment_of(Claim.decided_at))
    query = select(Claim.id.label("record_id"), version.label("version"), Claim.reference.label("reference"))
    return query.where(Claim.of_portal(), Claim.status.in_(DECIDED))


def _rows_of_claims() -> Select:
    return select(
        Claim.id, Claim.reference, Provider.reference, Claim.claimed_on, Claim.status, Claim.decided_on, Claim.notes,
        Claim.decision_note,
    ).join(Provider, Provider.id == Claim.provider_id)  # fmt: skip


def _rows_of_items() -> Select:
    item = ClaimItem
    return (
        select(Claim.id, Claim.reference, item.reference, Contract.reference, ServiceLevel.reference, Client.reference,
               item.description, item.spent_on, item.quantity_e4, item.rate_e4, item.amount_pence, item.is_included,
               item.accepted_pence, item.accepted_e4, item.la_note)
        .join(item, item.claim_id == Claim.id)
        .join(Contract, Contract.id == item.contract_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .outerjoin(Client, Client.id == item.client_id)
    )  # fmt: skip


def _rows_of_trips() -> Select:
    trip = ClaimTrip
    return (
        select(Claim.id, Claim.reference, ClaimItem.reference, text_of("T", trip.id), trip.day, trip.from_place,
               trip.to_place, trip.purpose, trip.miles_e4, trip.is_return)
        .join(ClaimItem, ClaimItem.claim_id == Claim.id)
        .join(trip, trip.claim_item_id == ClaimItem.id)
    )  # fmt: skip


CLAIM_REF = Out("claim_ref", REFERENCE, "as the portal calls it: OC17")
CLAIMS = OutKind("claim", _claims, (
    OutFile("claims_decided.csv", (
        CLAIM_REF,
        Out("provider_ref", REFERENCE),
        Out("claimed_on", DAY),
        Out("status", WORD, "`accepted`, `accepted_in_part` or `rejected`"),
        Out("decided_on", DAY, "it is paid from this day on"),
        Out("notes", TEXT, "the provider's"),
        Out("decision_note", TEXT, "the panel's"),
    ), "One-off claims that were made in the portal, once they are decided. Those of `claims.csv` are not sent back.",
        (_rows_of_claims,)),
    OutFile("claim_items_decided.csv", (
        CLAIM_REF,
        Out("claim_item_ref", REFERENCE),
        Out("contract_ref", REFERENCE, "which pays it"),
        Out("service_level_ref", REFERENCE),
        Out("client_ref", REFERENCE),
        Out("description", TEXT),
        Out("spent_on", DAY),
        Out("quantity", QUANTITY, "miles of all its trips, both ways; 1 for a sum"),
        Out("rate", QUANTITY, "pounds a unit"),
        Out("amount", MONEY, "what is claimed"),
        Out("included", YES_NO),
        Out("accepted", MONEY, "what was accepted on the day of the decision"),
        Out("accepted_miles", QUANTITY, "where these are fewer than were claimed"),
        Out("la_note", TEXT, "the council's note to the provider"),
    ), "The items of these claims.", (_rows_of_items,)),
    OutFile("claim_trips.csv", (
        CLAIM_REF,
        Out("claim_item_ref", REFERENCE),
        Out("trip_ref", REFERENCE, "its own name"),
        Out("driven_on", DAY),
        Out("from_place", TEXT),
        Out("to_place", TEXT),
        Out("purpose", TEXT),
        Out("miles", QUANTITY, "one way"),
        Out("return", YES_NO, "driven back as well"),
    ), "The trips of mileage items. Where one has none, it is one drive on its day.", (_rows_of_trips,)),
))  # fmt: skip


_AGREEMENT_REF = text_of(_item.reference, "/", Agreement.version)


def _agreements() -> Select:
    query = select(Agreement.id.label("record_id"), sa.literal("").label("version"), _AGREEMENT_REF.label("reference"))
    return query.join(_item, _item.id == Agreement.item_id).where(Agreement.source == AgreementSource.DOCUMENT)


def _rows_of_agreements() -> Select:
    return (
        select(Agreement.id, _AGREEMENT_REF, Provider.reference, Contract.reference, _item.reference,
               Agreement.version, Agreement.agreed_on, Agreement.by_name)
        .join(_item, _item.id == Agreement.item_id)
        .join(Contract, Contract.id == _item.contract_id)
        .join(Provider, Provider.id == Agreement.provider_id)
    )  # fmt: skip


AGREEMENTS = OutKind("agreement", _agreements, (
    OutFile("agreements_made.csv", (
        Out("agreement_ref", REFERENCE, "item and version: L30001/2"),
        Out("provider_ref", REFERENCE),
        Out("contract_ref", REFERENCE),
        Out("item_ref", REFERENCE),
        Out("version", NUMBER),
        Out("agreed_on", DAY),
        Out("agreed_by", TEXT, "who agreed for the provider"),
    ), "Service agreements that providers have agreed in the portal. Those on paper are not sent back.",
        (_rows_of_agreements,)),
))  # fmt: skip
