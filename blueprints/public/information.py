"""The landing page, help, and what a public body must say about itself."""

from flask_login import current_user

from blueprints.access import PUBLIC, requires
from blueprints.pages import render
from blueprints.public import bp
from models.accounts.account_policy import policy
from models.correspondence.action_desk import first_answers
from models.engine.reason_code import ReasonCode


@bp.get("/")
@requires(PUBLIC)
def landing():
    return render("public/landing.html")


@bp.get("/help")
@requires(PUBLIC)
def help():
    answers = first_answers() if current_user.is_authenticated else []
    return render("public/help.html", second_steps={policy().carers, policy().organisations}, answers=answers)


@bp.get("/about")
@requires(PUBLIC)
def about():
    """What a council's own site may link to, or copy."""
    return render("public/about.html")


@bp.get("/privacy")
@requires(PUBLIC)
def privacy():
    return render("public/privacy.html")


@bp.get("/cookies")
@requires(PUBLIC)
def cookies():
    return render("public/cookies.html")


@bp.get("/accessibility")
@requires(PUBLIC)
def accessibility():
    return render("public/accessibility.html")


@bp.get("/reason-codes")
@requires(PUBLIC)
def reason_codes():
    """Why a line of a remittance is there: every word, for whoever reads one."""
    return render("public/reason_codes.html", codes=list(ReasonCode))
