"""The audit: who did what to what, and when; and whether all of it is sealed."""

from flask import Blueprint, request

from blueprints.access import me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from blueprints.transactions import note
from exchange.downloads.audit import audit_data
from forms.audit import AuditSearch
from models.accounts.user import User
from models.audit import record
from models.auditing.chain import state
from models.auditing.names import names_for
from models.auditing.search import count_of, details, each_of, found, ids_meant, newest, who
from models.auditing.words import words_of
from models.permissions import Permission
from models.records.provider import Provider

bp = Blueprint("audit", __name__, url_prefix="/audit")

SORTED_BY: Columns = {
    "when": "id", "who": User.folded_name, "what": "action", "record": "subject", "provider": Provider.folded_name,
    "seal": "seq",
}  # fmt: skip
"""The page only: a file may be of the whole audit, which is read in lots, the newest first."""


@bp.get("/")
@requires(Permission.VIEW_AUDIT)
def index():
    form = AuditSearch(request.args)
    sorting = Sorting(SORTED_BY, usual="-when")
    page = page_of(sorting.of(found(**form.chosen))) if form.validate() else None
    return render(
        "admin/audit/index.html", partial="admin/audit/_list.html",
        form=form, page=page, sorting=sorting, names=names_for(page.items if page else ()), state=state(),
        who=who, details=details, words_of=words_of,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_AUDIT, fresh=True)
def data(ending):
    form = checked(AuditSearch(request.args))
    query, last = found(**form.chosen), newest()
    count, meant = count_of(query, up_to=last), ids_meant(**form.chosen)
    note(lambda: record("audit.exported", by=me(), events=count, **meant))
    return table_file("audit", audit_data(each_of(query, up_to=last)), ending, is_long=True)
