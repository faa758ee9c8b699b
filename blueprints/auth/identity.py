"""Logging in with the council's identity provider: OpenID Connect, by Authlib. Off unless the settings name one."""

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, Response, abort, current_app, request, session, url_for
from flask_login import current_user
from joserfc.errors import JoseError
from requests import RequestException

from blueprints.access import PUBLIC, requires
from blueprints.auth import bp
from blueprints.auth.log_in import already_in
from blueprints.auth.stages import begin
from blueprints.pages import problem, render, safe_path
from blueprints.transactions import keep
from config import IdentityProvider
from models.accounts.identity import person_at
from models.accounts.pending_login import Purpose

NOT_LOGGED_IN = (
    "You were not logged in",
    "Nothing was changed. Go back to the log-in page and try again, or log in with your e-mail address and password.",
)
NO_ACCESS = (
    "Your login there is right, but it opens nothing here. Ask the council to give your e-mail address access to the "
    "portal, or log in with your e-mail address and password."
)
MULTI_FACTOR = frozenset({"mfa", "otp", "hwk", "fpt", "face", "sms"})
"""What an identity provider says of a second factor (RFC 8176)."""


def init_app(app: Flask, provider: IdentityProvider) -> None:
    app.extensions["identity_provider"] = provider
    for fault in (AuthlibBaseError, JoseError, RequestException):
        app.register_error_handler(fault, _no_answer)
    if not provider.issuer:
        return
    OAuth(app).register(
        "council",
        client_id=provider.client_id,
        client_secret=provider.secret,
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "timeout": 10},
    )


def _provider():
    provider = current_app.extensions["identity_provider"]
    if not provider.issuer:
        abort(404)
    return provider


def _no_answer(fault: Exception) -> Response:
    """The identity provider could not be reached, or its answer is not valid."""
    current_app.logger.warning("identity provider: %s", type(fault).__name__)
    return problem(502, *NOT_LOGGED_IN)


def _client():
    return current_app.extensions["authlib.integrations.flask_client"].council


@bp.get("/log-in/identity")
@requires(PUBLIC)
def identity():
    _provider()
    if current_user.is_authenticated:
        return already_in()
    session["next"] = safe_path(request.args.get("next"))
    return _client().authorize_redirect(url_for(".identity_return", _external=True))


@bp.get("/log-in/identity/return")
@requires(PUBLIC)
def identity_return():
    """The identity provider redirects here by GET, which may write nothing: the page sends the answer on by POST."""
    provider = _provider()
    if "code" not in request.args or "state" not in request.args:
        return problem(403, *NOT_LOGGED_IN)
    return render(
        "auth/identity.html", name=provider.name, code=request.args["code"], state=request.args["state"]
    )  # fmt: skip


@bp.post("/log-in/identity/return")
@requires(PUBLIC)
def identity_accept():
    provider = _provider()
    if current_user.is_authenticated:
        return already_in()
    claims = _client().authorize_access_token()["userinfo"]
    verified = claims.get("email_verified") is True
    user = person_at(provider.issuer, claims["sub"], claims.get("email"), is_verified=verified)
    if user is None:
        keep()
        return problem(403, "You do not have access to the portal", NO_ACCESS)
    is_done = provider.second_step_trusted and bool(MULTI_FACTOR & set(claims.get("amr") or ()))
    return begin(user.email, user, Purpose.LOG_IN, next=session.get("next"), is_trusted=is_done)
