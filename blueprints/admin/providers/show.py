"""One provider: its contacts, and who has access."""

from blueprints.access import me, requires
from blueprints.admin.providers import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.transactions import note
from models.accounts import access_review, directory
from models.audit import record
from models.permissions import Permission


@bp.get("/<int:provider_id>")
@requires(Permission.VIEW_PROVIDERS)
def show(provider_id):
    provider = get_or_404(directory.provider(provider_id))
    note(lambda: record("provider.seen", provider, by=me(), provider_id=provider.id))
    return render(
        "admin/providers/show.html",
        provider=provider,
        contacts=page_of(directory.contacts(provider_id), name="contacts"),
        members=page_of(directory.members(provider_id), name="people"),
        former=directory.former_at(provider_id),
        with_access=directory.emails_with_access(provider_id),
        review=access_review.reviewed(provider_id),
    )
