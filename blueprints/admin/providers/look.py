"""Looking at a provider's own pages as staff, and looking away again."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.providers import bp
from blueprints.looking import look as begin_to_look
from blueprints.looking import look_away
from blueprints.lookups import get_or_404
from blueprints.pages import go_to
from blueprints.presses import repeatable
from blueprints.refusals import stays_on
from models.audit import record
from models.permissions import Permission
from models.records.provider import Provider


@bp.post("/<int:provider_id>/look")
@requires(Permission.VIEW_AS_PROVIDER)
@repeatable
@stays_on("admin.providers.show")
def look(provider_id):
    provider = get_or_404(Provider.numbered(provider_id))
    begin_to_look(provider.id)
    record("provider.looked_at", provider, by=me(), provider_id=provider.id)
    return go_to(url_for("provider.home.show", provider=provider.id))


@bp.post("/<int:provider_id>/stop-looking")
@requires(Permission.VIEW_AS_PROVIDER)
@repeatable
@stays_on("admin.providers.show")
def stop_looking(provider_id):
    provider = get_or_404(Provider.numbered(provider_id))
    look_away(provider.id)
    record("provider.looked_away", provider, by=me(), provider_id=provider.id)
    return go_to(url_for(".show", provider_id=provider.id))
