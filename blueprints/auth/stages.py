"""From the password to the first page: each view is one stage (models.accounts.pending_login) and opens only there."""

from flask import abort, flash, request, url_for
from flask_login import login_user

from blueprints.access import PASSWORD_GIVEN, requires
from blueprints.auth import bp
from blueprints.auth.origin import remember_device
from blueprints.auth.relying_party import add_passkey, insist_on_relying_party, relying_party
from blueprints.frame import settings
from blueprints.kept_forms import Why, offer
from blueprints.origin import NOT_YOURS, origin
from blueprints.pages import done, go_to, render
from blueprints.session_store import session
from blueprints.transactions import keep
from exchange.qr_code import qr_code
from forms.auth import (
    AppCodeForm,
    ChangePasswordForm,
    CodeForm,
    DigitsForm,
    GivePasskeyForm,
    NewPasskeyForm,
    NewPasswordForm,
    SecurityCodeForm,
)
from models.accounts import passwords, second_step
from models.accounts.device import device
from models.accounts.login_code import Answer, accept_code, send_code
from models.accounts.passkey import Passkey, options_to_add, options_to_give
from models.accounts.pending_login import PendingLogin, Purpose, Stage
from models.accounts.security_code import RULES
from models.base import session as database

AGAIN = "You took too long to log in, or gave a wrong code 5 times. Please start again"
MUST_CHANGE = "You must change your administrator-assigned password"


def begin(email, user, purpose, *, is_trusted=False, **more):
    """Begin a log-in once the first thing is proved or claimed: a new session, and the page of the next stage."""
    pending = PendingLogin.begin(email, user, purpose, origin())
    pending.is_trusted = is_trusted
    session.clear()
    session.update(more, pending_login=pending.id, nonce=pending.nonce, email=email)
    return _onward(pending)


def _onward(pending):
    """To the next stage, under a new token; to the first page when nothing is left to do."""
    stage = pending.stage
    if stage is Stage.DONE:
        return _finish(pending)
    session.renew()
    if stage is Stage.EMAIL_CODE:
        send_code(pending)
    if stage is Stage.SET_UP_AUTHENTICATOR:
        second_step.begin_app(pending.user)
    return go_to(url_for(f"auth.{stage.value}"))


def _finish(pending):
    if not pending.log_in():
        return go_to(url_for("auth.choose"))  # pressed twice, and the other press was first
    remember_device(pending.user)
    target = session.get("next")
    session.clear()
    login_user(pending.user)
    session.prove()
    offer(pending.user.id, Why.LOGGED_OUT)
    return go_to(target or url_for("auth.choose"))


def _start_again():
    session.clear()
    session.renew()
    flash(AGAIN)
    return go_to(url_for("auth.log_in"))


def _at(stage):
    """The log-in that is under way, if it has reached this stage; else the redirect to its right page."""
    mine = session["pending_login"], session.get("nonce", "")
    pending = database.scalar(PendingLogin.open(*mine))
    if pending is None:
        is_in = database.scalar(PendingLogin.ended(*mine))  # pressed twice: the first press must stay logged in
        abort(go_to(url_for("auth.choose")) if is_in else _start_again())
    if stage not in (choices := pending.choices):
        abort(go_to(url_for(f"auth.{choices[0].value}")))
    return pending


@bp.route("/log-in/code", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def code():
    pending = _at(Stage.EMAIL_CODE)
    form = CodeForm()
    if form.validate_on_submit():
        answer = accept_code(pending, form.code.data)
        if answer is Answer.ACCEPTED:
            return _onward(pending)
        keep()
        form.code.errors = [answer.value]
    return render("auth/code.html", form=form, email=session["email"], is_reset=pending.purpose is Purpose.RESET)


@bp.post("/log-in/code/send")
@requires(PASSWORD_GIVEN)
def send_again():
    send_code(_at(Stage.EMAIL_CODE))
    return done(f"We have sent a new code to {session['email']}", then=url_for(".code"))


@bp.route("/log-in/security-code", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def security_code():
    pending = _at(Stage.SECURITY_CODE)
    form = DigitsForm()
    form.ask(second_step.positions(pending))
    if form.validate_on_submit():
        if second_step.give_digits(pending, form.digits):
            return _onward(pending)
        keep()
        form.form_errors.append(second_step.WRONG_DIGITS)
    return render("auth/security_code.html", form=form, is_reset=pending.purpose is Purpose.RESET)


@bp.route("/log-in/authenticator", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def authenticator():
    pending = _at(Stage.AUTHENTICATOR)
    form = AppCodeForm()
    if form.validate_on_submit():
        if second_step.give_app_code(pending, form.code.data):
            return _onward(pending)
        keep()
        form.code.errors = [second_step.WRONG_APP_CODE]
    return render("auth/authenticator.html", form=form, has_passkey=Stage.PASSKEY in pending.choices)


@bp.route("/log-in/passkey", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def passkey():
    """A passkey, or a recovery code for who has none at hand or no JavaScript."""
    pending, party = _at(Stage.PASSKEY), relying_party()
    form = GivePasskeyForm()
    if form.validate_on_submit():
        if not (problem := _problem_with_passkey(form, pending)):
            return _onward(pending)
        keep()
        form.form_errors.append(problem)
    return render(
        "auth/passkey.html", form=form, party=party, has_app=Stage.AUTHENTICATOR in pending.choices,
        is_known_here=party and database.scalars(Passkey.at(party.host, pending.user.id)).first(),
    )  # fmt: skip


def _problem_with_passkey(form, pending):
    if not form.code.data:
        party = insist_on_relying_party()
        return second_step.give_passkey(pending, form.credential.data, party).value
    is_right = second_step.give_recovery_code(pending, form.code.data)
    return None if is_right else second_step.WRONG_RECOVERY_CODE


@bp.post("/log-in/passkey/question")
@requires(PASSWORD_GIVEN)
def passkey_question():
    """For the script of the page: what the browser needs to answer."""
    pending = _at(Stage.PASSKEY)
    return options_to_give(pending.user.id, pending.id, insist_on_relying_party())


@bp.route("/log-in/change-password", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def change_password():
    pending = _at(Stage.CHANGE_PASSWORD)
    form = ChangePasswordForm(pending.user.problem_with_password)
    if form.validate_on_submit():
        if pending.knows_password(form.current.data):
            pending.set_password(form.new.data)
            return _onward(pending)
        keep()
        form.current.errors = [NOT_YOURS]
    return render(
        "auth/change_password.html", form=form, rules=passwords.rules(), must=MUST_CHANGE,
        email=session["email"],
    )  # fmt: skip


@bp.route("/log-in/new-password", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def new_password():
    pending = _at(Stage.NEW_PASSWORD)
    form = NewPasswordForm(pending.user.problem_with_password)
    if form.validate_on_submit():
        pending.set_password(form.new.data)
        remember_device(pending.user)
        session.end()
        return go_to(url_for("auth.password_set"))
    return render("auth/new_password.html", form=form, rules=passwords.rules(), email=session["email"])


@bp.route("/log-in/set-security-code", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def set_security_code():
    pending = _at(Stage.SET_SECURITY_CODE)
    form = SecurityCodeForm(lambda digits: second_step.problem_with_security_code(pending.user, digits))
    if form.validate_on_submit():
        second_step.set_security_code(pending.user, form.new.data)
        pending.step_done()
        return _onward(pending)
    return render("auth/set_security_code.html", form=form, rules=RULES)


@bp.route("/log-in/set-up-authenticator", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def set_up_authenticator():
    pending = _at(Stage.SET_UP_AUTHENTICATOR)
    app = second_step.new_app(pending.user)
    if app is None:
        return _start_again()
    form = AppCodeForm()
    if form.validate_on_submit():
        if codes := second_step.confirm_app(pending.user, form.code.data):
            pending.step_done()
            return render("auth/recovery_codes.html", codes=codes, onward=url_for(".proceed"))
        form.code.errors = [second_step.why_not(pending.user, form.code.data)]
    address = app.address(pending.user.email, settings().council.service_name)
    return render("auth/set_up_authenticator.html", form=form, seed=app.seed, picture=qr_code(address))


@bp.route("/log-in/set-up-passkey", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def set_up_passkey():
    """In place of the authenticator app, for who chooses it."""
    pending = _at(Stage.SET_UP_AUTHENTICATOR)
    form = NewPasskeyForm(name=device(request.user_agent.string))
    if form.validate_on_submit() and (codes := add_passkey(form, pending.user)) is not None:
        pending.step_done()
        if codes:
            return render("auth/recovery_codes.html", codes=codes, onward=url_for(".proceed"))
        return _onward(pending)
    return render("auth/set_up_passkey.html", form=form, party=relying_party())


@bp.post("/log-in/set-up-passkey/question")
@requires(PASSWORD_GIVEN)
def new_passkey_question():
    """For the script of the page: what the browser needs to make a passkey."""
    user = _at(Stage.SET_UP_AUTHENTICATOR).user
    return options_to_add(user.id, user.email, insist_on_relying_party())


@bp.route("/log-in/continue", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def proceed():
    """After the recovery codes were shown. To look at it logs nobody in: a GET writes nothing."""
    pending = _at(Stage.DONE)
    return _onward(pending) if request.method == "POST" else render("auth/proceed.html")
