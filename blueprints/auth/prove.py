"""Who has been logged in for a while gives the password again before something that matters."""

from flask import flash, request, url_for

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.frame import settings
from blueprints.kept_forms import Why, offer
from blueprints.origin import proved_by
from blueprints.pages import go_to, render, safe_path
from blueprints.session_store import session
from forms.auth import ProveForm

NOT_SENT = "Nothing was sent yet. Press the button again"


@bp.route("/account/prove", methods=["GET", "POST"])
@requires(SIGNED_IN)
def prove():
    form = ProveForm()
    if form.validate_on_submit() and proved_by(form.password):
        session.prove()
        return _back(safe_path(request.args.get("next")) or url_for(".account"))
    return render("auth/prove.html", form=form, email=me().email, identity_provider=settings().identity_provider)


def _back(page):
    """To where the person came from; if they had pressed a button there, they are told to press it again."""
    if page not in offer(me().id, Why.NOT_PROVED) and "again" in request.args:
        flash(NOT_SENT, "information")
    return go_to(page)
