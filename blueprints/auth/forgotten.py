"""A forgotten password: a code by e-mail, then the person's own second step if they have one, then a new password."""

from flask import url_for
from flask_login import current_user

from blueprints.access import PUBLIC, requires
from blueprints.auth import bp
from blueprints.auth.stages import begin
from blueprints.pages import go_to, render
from forms.auth import ForgottenForm
from models.accounts.pending_login import Purpose
from models.accounts.user import User
from models.base import session as database


@bp.route("/forgotten-password", methods=["GET", "POST"])
@requires(PUBLIC)
def forgotten():
    if current_user.is_authenticated:
        return go_to(url_for(".own_password"))
    form = ForgottenForm()
    if form.validate_on_submit():
        user = database.scalar(User.with_email(form.email.data))
        return begin(form.email.data.strip(), user, Purpose.RESET)
    return render("auth/forgotten.html", form=form)


@bp.get("/password-set")
@requires(PUBLIC)
def password_set():
    return render("auth/password_set.html")
