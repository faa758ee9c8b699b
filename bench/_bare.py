"""The same pages without a portal: what Flask, Jinja and SQLAlchemy Core take for them at the least.

Each runs one query for the rows that its page shows, built once, on the same SQLite file, and sends the HTML that the
portal has sent: every text of its main part is an expression that Jinja escapes, the rest stands in the template. It
knows nobody, checks and notes nothing, and does not compress.
"""

import json
import os
import re
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask, Response, render_template, request
from jinja2 import DictLoader
from sqlalchemy import Select, func, select

from bench._load import INSTANCE

RECORDED = "recorded.json"
"""By address: the name of its query, what to look for, and the HTML. In the folder of the database."""
SHOWN = 50
READ = (
    "scheduled_payment", "payment_line", "purchase_order", "client", "contract", "provider", "care_package_line_item",
    "action_post", "user", "claim", "claim_item", "actual", "actual_week",
)  # fmt: skip
"""The tables of its queries. Of each it needs the columns alone."""
TEXT = re.compile(r">([^<>]*[^<>\s][^<>]*)<")


class Keeper(NamedTuple):
    """What deploy/gunicorn.conf.py looks for in the app that it serves."""

    engine: sa.Engine


def bare_app() -> Flask:
    folder = Path(os.environ[INSTANCE])
    engine = sa.create_engine(f"sqlite:///{folder / 'bench.sqlite'}")
    queries = _queries(engine)
    recorded = json.loads((folder / RECORDED).read_text("utf-8"))
    values = {address: _values(each["values"]) for address, each in recorded.items()}
    texts: dict[str, list[str]] = {}
    sources = {address: _template(each["html"], texts.setdefault(address, [])) for address, each in recorded.items()}
    app = Flask(__name__, static_folder=None)
    app.extensions["portal"] = Keeper(engine)
    app.jinja_options = {"autoescape": True, "loader": DictLoader(sources)}

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def page(path: str) -> Response:
        address = request.full_path.rstrip("?")
        found = recorded[address]
        with engine.connect() as connection:
            rows = connection.execute(queries[found["query"]], values[address]).all()
        return Response(render_template(address, rows=rows, texts=texts[address]), mimetype="text/html")

    return app


def _values(written: dict[str, Any]) -> dict[str, Any]:
    return {name: date.fromisoformat(value) if name == "day" else value for name, value in written.items()}


def _template(html: str, texts: list[str]) -> str:
    before, main, rest = html.partition("<main")
    main, end, after = rest.partition("</main>")
    pieces = [_as_it_is(f"{before}<main")]
    at = 0
    for found in TEXT.finditer(main):
        pieces += [_as_it_is(main[at : found.start(1)]), f"{{{{ texts[{len(texts)}] }}}}"]
        texts.append(unescape(found.group(1)))
        at = found.end(1)
    return "".join([*pieces, _as_it_is(main[at:] + end + after)])


def _as_it_is(html: str) -> str:
    return f"{{% raw %}}{html}{{% endraw %}}"


def _queries(engine: sa.Engine) -> dict[str, Select[Any]]:
    """The rows of each page: every column that it shows, and those that it goes by."""
    found, tables = sa.inspect(engine), sa.MetaData()
    t = {
        name: sa.Table(name, tables, *(sa.Column(each["name"], each["type"]) for each in found.get_columns(name)))
        for name in READ
    }
    payment, line, order, client = t["scheduled_payment"], t["payment_line"], t["purchase_order"], t["client"]
    contract, provider, item = t["contract"], t["provider"], t["care_package_line_item"]
    own: sa.BindParameter[int] = sa.bindparam("provider")
    payments = (
        select(contract.c.reference, contract.c.name, *payment.c["first_on", "last_on", "confirm_by", "finalise_on"],
               *payment.c["bank_on", "net_pence", "vat_pence", "confirmation", "closed_run_id"])
        .join_from(payment, contract, contract.c.id == payment.c.contract_id)
    )  # fmt: skip
    lines = (
        select(client.c.reference, client.c.surname, client.c.first_name, order.c.number,
               *line.c["first_on", "last_on", "component", "net_pence", "vat_pence", "working"])
        .join_from(line, payment, payment.c.id == line.c.payment_id)
        .join(contract, contract.c.id == payment.c.contract_id)
        .join(order, order.c.id == line.c.purchase_order_id)
        .join(client, client.c.id == order.c.client_id)
        .where(contract.c.reference == sa.bindparam("contract"), payment.c.first_on == sa.bindparam("day"))
        .order_by(client.c.folded_surname, line.c.id)
        .limit(SHOWN)
    )  # fmt: skip
    orders = (
        select(client.c.reference, client.c.surname, client.c.first_name, order)
        .join_from(order, client, client.c.id == order.c.client_id)
        .where(order.c.provider_id == own)
    )
    posts, user, claim, claimed = t["action_post"], t["user"], t["claim"], t["claim_item"]
    actual, week = t["actual"], t["actual_week"]
    return {
        "payments": payments.where(payment.c.provider_id == own).order_by(payment.c.first_on.desc()).limit(5),
        "lines": lines,
        "orders": orders.order_by(client.c.folded_surname, order.c.id).limit(SHOWN),
        "orders of one": orders.where(client.c.folded_surname == sa.bindparam("name")),
        "order": select(order, *line.c["first_on", "last_on", "net_pence", "vat_pence"])
        .outerjoin_from(order, line, line.c.purchase_order_id == order.c.id)
        .where(order.c.id == sa.bindparam("id"), order.c.provider_id == own),
        "posts": select(posts, user.c.name)
        .join_from(posts, user, user.c.id == posts.c.by_id)
        .where(posts.c.action_id == 1, posts.c.provider_id == own)
        .order_by(posts.c.id),
        "claims": select(claim, func.count(claimed.c.id), func.sum(claimed.c.amount_pence))
        .outerjoin_from(claim, claimed, claimed.c.claim_id == claim.c.id)
        .where(claim.c.provider_id == own)
        .group_by(claim.c.id)
        .order_by(claim.c.id.desc())
        .limit(SHOWN),
        "week": select(client.c.reference, client.c.surname, client.c.first_name, item.c.reference, actual)
        .join_from(actual, week, week.c.id == actual.c.week_id)
        .join(item, item.c.id == actual.c.item_id)
        .join(client, client.c.id == item.c.client_id)
        .where(week.c.provider_id == own)
        .order_by(client.c.folded_surname),
        "every payment": payments.add_columns(provider.c.name)
        .join(provider, provider.c.id == payment.c.provider_id)
        .where(payment.c.first_on == sa.bindparam("day"))
        .order_by(provider.c.folded_name, payment.c.id)
        .limit(SHOWN),
    }
