"""Providers whose six-monthly review of who has access is overdue."""

from flask import Blueprint

from blueprints.access import requires
from blueprints.lookups import page_of
from blueprints.pages import render
from models.accounts import access_review
from models.calendar import LONDON
from models.permissions import Permission

bp = Blueprint("access_reviews", __name__, url_prefix="/access-reviews")


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    return render("admin/access_reviews/index.html", page=page_of(access_review.overdue()), due_since=_due_since)


def _due_since(since):
    return access_review.six_months_after(since.astimezone(LONDON).date())
