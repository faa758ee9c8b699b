"""Providers whose six-monthly review of who has access is overdue."""

from flask import Blueprint

from blueprints.access import requires
from blueprints.download import table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import reviews_data
from models.accounts import access_review
from models.base import session
from models.calendar import london_day
from models.permissions import Permission
from models.records.provider import Provider

bp = Blueprint("access_reviews", __name__, url_prefix="/access-reviews")

SORTED_BY: Columns = {"name": Provider.folded_name, "reference": "reference", "since": "since"}


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    sorting = Sorting(SORTED_BY, usual="since")
    page = page_of(sorting.of(access_review.overdue()))
    return render(
        "admin/access_reviews/index.html", partial="admin/access_reviews/_list.html", page=page, sorting=sorting,
        due_since=_due_since,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PROVIDERS, fresh=True)
def data(ending):
    rows = session.execute(Sorting(SORTED_BY).of(access_review.overdue()))
    return table_file("access-reviews", reviews_data(rows, _due_since), ending)


def _due_since(since):
    return access_review.six_months_after(london_day(since))
