"""The app that serves the bare pages."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask, render_template, request
from markupsafe import Markup

from bench._load import INSTANCE
from bench.bare.filters import FILTERS
from bench.bare.queries import statements
from bench.bare.views import OWN, VIEWS

RECORDED = "recorded.json"
"""By address, what stands before and after a page's main part. In the folder of the database."""
TOKEN = "." + "t" * 193
"""Where the portal writes a token against forged requests: as many characters."""
KEY = "k" * 22
"""Where it writes a key that a form is sent with once."""
WEEK = f"{OWN}/actuals/<reference>/<int:service>/<first>"
LINKED = {
    "actions": f"{OWN}/actions/",
    "as_planned": f"{WEEK}/as-planned",
    "ask": f"{OWN}/actions/new",
    "care": f"{OWN}/care-packages/",
    "claim": f"{OWN}/claims/<int:id>",
    "claims_data": f"{OWN}/claims/data.<kind>",
    "contacts": f"{OWN}/contacts/",
    "contract": f"{OWN}/contracts/<reference>",
    "council_actions": "/council/actions/",
    "council_actuals": "/council/actuals/",
    "council_contract": "/council/contracts/<reference>",
    "council_payment": "/council/payments/<reference>/<first>",
    "council_run": "/council/payment-runs/<int:id>",
    "documents": f"{OWN}/documents/",
    "journeys": f"{OWN}/claims/journeys",
    "keep": f"{OWN}/actions/<int:id>/keep",
    "new_claim": f"{OWN}/claims/new",
    "news": f"{OWN}/actions/<int:id>/news",
    "orders_data": f"{OWN}/purchase-orders/data.<kind>",
    "organisation": f"{OWN}/organisation/",
    "password": "/account/password",
    "payment_data": f"{OWN}/payments/<reference>/<first>/data.<kind>",
    "payment_print": f"{OWN}/payments/<reference>/<first>/print",
    "received": f"{OWN}/received-and-expected/",
    "remittance_data": f"{OWN}/reports/remittances/<reference>/<first>/data.<kind>",
    "remittance_pdf": f"{OWN}/reports/remittances/<reference>/<first>/pdf",
    "reports": f"{OWN}/reports/",
    "row": f"{OWN}/payments/<reference>/<first>/rows/<key>",
    "save_row": f"{WEEK}/rows/<int:id>",
    "schedule": f"{OWN}/payments/schedule",
    "take": "/council/queues/<queue>/take",
    "week_data": f"{WEEK}/week.<kind>",
    "whereabouts": f"{OWN}/where-every-pound-is/",
    "write": f"{OWN}/actions/<int:id>/write",
}
"""Addresses that the pages link to, and that nothing answers at here."""


class Keeper(NamedTuple):
    """What deploy/gunicorn.conf.py looks for in the app that it serves."""

    engine: sa.Engine


def bare_app() -> Flask:
    """What gunicorn serves in a measurement."""
    return make_app(Path(os.environ[INSTANCE]))


def make_app(folder: Path) -> Flask:
    """Of the database, and of the frames that bench/pages.py has recorded, in this folder."""
    engine = sa.create_engine(f"sqlite:///{folder / 'bench.sqlite'}")
    recorded = json.loads((folder / RECORDED).read_text("utf-8"))
    frames = {address: [Markup(each) for each in frame] for address, frame in recorded.items()}
    known = statements(engine)
    app = Flask(__name__, static_folder=None)
    app.extensions["portal"] = Keeper(engine)
    app.jinja_env.filters |= FILTERS
    app.jinja_env.globals |= {"token": TOKEN, "key": KEY}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    def add(name: str, rule: str, read: Callable[..., dict[str, Any]]) -> None:
        def show(**values: Any) -> str:
            with engine.connect() as connection:
                found = read(lambda which, **given: connection.execute(known[which], given), **values)
            before, after = frames[request.full_path.rstrip("?")]
            return render_template(f"{name}.html", before=before, after=after, **values, **found)

        app.add_url_rule(rule, name, show)

    for name, (rule, read) in VIEWS.items():
        add(name, rule, read)
    for name, rule in LINKED.items():
        app.add_url_rule(rule, name)
    return app
