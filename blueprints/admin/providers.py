"""Providers as the council knows them: who they are, who has access, and their pages as they see them."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.looking import look as begin_to_look
from blueprints.looking import look_away
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import go_to, render
from forms.people import ProviderSearch
from models.accounts import access_review, directory
from models.accounts.access_review import AccessReview
from models.audit import record
from models.base import session
from models.permissions import Permission
from models.records.provider import Provider

bp = Blueprint("providers", __name__, url_prefix="/providers")


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    form = ProviderSearch(request.args)
    page = page_of(directory.providers(**form.chosen)) if form.validate() else None
    return render("admin/providers/index.html", partial="admin/providers/_list.html", form=form, page=page)


@bp.get("/<int:provider_id>")
@requires(Permission.VIEW_PROVIDERS)
def show(provider_id):
    return render(
        "admin/providers/show.html",
        provider=get_or_404(directory.provider(provider_id)),
        contacts=page_of(directory.contacts(provider_id), name="contacts"),
        members=page_of(directory.members(provider_id), name="people"),
        with_access=directory.emails_with_access(provider_id),
        review=session.scalar(access_review.last_review().where(AccessReview.provider_id == provider_id)),
        review_due=access_review.due_on(provider_id),
        is_due=access_review.is_due,
    )


@bp.post("/<int:provider_id>/look")
@requires(Permission.VIEW_AS_PROVIDER)
def look(provider_id):
    provider = get_or_404(Provider.numbered(provider_id))
    begin_to_look(provider.id)
    record("provider.looked_at", provider, by=me(), provider_id=provider.id)
    return go_to(url_for("provider.home.show", provider=provider.id))


@bp.post("/<int:provider_id>/stop-looking")
@requires(Permission.VIEW_AS_PROVIDER)
def stop_looking(provider_id):
    provider = get_or_404(Provider.numbered(provider_id))
    look_away(provider.id)
    record("provider.looked_away", provider, by=me(), provider_id=provider.id)
    return go_to(url_for(".show", provider_id=provider.id))
