"""The lines of payments and of the payments before them, added up by reason in SQL: see models.reports.difference.

A person whose care is paid in both is told by what the workings of the two have in common; where more than one thing
has changed, by the first of absence, price, quantity, days.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.base import days_in, sum_of
from models.engine.component import Component
from models.payments.blocked import BlockedSum
from models.payments.line_days import PRICED, belongs_on
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.agreement import Agreement
from models.records.care_package import Absence, Allowance, CarePackageLineItem
from models.records.claim import Claim, ClaimItem
from models.records.client import Client
from models.records.contract import Contract
from models.reports.reason_kind import Kind
from models.statements import TODAY, built_once

GAP_PENCE = 2
"""How far two sums may be from proportional to their days, by rounding alone, in pence a day of the longer."""
P = ScheduledPayment
IDS: sa.BindParameter[int] = sa.bindparam("ids", expanding=True)
IDS_OF_BOTH: sa.BindParameter[int] = sa.bindparam("ids_of_both", expanding=True)
Integer = sa.SQLColumnExpression[int]


@built_once
def sums_of() -> sa.Select:
    """Rows with `of`, the kind of reason, `now` and `was` in pence; for what is taken off care the same as `cut_kind`,
    `cut_now` and `cut_was`; of `now` what other days make of a new price (`days_pence`); the number of people, and the
    names of the one where it is one. Parameters: `ids` of payments, and `ids_of_both`,
    with those of the payments before them.
    """
    side = _sides()
    lines = _lines(side)
    parts = sa.union_all(_by_days(lines), _sums(lines), _of_other_days(lines), _planned(side)).subquery("parts")
    is_one = sa.and_(parts.c.people == 1, Client.id == parts.c.client_id)
    names = Client.surname, Client.first_name, Client.reference.label("client_reference")
    return select(*parts.c, *names).select_from(parts).outerjoin(Client, is_one).order_by(parts.c.of)


def _sides() -> sa.CTE:
    """Each payment (`sign` 1), and the one before it (-1): `of` is the payment that is told of."""
    then = aliased(P)
    days = days_in(P.first_on, P.last_on).label("days"), days_in(then.first_on, then.last_on).label("days_before")
    now = P.first_on.label("now_first"), P.last_on.label("now_last")
    both = *now, then.first_on.label("then_first"), then.last_on.label("then_last"), *days

    def side(payment: Any, sign: int) -> Select:
        planned = (
            payment.closed_run_id.is_(None),
            ~payment.is_begun,
            payment.first_on > TODAY,
            payment.finalise_on > TODAY,
        )
        return (
            select(
                P.id.label("of"), payment.id.label("payment_id"), sa.literal(sign).label("sign"), P.contract_id,
                payment.first_on, payment.last_on, *both, sa.case((sa.and_(*planned), 1), else_=0).label("is_planned"),
            )
            .select_from(P)
            .join(then, then.id == P.id_before)
            .where(P.id.in_(IDS))
        )  # fmt: skip

    return sa.union_all(side(P, 1), side(then, -1)).cte("side")


def _lines(side: sa.CTE) -> sa.CTE:
    """The lines of both, once for all parts: those of people whose care has changed, and what is no care for the
    payment's own days. `is_own`: care, or what is taken off it, for its payment's own days.
    """
    line, order, theirs = PaymentLine, aliased(PurchaseOrder), aliased(PurchaseOrder)
    own = belongs_on().between(side.c.first_on, side.c.last_on)
    changed = _changed(side).c
    is_theirs = order.client_id == theirs.client_id
    of_changed = select(theirs.id).join(order, is_theirs).join(changed.of.table, changed.id == order.id)
    is_told = sa.or_(line.component.not_in(PRICED), ~own, line.purchase_order_id.in_(of_changed))
    return (
        select(
            side, PurchaseOrder.client_id, line.id.label("line_id"), line.component, line.item_id, line.allowance_id,
            line.claim_item_id, line.total_pence.label("pence"), sa.case((own, 1), else_=0).label("is_own"),
        )
        .select_from(side)
        .join(line, line.payment_id == side.c.payment_id)
        .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .where(line.payment_id.in_(IDS_OF_BOTH), is_told)
        .cte("lines")
        .prefix_with("MATERIALIZED")
    )  # fmt: skip


def _changed(side: sa.CTE) -> sa.Subquery:
    """Purchase orders of which an item's care, or what is taken off it, is not line for line the same in both. Most are
    the same, and of their people nothing is told: no more of them than this is read.
    """
    line, c = PaymentLine, side.c
    is_own = line.component.in_(PRICED), belongs_on().between(c.first_on, c.last_on)
    differs = sa.or_(sa.func.sum(c.sign * line.total_pence) != 0, sa.func.sum(c.sign) != 0)
    return (
        select(c.of, line.purchase_order_id.label("id"))
        .join(line, line.payment_id == c.payment_id)
        .where(line.payment_id.in_(IDS_OF_BOTH), *is_own)
        .group_by(c.of, line.purchase_order_id, line.item_id, line.component)
        .having(differs)
        .subquery("changed")
    )


def _when(condition: sa.ColumnElement[bool], value: Any) -> sa.ColumnElement[Any]:
    return sa.case((condition, value), else_=0)


def _columns(**given: Any) -> list[sa.Label[Any]]:
    """The columns of every part, in order; those that are not given are empty."""
    empty: dict[str, Any] = {
        "of": sa.null(), "kind": sa.null(), "name": sa.cast(sa.null(), sa.Text), "on": sa.cast(sa.null(), sa.Date),
        "now": sa.literal(0), "was": sa.literal(0), "days_pence": sa.literal(0),
        "cut_kind": sa.cast(sa.null(), sa.Text), "cut_now": sa.literal(0), "cut_was": sa.literal(0),
        "people": sa.literal(0), "client_id": sa.cast(sa.null(), sa.Integer),
    }  # fmt: skip
    return [(empty | given)[name].label(name) for name in empty]


def _both(sign: Integer, pence: Integer) -> dict[str, Any]:
    return {"now": sum_of(_when(sign == 1, pence)), "was": sum_of(_when(sign == -1, pence))}


def _people(client_id: Integer) -> dict[str, Any]:
    return {"people": sa.func.count(sa.distinct(client_id)), "client_id": sa.func.max(client_id)}


def _by_client(lines: sa.CTE) -> sa.CTE:
    """Whoever is paid for in one of the two with another sum, or in one of them only."""
    c = lines.c
    is_care = c.component == Component.CARE

    def total(sign: int, *which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sum_of(_when(sa.and_(c.sign == sign, *which), c.pence))

    def items(sign: int) -> sa.ColumnElement[int]:
        return sa.func.count(sa.distinct(sa.case((sa.and_(c.sign == sign, is_care), c.item_id))))

    sums = (
        select(
            c.of, c.client_id, *(sa.func.max(c[name]).label(name) for name in _OF_PAIR),
            total(1, is_care).label("now"), total(-1, is_care).label("was"),
            total(1, ~is_care).label("cut_now"), total(-1, ~is_care).label("cut_was"),
            items(1).label("items"), items(-1).label("items_before"),
        )
        .where(c.is_own == 1, c.component.in_(PRICED))
        .group_by(c.of, c.client_id)
        .subquery("sums")
    )  # fmt: skip
    s = sums.c
    differs = sa.or_(s.now != s.was, s.cut_now != s.cut_was, (s["items"] > 0) != (s.items_before > 0))
    return select(sums).where(differs).cte("by_client").prefix_with("MATERIALIZED")


_OF_PAIR = ("contract_id", "now_first", "now_last", "then_first", "then_last", "days", "days_before")


def _facts(lines: sa.CTE, found: sa.CTE) -> sa.CTE:
    """What the workings of those people's care have in common, on either side: the least and the greatest price and
    quantity, the least per cent, the unit.
    """
    c = lines.c
    same = sa.and_(found.c.of == c.of, found.c.client_id == c.client_id)
    slices = sa.type_coerce(PaymentLine.working, sa.JSON)["slices"]

    def fact(name: str, place: int) -> sa.ColumnElement[int]:
        return sa.cast(slices[place][name].as_string(), sa.BigInteger)

    def least(name: str, sign: int) -> sa.ColumnElement[int]:
        one, two = fact(name, 0), fact(name, 1)
        lesser = sa.case((two < one, two), else_=one)
        return sa.func.min(sa.case((c.sign == sign, lesser))).label(f"least_{name}{_SUFFIX[sign]}")

    def most(name: str, sign: int) -> sa.ColumnElement[int]:
        one, two = fact(name, 0), fact(name, 1)
        greater = sa.case((two > one, two), else_=one)
        return sa.func.max(sa.case((c.sign == sign, greater))).label(f"most_{name}{_SUFFIX[sign]}")

    return (
        select(
            c.of, c.client_id,
            *(each(name, sign) for sign in (1, -1) for name in ("rate_e4", "quantity_e4") for each in (least, most)),
            least("percent", 1), least("percent", -1),
            sa.func.max(sa.case((slices[0]["is_timetabled"].as_boolean(), 1), else_=0)).label("is_timetabled"),
            sa.func.max(slices[0]["unit"].as_string()).label("unit"),
        )
        .select_from(found)
        .join(lines, same)
        .outerjoin(PaymentLine, PaymentLine.id == c.line_id)  # an outer join is read in its order: a line at a time
        .where(c.is_own == 1, c.component == Component.CARE)
        .group_by(c.of, c.client_id)
        .cte("facts")
    )  # fmt: skip


_SUFFIX = {1: "", -1: "_before"}


def _by_days(lines: sa.CTE) -> sa.Select:
    """Care for the payments' own days, and what is taken off it."""
    found = _by_client(lines)
    facts = _facts(lines, found)
    f = facts.c
    one = (
        select(found, _kind_of_care(found.c, f).label("kind"), f.unit, f.is_timetabled)
        .select_from(found)
        .outerjoin(facts, sa.and_(f.of == found.c.of, f.client_id == found.c.client_id))
        .subquery("one")
    ).c
    in_step = sa.and_(one.days != one.days_before, _is_proportional(one.cut_now, one.cut_was, one))
    goes_with = [Kind.NEW, Kind.GONE, Kind.BLOCKED, Kind.SERVICE, Kind.ABSENCE, Kind.PART]
    cut = sa.case((one.cut_now == one.cut_was, sa.null()), (one.kind.in_(goes_with), one.kind), (in_step, Kind.DAYS),
                  else_=Kind.CONTRIBUTION)  # fmt: skip
    is_by_the_day = sa.and_(one.unit != "month", one.is_timetabled == 0)
    by_other_days = sa.and_(one.kind == Kind.PRICE, one.days != one.days_before, is_by_the_day)
    other_days = _when(by_other_days, one.was * one.days // one.days_before - one.was)
    each = select(
        one.of, one.client_id, one.now, one.was, one.cut_now, one.cut_was, one.kind, cut.label("cut_kind"),
        other_days.label("days_pence"),
    ).subquery("each").c  # fmt: skip
    return select(
        *_columns(
            of=each.of, kind=each.kind, now=sum_of(each.now), was=sum_of(each.was), cut_kind=each.cut_kind,
            cut_now=sum_of(each.cut_now), cut_was=sum_of(each.cut_was), days_pence=sum_of(each.days_pence),
            people=sa.func.count(), client_id=sa.func.max(each.client_id),
        )
    ).group_by(each.of, each.kind, each.cut_kind)  # fmt: skip


def _kind_of_care(p: Any, f: Any) -> sa.ColumnElement[Any]:
    """Why a person's care comes to something else."""
    has_price = sa.or_(f.least_rate_e4 != f.least_rate_e4_before, f.most_rate_e4 != f.most_rate_e4_before)
    has_quantity = sa.or_(
        f.least_quantity_e4 != f.least_quantity_e4_before, f.most_quantity_e4 != f.most_quantity_e4_before
    )
    is_longer = p.days != p.days_before
    is_absent = sa.or_(f.least_percent < 100, f.least_percent_before < 100)
    return sa.case(
        (p.items_before == 0, sa.case((_is_away(p, p.then_first, p.then_last), Kind.ABSENCE), else_=Kind.NEW)),
        (p["items"] == 0, sa.case(
            (_is_blocked(p), Kind.BLOCKED), (_is_away(p, p.now_first, p.now_last), Kind.ABSENCE), else_=Kind.GONE)),
        (p["items"] != p.items_before, Kind.SERVICE),
        (is_absent, Kind.ABSENCE),
        (has_price, Kind.PRICE),
        (sa.and_(f.is_timetabled == 1, is_longer), Kind.DAYS),
        (has_quantity, Kind.QUANTITY),
        (sa.and_(is_longer, _is_proportional(p.now, p.was, p)), Kind.DAYS),
        (sa.func.abs(p.now - p.was) <= GAP_PENCE, Kind.ROUNDING),
        (f.unit == "month", Kind.SHARED),
        else_=Kind.PART,
    )  # fmt: skip


def _is_proportional(now: Integer, was: Integer, pair: Any) -> sa.ColumnElement[bool]:
    """The two sums differ by no more than the number of days explains: a month is a day shorter."""
    longer = sa.case((pair.days > pair.days_before, pair.days), else_=pair.days_before)
    return sa.func.abs(now * pair.days_before - was * pair.days) <= GAP_PENCE * longer


def _is_away(pair: Any, first: Any, last: Any) -> sa.ColumnElement[bool]:
    """An absence of the person's lies in those days: who is not paid for is away, and not gone."""
    item = CarePackageLineItem
    return (
        select(Absence.id)
        .join(item, item.id == Absence.item_id)
        .where(
            item.client_id == pair.client_id, item.contract_id == pair.contract_id, Absence.pay_percent < 100,
            Absence.starts_on <= last, sa.func.coalesce(Absence.ends_on, last) >= first,
        )
        .exists()
    )  # fmt: skip


def _is_blocked(pair: Any) -> sa.ColumnElement[bool]:
    item = CarePackageLineItem
    is_theirs = item.client_id == pair.client_id, item.contract_id == pair.contract_id
    own = select(BlockedSum.id).join(item, item.id == BlockedSum.item_id).where(BlockedSum.payment_id == pair.of)
    return own.where(*is_theirs).exists()


def _sums(lines: sa.CTE) -> sa.Select:
    """Allowances by name, claims one by one, and on either side what invoices come to and what was adjusted."""
    c = lines.c
    is_of_one_side = c.component.in_((Component.ADJUSTMENT, Component.INVOICE))
    kinds = (
        (Component.ALLOWANCE, Kind.ALLOWANCE),
        (Component.ADJUSTMENT, Kind.ADJUSTMENT),
        (Component.INVOICE, Kind.INVOICE),
    )
    kind = sa.case(*((c.component == component, kind) for component, kind in kinds), else_=Kind.CLAIM)
    what = {"of": c.of, "kind": kind, "name": Allowance.name, "on": Claim.claimed_on}
    row = _columns(**what, **_both(c.sign, c.pence), **_people(c.client_id))
    return (
        select(*row)
        .select_from(lines)
        .outerjoin(Allowance, Allowance.id == c.allowance_id)
        .outerjoin(ClaimItem, ClaimItem.id == c.claim_item_id)
        .outerjoin(Claim, Claim.id == ClaimItem.claim_id)
        .where(c.component.not_in(PRICED))
        .group_by(c.of, c.component, Allowance.name, Claim.id, Claim.claimed_on, _when(is_of_one_side, c.sign))
    )


def _of_other_days(lines: sa.CTE) -> sa.Select:
    """Care, and what is taken off it, for days that are not the payment's own: corrections, and late starts."""
    c = lines.c
    row = _columns(of=c.of, kind=sa.literal(Kind.EARLIER.value), **_both(c.sign, c.pence), **_people(c.client_id))
    return select(*row).where(c.component.in_(PRICED), c.is_own == 0).group_by(c.of, c.sign)


def _planned(side: sa.CTE) -> sa.Select:
    """Allowances that are due in a period which has not begun, and has no lines yet."""
    item, allowance = CarePackageLineItem, Allowance
    what = {"of": side.c.of, "kind": sa.literal(Kind.ALLOWANCE.value), "name": allowance.name}
    return (
        select(*_columns(**what, **_both(side.c.sign, allowance.amount_pence), **_people(item.client_id)))
        .select_from(side)
        .join(item, item.contract_id == side.c.contract_id)
        .join(Contract, Contract.id == item.contract_id)
        .join(allowance, allowance.item_id == item.id)
        .where(
            side.c.is_planned == 1, allowance.due_on.between(side.c.first_on, side.c.last_on),
            item.starts_on <= allowance.due_on, sa.func.coalesce(item.ends_on, allowance.due_on) >= allowance.due_on,
            item.authorised_on <= TODAY, ~item.is_suspended,
            sa.or_(~Contract.waits_on(side.c.first_on), Agreement.is_of(item)),
        )
        .group_by(side.c.of, allowance.name)
    )  # fmt: skip
