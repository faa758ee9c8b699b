"""The first page: e-mail address and password. What comes after them is in blueprints/auth/stages.py."""

from flask import flash, request
from flask_login import current_user

from blueprints.access import PUBLIC, me, requires
from blueprints.auth import bp
from blueprints.auth.choose import first_page
from blueprints.auth.stages import begin
from blueprints.frame import settings
from blueprints.origin import origin
from blueprints.pages import go_to, render, safe_path
from blueprints.transactions import keep
from forms.auth import LogInForm
from models.accounts import demonstration
from models.accounts.account_policy import Step, policy
from models.accounts.login import check_password
from models.accounts.pending_login import Purpose
from models.accounts.web_session import MOST, End

REFUSED = (
    "We could not log you in. Check your e-mail address and your password. "
    "After several wrong tries you have to wait for 15 minutes"
)

WHY = {
    End.IDLE.value: "You were logged out because nothing was done here for some time",
    End.ABSOLUTE.value: "You were logged out because you had been logged in for as long as one may be at a time",
    End.REPLACED.value: f"You were logged out because you have logged in at more than {MOST} places",
}
KEPT = "What you typed is kept for an hour: log in, and it is there again"


@bp.route("/log-in", methods=["GET", "POST"])
@requires(PUBLIC)
def log_in():
    if current_user.is_authenticated:
        return already_in()
    form = LogInForm()
    if form.validate_on_submit():
        user = check_password(form.email.data, form.password.data, origin())
        if user:
            return begin(user.email, user, Purpose.LOG_IN, next=safe_path(request.args.get("next")))
        keep()
        form.form_errors.append(REFUSED)
    return render(
        "auth/log_in.html", form=form, accounts=_demonstration_accounts(), why=_why(),
        identity_provider=settings().identity_provider,
        asks_for_security_code=policy().carers is Step.SECURITY_CODE,
    )  # fmt: skip


def already_in():
    """A person who is logged in cannot log in as another: they have to log out first."""
    if request.method == "POST":
        flash(f"You are logged in as {me().name} already. To log in as somebody else, log out first", "information")
    return go_to(safe_path(request.args.get("next")) or first_page())


def _why():
    """Why the last session has ended, if the address says so."""
    why = WHY.get(request.args.get("ended", ""))
    return f"{why}. {KEPT}" if why and "kept" in request.args else why


def _demonstration_accounts():
    return demonstration.accounts_here() if settings().is_demonstration else []
