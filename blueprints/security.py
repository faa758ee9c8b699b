"""What every answer tells the browser, and what every request must come from."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit
from wsgiref.headers import Headers

from flask import Flask, Response, abort, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from blueprints.transactions import SAFE_METHODS

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
FILE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""Of a file that somebody has sent: it is saved, and could do nothing if a browser did draw it."""
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would break Flask-WTF's own check on https
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), publickey-credentials-create=(self), "
    "publickey-credentials-get=(self), usb=()",
}
HSTS = "max-age=31536000; includeSubDomains"


class Sent(ImmutableMultiDict[str, Any]):
    """What came with a request, without NUL: no keyboard has it, and no text in the database may hold it."""

    def __init__(self, sent: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        pairs = MultiDict(sent).items(multi=True)
        super().__init__([(_without_nul(name), _without_nul(value)) for name, value in pairs])


def _without_nul(sent: Any) -> Any:
    return sent.replace("\0", "") if isinstance(sent, str) else sent


def init_app(app: Flask) -> None:
    app.request_class = type("PortalRequest", (app.request_class,), {"parameter_storage_class": Sent})
    app.before_request(_refuse_other_sites)
    app.after_request(_add_headers)


def static_headers(headers: Headers, _path: str, _url: str) -> None:
    """The same for files, which are served before Flask sees the request."""
    for name, value in HEADERS.items():
        headers[name] = value


def _refuse_other_sites() -> None:
    """A form on somebody else's site may not act here, not even with a stolen token."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method not in SAFE_METHODS and site not in ("same-origin", "none"):
        abort(403)
    if request.method not in SAFE_METHODS and not _is_address(request.referrer or ""):
        abort(400)  # Flask-WTF would stumble over it


def _is_address(text: str) -> bool:
    try:
        urlsplit(text).port  # noqa: B018 - asking is what raises
    except ValueError:
        return False
    return True


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers.setdefault("Cache-Control", "no-store")
    return response
