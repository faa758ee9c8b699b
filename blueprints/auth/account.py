"""My login: changing what one logs in with."""

from flask import url_for

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.frame import settings
from blueprints.origin import origin, proved_by
from blueprints.pages import done, go_to, render, render_once
from blueprints.session_store import session
from exchange.qr_code import qr_code
from forms.auth import AppCodeForm, ChangePasswordForm, SecurityCodeForm
from models.accounts import passwords, second_step
from models.accounts.account_policy import Step
from models.accounts.authenticator import RecoveryCode
from models.accounts.own_passkeys import MOST
from models.accounts.passkey import Passkey
from models.accounts.pending_login import change_password, step_of, strong_steps
from models.accounts.security_code import RULES
from models.base import session as database
from models.refused_address import RefusedAddress

LOST = "Your recovery codes were shown once. If you have not kept them, make new ones"


@bp.get("/account")
@requires(SIGNED_IN)
def account():
    return render(
        "auth/account.html", step=step_of(me()), own=strong_steps(me()), Step=Step,
        passkeys=database.scalars(Passkey.of(me().id)).all(), most=MOST,
        refused=RefusedAddress.among([me().email]).get(me().email),
        recovery_codes=database.scalar(RecoveryCode.left(me().id)), last_login=me().previous_login_at,
    )  # fmt: skip


@bp.route("/account/password", methods=["GET", "POST"])
@requires(SIGNED_IN)
def own_password():
    form = ChangePasswordForm(me().problem_with_password)
    if form.validate_on_submit() and proved_by(form.current):
        change_password(me(), form.new.data, but=session.own_row.id, device=origin().device)
        session.prove()
        return done("Your password is changed. You are logged out everywhere else", then=url_for(".account"))
    return render("auth/change_password.html", form=form, rules=passwords.rules(), must=None, email=me().email)


@bp.route("/account/security-code", methods=["GET", "POST"])
@requires(SIGNED_IN, fresh=True)
def own_security_code():
    form = SecurityCodeForm(lambda digits: second_step.problem_with_security_code(me(), digits))
    if form.validate_on_submit():
        second_step.set_security_code(me(), form.new.data)
        return done("Your security code is changed", then=url_for(".account"))
    return render("auth/own_security_code.html", form=form, rules=RULES)


@bp.post("/account/authenticator/begin")
@requires(SIGNED_IN, fresh=True)
def begin_own_authenticator():
    second_step.begin_app(me())
    return go_to(url_for(".own_authenticator"))


@bp.route("/account/authenticator", methods=["GET", "POST"])
@requires(SIGNED_IN, fresh=True)
def own_authenticator():
    app = second_step.new_app(me())
    if app is None:
        return go_to(url_for(".account"))
    form = AppCodeForm()
    if form.validate_on_submit():
        if codes := second_step.confirm_app(me(), form.code.data):
            return show_recovery_codes(codes)
        form.code.errors = [second_step.why_not(me(), form.code.data)]
    address = app.address(me().email, settings().council.service_name)
    return render("auth/own_authenticator.html", form=form, seed=app.seed, picture=qr_code(address))


@bp.post("/account/recovery-codes")
@requires(SIGNED_IN, fresh=True)
def new_recovery_codes():
    return show_recovery_codes(second_step.renew_recovery_codes(me()))


def show_recovery_codes(codes):
    then = url_for(".account")
    return render_once("auth/recovery_codes.html", then=then, lost=LOST, codes=codes, onward=None)
