"""What the finance system's feeds have brought: each import with its rows, its effect in money, and its warnings."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from forms.feeds import FeedSearch
from models.permissions import Permission
from models.records.feed import FeedImport
from models.reports.feed_effect import effect_words

bp = Blueprint("feeds", __name__, url_prefix="/feeds")


@bp.get("/")
@requires(Permission.VIEW_FEEDS)
def index():
    form = FeedSearch(request.args)
    page = page_of(FeedImport.newest_first(only_warned=form.is_only_warned)) if form.validate() else None
    return render("admin/feeds/index.html", partial="admin/feeds/_list.html", form=form, page=page)


@bp.get("/<int:import_id>")
@requires(Permission.VIEW_FEEDS)
def show(import_id):
    entry = get_or_404(FeedImport.numbered(import_id))
    words = effect_words(entry.effect) if entry.effect else []
    return render("admin/feeds/show.html", entry=entry, words=words, warnings=page_of(entry.warnings))
