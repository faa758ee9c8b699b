"""The first page: e-mail address and password. What comes after them is in blueprints/auth/stages.py."""

from flask import request
from flask_login import current_user

from blueprints.access import PUBLIC, requires
from blueprints.auth import bp
from blueprints.auth.choose import first_page
from blueprints.auth.origin import origin
from blueprints.auth.stages import begin
from blueprints.frame import settings
from blueprints.pages import go_to, render, safe_path
from blueprints.transactions import keep
from forms.auth import LogInForm
from models import demonstration
from models.login import check_password
from models.pending_login import Purpose

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
        user = check_password(form.email.data, form.password.data, origin())
        if user:
            return begin(user.email, user, Purpose.LOG_IN, next=safe_path(request.args.get("next")))
        keep()
        form.form_errors.append(REFUSED)
    return render("auth/log_in.html", form=form, accounts=_demonstration_accounts())


def _demonstration_accounts():
    return demonstration.accounts_here() if settings().is_demonstration else []
