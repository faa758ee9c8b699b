"""Which provider, for somebody who has several."""

from flask import url_for

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.pages import go_to, render


@bp.get("/providers")
@requires(SIGNED_IN)
def choose():
    if len(me().memberships) == 1 or (me().staff is not None and not me().memberships):
        return go_to(first_page())
    places = sorted((each.provider for each in me().memberships), key=lambda place: (place.name, place.id))
    return render("auth/choose.html", places=places)


def first_page() -> str:
    """The council's desk for its staff, the home page of somebody with one provider; others say first which one."""
    if me().staff is not None:
        return url_for("admin.home.show")
    if len(me().memberships) == 1:
        return url_for("provider.home.show", provider=me().memberships[0].provider_id)
    return url_for("auth.choose")
