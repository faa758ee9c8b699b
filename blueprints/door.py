"""Who may come in: a demonstration is for this machine only, and the proxies in front are those of the settings."""

import time
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError

from config import Settings
from models.auditing import proxies
from models.base import scope, transaction

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
ONLY_HERE = """\
This is a demonstration, which shows codes and passwords to anybody. It is for the machine that it runs on: open it
there at http://127.0.0.1. To show it to others, name its hosts in settings.toml: hosts = ["demo.example"]
"""
AGAIN = proxies.TOLD_AGAIN.total_seconds()


def init_app(app: Flask, settings: Settings) -> None:
    if settings.is_demonstration:
        if not settings.hosts:
            app.before_request(_only_here)
        return
    told: dict[proxies.Proxies, float] = {}

    def look() -> None:
        """At the first request that shows it, and once a day."""
        found = seen(settings)
        if found.words and time.monotonic() - told.get(found, -AGAIN) >= AGAIN:
            if len(told) > 10:  # what strangers make up where a proxy hands it on
                return
            told[found] = time.monotonic()
            g.proxies = found

    app.before_request(look)
    app.after_request(_tell)


def seen(settings: Settings) -> proxies.Proxies:
    """/healthz is asked on the machine itself, past all proxies."""
    if request.path == "/healthz":
        return proxies.Proxies(settings.proxies, settings.proxies)
    hops = [each for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
    return proxies.Proxies(settings.proxies, len(hops))


def _tell(response: Response) -> Response:
    """Say it in the log, and keep it when the answer is sent: nobody waits for a database that is busy."""
    found = g.pop("proxies", None)
    if found is not None:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # the app behind the proxy object
        app.logger.warning("%s.", found.words)
        response.call_on_close(lambda: _keep(app, found))
    return response


def _keep(app: Flask, found: proxies.Proxies) -> None:
    try:
        with scope(app.extensions["portal"]), transaction():
            proxies.keep(found)
    except DBAPIError:
        app.logger.warning("what was seen of proxies is not kept: the database does not take it")


def _only_here() -> Response | None:
    address, hops = request.environ.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For")
    if _name(request.environ.get("HTTP_HOST", "")) in LOOPBACK and address in LOOPBACK and not hops:
        return None
    return Response(ONLY_HERE, 403, mimetype="text/plain")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
