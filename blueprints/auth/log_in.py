"""E-mail address and password, then the code that was sent by e-mail."""

from flask import request, session, url_for
from flask_login import current_user, login_user

from blueprints.access import PASSWORD_GIVEN, PUBLIC, SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.frame import settings
from blueprints.lookups import get_or_404
from blueprints.pages import done, go_to, render, safe_path
from blueprints.transactions import keep
from forms.auth import CodeForm, LogInForm
from models import demonstration
from models.base import session as database
from models.login import check_password
from models.login_code import Answer, PendingLogin

REFUSED = (
    "We could not log you in. Check your e-mail address and your password. "
    "After several wrong tries you have to wait for 15 minutes"
)


@bp.route("/log-in", methods=["GET", "POST"])
@requires(PUBLIC)
def log_in():
    if current_user.is_authenticated:
        return go_to(first_page())
    form = LogInForm()
    if form.validate_on_submit():
        user = check_password(form.email.data, form.password.data, address=request.remote_addr or "")
        if user:
            return _send_first_code(user)
        keep()
        form.form_errors.append(REFUSED)
    return render("auth/log_in.html", form=form, accounts=_demonstration_accounts())


def first_page() -> str:
    """The council's desk for its staff, the home page of somebody with one provider; others say first which one."""
    if me().staff is not None:
        return url_for("admin.home.show")
    if len(me().memberships) == 1:
        return url_for("provider.home.show", provider=me().memberships[0].provider_id)
    return url_for("auth.choose")


def _demonstration_accounts():
    return demonstration.accounts_here() if settings().is_demonstration else []


def _send_first_code(user):
    pending = PendingLogin.begin(user)
    database.flush()
    session.clear()
    session["pending_login"] = pending.id
    session["next"] = safe_path(request.args.get("next"))
    session.renew()
    return go_to(url_for(".code"))


@bp.route("/log-in/code", methods=["GET", "POST"])
@requires(PASSWORD_GIVEN)
def code():
    pending = get_or_404(PendingLogin.open(session["pending_login"]))
    form = CodeForm()
    if form.validate_on_submit():
        answer = pending.accept(form.code.data)
        if answer is Answer.ACCEPTED:
            return _finish(pending.user)
        keep()
        form.code.errors = [answer.value]
    return render("auth/code.html", form=form, email=pending.user.email)


def _finish(user):
    target = session.get("next")
    session.clear()
    login_user(user)
    session.renew()
    return go_to(target or url_for(".choose"))


@bp.post("/log-in/code/send")
@requires(PASSWORD_GIVEN)
def send_code():
    pending = get_or_404(PendingLogin.open(session["pending_login"]))
    pending.send_code()
    return done(f"We have sent a new code to {pending.user.email}", then=url_for(".code"))


@bp.get("/providers")
@requires(SIGNED_IN)
def choose():
    """Which provider, for somebody who has several."""
    if len(me().memberships) == 1 or (me().staff is not None and not me().memberships):
        return go_to(first_page())
    places = sorted((each.provider for each in me().memberships), key=lambda place: (place.name, place.id))
    return render("auth/choose.html", places=places)
