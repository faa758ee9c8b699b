"""Looking for events in the audit, and saying in words what is found."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row, Select, select

from models.accounts.user import User
from models.audit import AuditEvent
from models.auditing.chain import AuditLink
from models.auditing.names import Names
from models.base import scope, session
from models.calendar import LONDON, midnight
from models.money import gbp
from models.payments.adjustment import Adjustment
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.portal import Portal, current_portal
from models.records.contract import Contract
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Record:
    """A record as somebody names it: its table, and an id, a purchase order's number, or a contract and a day."""

    table: str
    id: int | None = None
    number: int | None = None
    contract: str = ""
    first_on: date | None = None


TABLES = {
    "payment": "scheduled_payment",
    "order": "purchase_order",
    "run": "payment_run",
    "person": "user",
    "provider": "provider",
}
_DAY = r"(?P<first_on>\d{4}-\d{2}-\d{2})"
_WAYS = (
    rf"\S*/payments/(?P<contract>[^/\s]+)/{_DAY}(?:[/?#]\S*)?",
    rf"payment (?P<contract>\S+) {_DAY}",
    r"order (?P<number>\d{1,9})(?: - \d+)?",
    r"\S*/(?P<place>purchase-orders|payment-runs|people)/(?P<id>\d{1,9})(?:[/?#]\S*)?",
    r"\S*/council/(?P<place>providers)/(?P<id>\d{1,9})(?:[/?#]\S*)?",
    rf"(?P<word>{'|'.join(TABLES)}) (?P<id>\d{{1,9}})",
    r"(?P<table>[a-z_]+):(?P<id>\d{1,9})",
)
"""How a record may be named: by the address of its page, by what stands on paper, or as the audit itself does."""
_PLACES = {
    "purchase-orders": "purchase_order",
    "payment-runs": "payment_run",
    "people": "user",
    "providers": "provider",
}


def record_named(text: str) -> Record | None:
    """The record that the text means, whether it exists or not; None if the text cannot be understood."""
    text = " ".join(text.split())
    found = next(filter(None, (re.fullmatch(way, text, re.IGNORECASE) for way in _WAYS)), None)
    if found is None:
        return None
    part = {name: said for name, said in found.groupdict().items() if said}
    day = _day(part.get("first_on", ""))
    if "contract" in part:
        return Record("scheduled_payment", contract=part["contract"], first_on=day) if day else None
    if "number" in part:
        return Record("purchase_order", number=int(part["number"]))
    word = part.get("table", part.get("word", "")).lower()
    table = _PLACES[part["place"].lower()] if "place" in part else TABLES.get(word, word)
    return Record(table, id=int(part["id"]))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def found(
    *,
    person: str = "",
    provider: str = "",
    actions: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
    about: Record | None = None,
    with_client: bool = False,
) -> Select:
    """Events, the newest first, with who did it, the provider and the seal. A filter that is left out takes all.

    With `with_client`, where `about` is a purchase order, also all other events about its client.
    """
    event = AuditEvent
    query = (
        select(
            event.id, event.at, event.action, event.user_id, event.subject, event.detail, User.name.label("who"),
            Provider.name.label("provider"), Provider.reference, AuditLink.seq,
        )
        .outerjoin(User, User.id == event.user_id)
        .outerjoin(Provider, Provider.id == event.provider_id)
        .outerjoin(AuditLink, AuditLink.event_id == event.id)
        .order_by(event.id.desc())
    )  # fmt: skip
    if person:
        query = query.where(_of_person(person))
    if provider:
        query = query.where(_of_provider(provider))
    if actions:
        query = query.where(event.action.in_(actions))
    if first is not None:
        query = query.where(event.at >= midnight(first))
    if last is not None and last < date.max:
        query = query.where(event.at < midnight(last + timedelta(days=1)))
    if about is not None:
        query = query.where(_about(about, with_client))
    return query


AT_ONCE = 1_000
"""Events that a long download reads in one go."""


def newest() -> int:
    """The id of the newest event; 0 where there is none."""
    return session.scalar(select(sa.func.max(AuditEvent.id))) or 0


def count_of(query: Select, *, up_to: int) -> int:
    """How many events a query of `found` finds, of those that are no newer than this id."""
    whole = query.order_by(None).where(AuditEvent.id <= up_to).subquery()
    return session.scalar(select(sa.func.count()).select_from(whole)) or 0


def each_of(query: Select, *, up_to: int) -> Iterator[Row]:
    """The events that a query of `found` finds, however many: some at once, each lot in a short scope of its own, so
    that the memory and the time for which the database is held do not grow with their number. They are read when the
    request that asks for them is over, so the portal is the one of the caller.
    """
    return _lots(current_portal(), query, up_to + 1)


def _lots(portal: Portal, query: Select, last: int) -> Iterator[Row]:
    while True:
        with scope(portal) as own:
            set_tenant(EVERY_PROVIDER)
            rows = own.execute(query.where(AuditEvent.id < last).limit(AT_ONCE)).all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].id


def _told(name: str) -> sa.ColumnElement[str]:
    """What the event's details say under this name, as text."""
    return sa.cast(AuditEvent.detail[name].as_string(), sa.Text)


def _name_in_audit(table: str, id_: Any) -> sa.ColumnElement[str]:
    return sa.literal(f"{table}:") + sa.cast(id_, sa.Text)


def _of_person(text: str) -> Condition:
    """What they did, and what was done to their login or their access: by their name, or their number."""
    theirs = _is_person(text)
    return sa.or_(
        AuditEvent.user_id.in_(select(User.id).where(theirs)),
        AuditEvent.subject.in_(select(_name_in_audit("user", User.id)).where(theirs)),
        _told("user").in_(select(sa.cast(User.id, sa.Text)).where(theirs)),
    )


def _is_person(text: str) -> Condition:
    number = re.fullmatch(r"(?:person )?([0-9]{1,9})", text.strip(), re.IGNORECASE)
    return User.id == int(number[1]) if number else User.found_by(text, by_email=False)


def _of_provider(text: str) -> Condition:
    """What happened at the provider, and what somebody from elsewhere asked for there."""
    wanted = Provider.found_by(text)
    return sa.or_(
        AuditEvent.provider_id.in_(select(Provider.id).where(wanted)),
        AuditEvent.subject.in_(select(_name_in_audit("provider", Provider.id)).where(wanted)),
        _told("asked_for").in_(select(sa.cast(Provider.id, sa.Text)).where(wanted)),
    )


def _about(record: Record, with_client: bool) -> Condition:
    payment, order = ScheduledPayment, PurchaseOrder
    if record.contract:
        ids = (
            select(_name_in_audit("scheduled_payment", payment.id))
            .join(Contract, Contract.id == payment.contract_id)
            .where(Contract.reference == record.contract, payment.first_on == record.first_on)
        )
        return AuditEvent.subject.in_(ids)
    if record.table != "purchase_order":
        return AuditEvent.subject == f"{record.table}:{record.id}"
    is_meant = order.number == record.number if record.number is not None else order.id == record.id
    direct = AuditEvent.subject.in_(select(_name_in_audit("purchase_order", order.id)).where(is_meant))
    return sa.or_(direct, _about_client(select(order.client_id).where(is_meant))) if with_client else direct


def _about_client(ids: Select[int | None]) -> Condition:
    """Their orders, the payments with a row for them, their adjustments, and lists that were asked for them alone."""
    order, line, adjustment = PurchaseOrder, PaymentLine, Adjustment
    subjects = sa.union_all(
        select(_name_in_audit("purchase_order", order.id)).where(order.client_id.in_(ids)),
        select(_name_in_audit("scheduled_payment", line.payment_id))
        .join(order, order.id == line.purchase_order_id)
        .where(order.client_id.in_(ids)),
        select(_name_in_audit("adjustment", adjustment.id)).where(adjustment.client_id.in_(ids)),
    )
    asked = _told("client").in_(select(sa.cast(ids.subquery().c.client_id, sa.Text)))
    return sa.or_(AuditEvent.subject.in_(subjects), asked)


def who(event: Row, names: Names) -> str:
    """Who did it, in words. Before a log-in is complete, the person is only who they say they are."""
    if event.who is not None:
        return event.who
    if event.action.startswith("login."):
        is_known = (event.subject or "").startswith("user:")
        return f"Somebody, as {names.of(event.subject)}" if is_known else "Somebody"
    return "The portal"


_LABELS = {
    "endpoint": "page",
    "times": "how often",
    "access": "takes",
    "first_on": "period from",
    "page": "page of the list",
}


def details(event: Row, names: Names) -> list[tuple[str, str]]:
    """What else is known of the event: pairs of a name and a value, in words. What names its record is not repeated."""
    known = event.detail
    if event.subject and event.action == "client_record.read":
        known = {key: known[key] for key in ("endpoint", "as_staff") if key in known}
    return [(_label(key), _value(key, value, names)) for key, value in known.items() if value is not None]


def _minute(text: str, _names: Names) -> str:
    return f"{datetime.fromisoformat(text).astimezone(LONDON):%d/%m/%Y %H:%M}"


_NAMED: dict[str, Callable[[Any, Names], str]] = {
    "endpoint": lambda value, _: page_name(value),
    "asked_for": lambda value, names: names.of(f"provider:{value}"),
    "since": _minute,
    "until": _minute,
}
"""How a detail of this name is written."""


def _label(key: str) -> str:
    key = key.removesuffix("_pence").removesuffix("_id")
    return _LABELS.get(key, key.replace("_", " "))


def _value(key: str, value: Any, names: Names) -> str:
    if key.endswith("_pence") and isinstance(value, int):
        return gbp(value)
    if key in _NAMED:
        return _NAMED[key](value, names)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {each}" for name, each in value.items())
    if re.fullmatch(_DAY, str(value)) and (day := _day(value)):
        return f"{day:%d/%m/%Y}"
    return str(value).replace("_", " ").lower() if key == "access" else str(value)


_SIDES = {"provider": "provider’s", "admin": "council’s"}


def page_name(endpoint: str) -> str:
    """provider.purchase_orders.show: provider’s purchase orders, show"""
    side, _, rest = endpoint.partition(".")
    area, _, page = rest.rpartition(".")
    words = f"{area}, {page}" if area else page
    return f"{_SIDES.get(side, side)} {words}".replace("_", " ")


def ids_meant(
    *, person: str, provider: str, actions: Sequence[str], first: date | None, last: date | None, **_: object
) -> dict[str, Any]:
    """The filters of a search as ids, for the audit itself: nothing that somebody has typed is kept."""
    people = session.scalars(select(User.id).where(_is_person(person)).limit(10)) if person else ()
    places = session.scalars(select(Provider.id).where(Provider.found_by(provider)).limit(10))
    meant = {
        "people": list(people),
        "providers": list(places) if provider else [],
        "actions": list(actions),
        "first": first.isoformat() if first else None,
        "last": last.isoformat() if last else None,
    }
    return {name: value for name, value in meant.items() if value}
