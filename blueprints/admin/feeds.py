"""What the finance system's feeds have brought: each import with its rows, its effect in money, and its warnings."""

from flask import Blueprint, request

from blueprints.access import may, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import feeds_data
from forms.feeds import FeedSearch
from models.base import session
from models.permissions import Permission
from models.records.feed import FeedImport
from models.reports.feed_effect import effect_words

bp = Blueprint("feeds", __name__, url_prefix="/feeds")

SORTED_BY: Columns = {"at": "at", "name": "name", "warnings": "warning_count"}


@bp.get("/")
@requires(Permission.VIEW_FEEDS)
def index():
    form, sorting = FeedSearch(request.args), Sorting(SORTED_BY, usual="-at")
    page = page_of(sorting.of(FeedImport.newest_first(only_warned=form.is_only_warned))) if form.validate() else None
    return render("admin/feeds/index.html", partial="admin/feeds/_list.html", form=form, page=page, sorting=sorting)


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_FEEDS, fresh=True)
def data(ending):
    form = checked(FeedSearch(request.args))
    query = Sorting(SORTED_BY).of(FeedImport.newest_first(only_warned=form.is_only_warned))
    feeds = session.scalars(query)
    return table_file("feeds", feeds_data(feeds, with_money=may(Permission.VIEW_EVERY_PAYMENT)), ending)


@bp.get("/<int:import_id>")
@requires(Permission.VIEW_FEEDS)
def show(import_id):
    entry = get_or_404(FeedImport.numbered(import_id))
    words = effect_words(entry.effect) if entry.effect else []
    return render("admin/feeds/show.html", entry=entry, words=words, warnings=page_of(entry.warnings))
