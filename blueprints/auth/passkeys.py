"""My login: one's own passkeys."""

from flask import request, url_for

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.auth import relying_party as here
from blueprints.auth.account import show_recovery_codes
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from forms.auth import NewPasskeyForm, PasskeyNameForm
from forms.base import ButtonForm
from models.accounts import own_passkeys
from models.accounts.device import device
from models.accounts.passkey import Passkey, options_to_add


@bp.route("/account/passkeys/add", methods=["GET", "POST"])
@requires(SIGNED_IN, fresh=True)
def add_own_passkey():
    form = NewPasskeyForm(name=device(request.user_agent.string))
    if form.validate_on_submit() and (codes := here.add_passkey(form, me())) is not None:
        return show_recovery_codes(codes) if codes else done("The passkey is added", then=url_for(".account"))
    return render("auth/add_passkey.html", form=form, party=here.relying_party())


@bp.post("/account/passkeys/question")
@requires(SIGNED_IN, fresh=True)
def own_passkey_question():
    """For the script of the page: what the browser needs to make a passkey."""
    own_passkeys.insist_on_room(me())
    return options_to_add(me().id, me().email, here.insist_on_relying_party())


@bp.route("/account/passkeys/<int:passkey_id>", methods=["GET", "POST"])
@requires(SIGNED_IN)
def own_passkey(passkey_id):
    key = _own(passkey_id)
    form = PasskeyNameForm(obj=key)
    if form.validate_on_submit():
        own_passkeys.rename(key, form.name.data, by=me())
        return done("The passkey is renamed", then=url_for(".account"))
    return render("auth/own_passkey.html", form=form, key=key)


@bp.route("/account/passkeys/<int:passkey_id>/remove", methods=["GET", "POST"])
@requires(SIGNED_IN, fresh=True)
def remove_own_passkey(passkey_id):
    key, form = _own(passkey_id), ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            own_passkeys.remove(key, by=me())
            return done(
                "The passkey is removed. Remove it from your device or password manager too", then=url_for(".account")
            )
    return render("auth/remove_passkey.html", form=form, key=key)


def _own(passkey_id):
    return get_or_404(Passkey.of(me().id).where(Passkey.id == passkey_id))
