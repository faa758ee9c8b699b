"""The statements of the bare pages: plain selects on tables as they lie in the file, each built once."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Executable, and_, bindparam, case, func, literal, select

READ = (
    "scheduled_payment", "payment_line", "payment_run", "purchase_order", "client", "contract", "provider", "service",
    "service_level", "care_package_line_item", "claim", "claim_item", "action", "action_type", "action_team",
    "action_post", "user", "remittance", "actual_week", "actual", "hold", "on_it",
    "claim_grant", "contract_rate",
)  # fmt: skip
SHOWN = 50
"""Rows of a list."""
DEADLINE = "+8 days"
"""From a week's first day to the last on which it is confirmed in time."""
Statements = dict[str, Executable]
"""By name."""


def statements(engine: sa.Engine) -> Statements:
    """By name. `n` is the provider's number, `today` a day."""
    found, tables = sa.inspect(engine), sa.MetaData()
    t = {
        name: sa.Table(name, tables, *(sa.Column(each["name"], each["type"]) for each in found.get_columns(name)))
        for name in READ
    }
    return _orders(t) | _payments(t) | _payment(t) | _home(t) | _talk(t) | _claims(t) | _week(t) | _council(t)


def _orders(t: Any) -> Statements:
    order, client, contract = t["purchase_order"], t["client"], t["contract"]
    item, level, service = t["care_package_line_item"], t["service_level"], t["service"]
    line, payment, provider = t["payment_line"], t["scheduled_payment"], t["provider"]
    value = order.c.value_net_pence + order.c.value_vat_pence
    spend = order.c.spend_net_pence + order.c.spend_vat_pence
    own = order.c.provider_id == bindparam("n")
    of_year = own & (order.c.financial_year == bindparam("year"))
    named = client.c.folded_surname.contains(bindparam("text"))
    rows = (
        select(order.c["id", "financial_year", "issued_on"], client.c["reference", "surname", "first_name"],
               value.label("value"), spend.label("spend"))
        .join_from(order, client, client.c.id == order.c.client_id)
        .where(of_year)
        .order_by(client.c.folded_surname, client.c.folded_first_name, order.c.id)
        .limit(SHOWN)
    )  # fmt: skip
    sums = select(func.count().label("orders"), func.sum(value).label("value"), func.sum(spend).label("spend"))
    years = select(order.c.financial_year.label("id"), literal("").label("name"), literal("year").label("kind"))
    bought = (
        select(service.c.id, service.c.name, literal("service"))
        .join_from(item, level, level.c.id == item.c.service_level_id)
        .join(service, service.c.id == level.c.service_id)
        .where(item.c.provider_id == bindparam("n"))
    )
    options = years.where(own).union(bought).order_by("name", sa.desc("id"))
    one = (
        select(order, client.c["reference", "surname", "first_name"], contract.c.name.label("contract"),
               contract.c.reference.label("contract_reference"), contract.c.payment_terms,
               provider.c["name", "address", "invoice_address", "delivery_address"])
        .join_from(order, client, client.c.id == order.c.client_id)
        .join(provider, provider.c.id == order.c.provider_id)
        .join(item, and_(item.c.client_id == order.c.client_id, item.c.provider_id == order.c.provider_id))
        .join(contract, contract.c.id == item.c.contract_id)
        .where(own, order.c.id == bindparam("id"))
    )  # fmt: skip
    paid = (
        select(line.c["net_pence", "vat_pence", "working", "run_id"], contract.c.reference,
               payment.c["first_on", "last_on", "bank_on"])
        .join_from(line, payment, payment.c.id == line.c.payment_id)
        .join(contract, contract.c.id == payment.c.contract_id)
        .where(line.c.purchase_order_id == bindparam("id"), payment.c.first_on <= bindparam("today"))
        .order_by(payment.c.first_on.desc())
    )  # fmt: skip
    return {
        "orders": rows,
        "orders in all": sums.where(of_year),
        "orders of one": rows.where(named),
        "orders of one in all": sums.join_from(order, client, client.c.id == order.c.client_id).where(of_year, named),
        "years and services": options,
        "order": one,
        "paid on an order": paid,
    }


def _payments(t: Any) -> Statements:
    payment, contract = t["scheduled_payment"], t["contract"]
    total = payment.c.net_pence + payment.c.vat_pence
    own = payment.c.provider_id == bindparam("n")
    april = case((func.strftime("%m", payment.c.first_on) < "04", 1), else_=0)
    in_year = sa.cast(func.strftime("%Y", payment.c.first_on), sa.Integer) - april
    years = select(in_year.label("id"), literal("").label("name"), literal("").label("reference"))
    contracts = select(contract.c["id", "name", "reference"]).where(contract.c.provider_id == bindparam("n"))
    return {
        "payments": select(
            contract.c["reference", "name"], total.label("total"),
            payment.c["first_on", "last_on", "bank_on", "finalise_on", "closed_run_id", "confirmation"],
        )
        .join_from(payment, contract, contract.c.id == payment.c.contract_id)
        .where(own, payment.c.first_on.between(bindparam("first"), bindparam("today")))
        .order_by(payment.c.first_on.desc(), contract.c.name),
        "years and contracts": years.where(own).union(contracts).order_by("name", sa.desc("id")),
    }  # fmt: skip


def _payment(t: Any) -> Statements:
    payment, contract, line, order = t["scheduled_payment"], t["contract"], t["payment_line"], t["purchase_order"]
    client, before = t["client"], t["scheduled_payment"].alias("before")
    earlier = t["payment_line"].alias("earlier")
    change = line.c.net_pence + line.c.vat_pence - earlier.c.net_pence - earlier.c.vat_pence
    name = func.substr(client.c.surname, 1, 1) + ", " + client.c.first_name + " (" + client.c.reference + ")"
    is_before = and_(before.c.contract_id == payment.c.contract_id, before.c.last_on == bindparam("eve"))
    return {
        "payment": select(
            payment.c["id", "first_on", "last_on", "bank_on", "finalise_on", "net_pence", "vat_pence", "confirmation"],
            contract.c["reference", "name"], before.c.id.label("before_id"),
            before.c.first_on.label("before_first"), before.c.last_on.label("before_last"),
            _differ(line, payment.c.id, before.c.id),
        )
        .join_from(payment, contract, contract.c.id == payment.c.contract_id)
        .outerjoin(before, is_before)
        .where(contract.c.reference == bindparam("reference"), payment.c.provider_id == bindparam("n"),
               payment.c.first_on == bindparam("first")),
        "lines": select(
            name.label("name"), order.c["client_id", "financial_year"], change.label("change"),
            line.c["net_pence", "vat_pence", "first_on", "last_on"], func.count().over().label("found"),
        )
        .join_from(line, order, order.c.id == line.c.purchase_order_id)
        .join(client, client.c.id == order.c.client_id)
        .outerjoin(earlier, and_(
            earlier.c.payment_id == bindparam("before_id"), earlier.c.purchase_order_id == order.c.id,
            earlier.c.component == line.c.component,
        ))
        .where(line.c.payment_id == bindparam("payment_id"))
        .order_by(func.substr(client.c.folded_surname, 1, 1), client.c.folded_first_name, client.c.reference)
        .limit(SHOWN),
    }  # fmt: skip


def _differ(line: Any, payment_id: Any, before_id: Any) -> Any:
    """Whether a payment and the one before it pay an order differently."""
    sign = case((line.c.payment_id == payment_id, 1), else_=-1)
    return (
        select(line.c.purchase_order_id)
        .where(line.c.payment_id.in_((payment_id, before_id)))
        .group_by(line.c.purchase_order_id)
        .having(func.sum(sign * (line.c.net_pence + line.c.vat_pence)) != 0)
        .exists()
        .label("is_changed")
    )


def _home(t: Any) -> Statements:
    payment, contract, run, line = t["scheduled_payment"], t["contract"], t["payment_run"], t["payment_line"]
    claim, order, action = t["claim"], t["purchase_order"], t["action"]
    before = t["scheduled_payment"].alias("before")
    is_before = and_(
        before.c.contract_id == payment.c.contract_id,
        before.c.last_on == func.date(payment.c.first_on, "-1 day"),
    )
    n: Any = bindparam("n")
    today: Any = bindparam("today")

    def number(table: Any, *where: Any) -> Any:
        return select(func.count()).select_from(table).where(table.c.provider_id == n, *where).scalar_subquery()

    return {
        "to come": select(
            contract.c["reference", "name"], (payment.c.net_pence + payment.c.vat_pence).label("total"),
            payment.c["first_on", "last_on", "bank_on", "finalise_on", "closed_run_id"], run.c.as_on,
            before.c.first_on.label("before_first"), before.c.last_on.label("before_last"),
            _differ(line, payment.c.id, before.c.id),
        )
        .join_from(payment, contract, contract.c.id == payment.c.contract_id)
        .outerjoin(run, run.c.id == payment.c.closed_run_id)
        .outerjoin(before, is_before)
        .where(payment.c.provider_id == n, payment.c.first_on <= today, payment.c.bank_on >= today)
        .order_by(payment.c.bank_on),
        "counts": select(
            number(payment, payment.c.first_on <= today, payment.c.closed_run_id.is_(None)).label("payments"),
            number(payment, payment.c.first_on <= today, payment.c.asked_by.is_not(None),
                   payment.c.confirmation == "unconfirmed").label("to_confirm"),
            number(payment, payment.c.waiting_pence != 0).label("waiting"),
            number(claim, claim.c.status == "unsubmitted").label("claims"),
            number(order, order.c.financial_year == bindparam("year")).label("orders"),
            number(action, action.c.closed_at.is_(None)).label("actions"),
        ),
    }  # fmt: skip


def _talk(t: Any) -> Statements:
    action, kind, team, post = t["action"], t["action_type"], t["action_team"], t["action_post"]
    provider, user = t["provider"], t["user"]
    return {
        "action": select(
            action.c["title", "closed_at", "due_on", "last_post_at", "team_id"], kind.c.name.label("kind"),
            team.c.name.label("team"), provider.c.name.label("provider"),
        )
        .join_from(action, kind, kind.c.id == action.c.type_id)
        .join(team, team.c.id == action.c.team_id)
        .join(provider, provider.c.id == action.c.provider_id)
        .where(action.c.id == bindparam("id"), action.c.provider_id == bindparam("n")),
        "posts": select(
            post.c["id", "side", "at", "kind", "text", "seen_at"], user.c.name.label("by"), team.c.name.label("team")
        )
        .join_from(post, user, user.c.id == post.c.by_id)
        .join(team, team.c.id == post.c.team_id)
        .where(post.c.action_id == bindparam("id"), post.c.provider_id == bindparam("n"))
        .order_by(post.c.id),
    }  # fmt: skip


def _claims(t: Any) -> Statements:
    claim, claimed, provider = t["claim"], t["claim_item"], t["provider"]
    remittance, payment, contract = t["remittance"], t["scheduled_payment"], t["contract"]
    grant, level, rate = t["claim_grant"], t["service_level"], t["contract_rate"]
    own: Any = claim.c.provider_id == bindparam("n")
    today: Any = bindparam("today", type_=sa.Date)
    days = func.min(claim.c.claimed_on).label("first"), func.max(claim.c.claimed_on).label("last")
    sent = (
        select(contract.c["reference", "name"], payment.c["first_on", "last_on"])
        .join_from(remittance, payment, payment.c.id == remittance.c.payment_id)
        .join(contract, contract.c.id == payment.c.contract_id)
        .where(remittance.c.provider_id == bindparam("n"))
    )
    return {
        "claims": select(
            claim.c["id", "claimed_on", "status"], provider.c.name.label("provider"),
            func.coalesce(func.sum(claimed.c.amount_pence), 0).label("total"),
        )
        .join_from(claim, provider, provider.c.id == claim.c.provider_id)
        .outerjoin(claimed, claimed.c.claim_id == claim.c.id)
        .where(own)
        .group_by(claim.c.id)
        .order_by(claim.c.claimed_on.desc(), claim.c.id.desc())
        .limit(SHOWN),
        "claims in all": select(func.count().label("claims"), *days).where(own),
        "grants": select(level.c["name", "unit"], rate.c.rate_e4)
        .join_from(grant, level, level.c.id == grant.c.service_level_id)
        .join(rate, and_(rate.c.service_level_id == level.c.id, rate.c.provider_id == grant.c.provider_id,
                         rate.c.starts_on <= today, func.coalesce(rate.c.ends_on, today) >= today))
        .where(grant.c.provider_id == bindparam("n"), grant.c.ended_at.is_(None))
        .order_by(level.c.name),
        "remittances": sent.order_by(payment.c.first_on.desc(), contract.c.name),
        "remittance": sent.add_columns(remittance.c["advice", "bank_on", "paid_pence"], payment.c.method_id)
        .where(contract.c.reference == bindparam("reference"), payment.c.first_on == bindparam("first")),
    }  # fmt: skip


def _week(t: Any) -> Statements:
    week, contract, service = t["actual_week"], t["contract"], t["service"]
    actual, item, level, client = t["actual"], t["care_package_line_item"], t["service_level"], t["client"]
    return {
        "week": select(week.c["id", "first_on", "confirmed_at"], contract.c.name.label("contract"),
                       contract.c.reference, service.c.name.label("service"))
        .join_from(week, contract, contract.c.id == week.c.contract_id)
        .join(service, service.c.id == week.c.service_id)
        .where(week.c.provider_id == bindparam("n"), contract.c.reference == bindparam("reference"),
               week.c.service_id == bindparam("service"), week.c.first_on == bindparam("first")),
        "actuals": select(
            actual.c["item_id", "version", "planned_e4", "actual_e4", "frustrated_e4", "missed_e4", "extra_e4"],
            actual.c["visits", "reason", "comment"], client.c["reference", "surname", "first_name"], level.c.unit,
        )
        .join_from(actual, item, item.c.id == actual.c.item_id)
        .join(level, level.c.id == item.c.service_level_id)
        .join(client, client.c.id == item.c.client_id)
        .where(actual.c.week_id == bindparam("week_id"))
        .order_by(item.c.id),
    }  # fmt: skip


def _council(t: Any) -> Statements:
    payment, contract, provider = t["scheduled_payment"], t["contract"], t["provider"]
    hold, week, action, team = t["hold"], t["actual_week"], t["action"], t["action_team"]
    on_it, user = t["on_it"], t["user"]
    total = payment.c.net_pence + payment.c.vat_pence
    is_held = select(hold.c.id).where(hold.c.payment_id == payment.c.id, hold.c.released_at.is_(None)).exists()
    deadline = func.datetime(week.c.first_on, DEADLINE, type_=sa.DateTime)
    late = select(
        literal(0).label("team_id"), literal("").label("name"), func.count().label("waiting"),
        func.min(deadline, type_=sa.DateTime).label("oldest"),
    ).where(week.c.confirmed_at.is_(None), deadline < bindparam("today"))  # fmt: skip
    asked = (
        select(team.c.id, team.c.name, func.count(), func.min(action.c.opened_at))
        .join_from(action, team, team.c.id == action.c.team_id)
        .where(action.c.closed_at.is_(None), action.c.holder == "council")
        .group_by(team.c.id)
    )
    return {
        "due": select(payment.c.finalise_on, func.count().label("payments"), func.sum(total).label("total"),
                      func.sum(case((is_held, total), else_=0)).label("held"))
        .where(payment.c.first_on <= bindparam("today"), payment.c.closed_run_id.is_(None))
        .group_by(payment.c.finalise_on)
        .order_by(payment.c.finalise_on),
        "waits": late.having(func.count() > 0).union_all(asked),
        "on it": select(on_it.c.queue, user.c.name)
        .join_from(on_it, user, user.c.id == on_it.c.user_id)
        .where(on_it.c.on == bindparam("today")),
        "every payment": select(
            payment.c["id", "first_on", "last_on", "finalise_on", "closed_run_id", "waiting_pence"],
            total.label("total"), contract.c.name.label("contract"), contract.c.reference,
            provider.c.name.label("provider"),
        )
        .join_from(payment, contract, contract.c.id == payment.c.contract_id)
        .join(provider, provider.c.id == payment.c.provider_id)
        .where(payment.c.first_on <= bindparam("today"))
        .order_by(payment.c.first_on.desc(), provider.c.folded_name, contract.c.folded_name)
        .limit(SHOWN),
        "every payment in all": select(func.count().label("payments"), func.sum(total).label("total"))
        .where(payment.c.first_on <= bindparam("today")),
    }  # fmt: skip
