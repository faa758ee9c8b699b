"""The audit: who did what to what, and when; and whether all of it is sealed."""

from flask import Blueprint, request

from blueprints.access import me, requires
from blueprints.download import csv_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.transactions import note
from exchange.downloads.audit import audit_data
from forms.audit import AuditSearch
from models.audit import record
from models.auditing.chain import state
from models.auditing.search import details, found, ids_meant, names_for, who
from models.auditing.words import words_of
from models.base import session
from models.permissions import Permission

bp = Blueprint("audit", __name__, url_prefix="/audit")

MOST = 50_000
"""Events in one file."""


@bp.get("/")
@requires(Permission.VIEW_AUDIT)
def index():
    form = AuditSearch(request.args)
    page = page_of(found(**form.chosen)) if form.validate() else None
    return render(
        "admin/audit/index.html", partial="admin/audit/_list.html",
        form=form, page=page, names=names_for(page.items if page else ()), state=state(), most=MOST,
        who=who, details=details, words_of=words_of,
    )  # fmt: skip


@bp.get("/data.csv")
@requires(Permission.VIEW_AUDIT)
def data():
    form = AuditSearch(request.args)
    rows = session.execute(found(**form.chosen).limit(MOST)).all() if form.validate() else ()
    meant = ids_meant(**form.chosen)
    note(lambda: record("audit.exported", by=me(), events=len(rows), **meant))
    return csv_file("audit.csv", audit_data(rows))
