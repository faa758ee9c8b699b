"""What every answer tells the browser, files and errors included."""

import brotli
import pytest

from blueprints.frame import readable_on
from blueprints.security import HEADERS
from config import Council
from forms.auth import STALE
from models.accounts.login import LoginFailure
from models.outbox import OutboxMessage
from tests.factories import PASSWORD, make_user
from tests.support.client import PortalClient
from tests.support.database import refuse_or_skip
from tests.support.rows import every

EXPECTED = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), publickey-credentials-create=(self), "
    "publickey-credentials-get=(self), usb=()",
}


@pytest.fixture
def stylesheet(client) -> str:
    """The address of the built stylesheet."""
    address = client.get("/").page.select_one("link[rel=stylesheet]")["href"]
    if address == "/static/app.css":
        refuse_or_skip("the assets are not built: make assets")
    return address


def test_the_headers_are_exactly_these():
    """The test client holds every answer of every test to HEADERS."""
    assert HEADERS == EXPECTED


def test_files_have_the_headers_too_are_compressed_and_kept_for_long(client, stylesheet):
    answer = client.get(stylesheet, headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"--council" in brotli.decompress(answer.response.data)
    zipped = client.get(stylesheet, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/static/", "/static/manifest.jso", "/static/../app.py", "/static/%2e%2e/config.py"])
def test_no_other_file_is_served(client, path):
    client.get(path, status=404)


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_pages_and_parts_of_pages_are_compressed(client, coding):
    for headers in ({}, {"HX-Request": "true"}):
        plain = client._client.get("/help", headers=headers)
        raw = client._client.get("/help", headers={"Accept-Encoding": coding, **headers})
        assert raw.headers["Content-Encoding"] == coding
        assert raw.headers["Vary"] == "HX-Request, Accept-Encoding"
        assert len(raw.data) < len(plain.data) / 2


def test_what_is_shown_to_somebody_is_kept_nowhere(client):
    for path in ("/log-in", "/help", "/nowhere"):
        assert client.get(path, status=None).headers["Cache-Control"] == "no-store"
    assert client.sign_in(make_user()).get("/providers", status=303).headers["Cache-Control"] == "no-store"


def test_over_https_browsers_are_told_to_stay_there(make_app):
    client = PortalClient(make_app(https=True))
    assert client.get("/").headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_over_http_they_are_not(client):
    assert "Strict-Transport-Security" not in client.get("/").headers


def test_proxies_are_believed_only_if_there_are_any(make_app):
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    assert "Strict-Transport-Security" not in PortalClient(make_app(proxies=0)).get("/", headers=forged).headers
    assert "Strict-Transport-Security" in PortalClient(make_app(proxies=1)).get("/", headers=forged).headers


def test_only_the_portals_own_names_are_answered(make_app):
    PortalClient(make_app(hosts=("portal.example",))).get("/")
    PortalClient(make_app(hosts=("other.example",))).get("/", status=400)


@pytest.mark.parametrize("htmx", [False, True])
def test_too_much_at_once_is_refused_in_words(client, htmx):
    answer = client.post("/log-in", {"email": "x" * 13_000_000}, status=413, htmx=htmx)
    assert "That file is too large" in answer.words


def test_another_site_cannot_act_here(client):
    for site in ("cross-site", "same-site"):
        client.post("/log-out", status=403, headers={"Sec-Fetch-Site": site})
    for site in ("same-origin", "none"):
        client.post("/log-out", status=303, headers={"Sec-Fetch-Site": site})


def test_a_page_that_was_open_for_too_long_says_so(client):
    user = make_user()
    for given in ({"csrf_token": "old"}, {}):
        answer = client.open("POST", "/log-out", status=400, data=given)
        assert answer.heading == "This page was open for too long"
    for address in ("/log-in", "/forgotten-password"):
        for given in ({"csrf_token": "old"}, {}):
            page = client.open("POST", address, status=422, data={"email": user.email, "password": PASSWORD} | given)
            assert page.errors == [STALE]
            assert page.page.select_one("[name=email]")["value"] == user.email
    assert not every(LoginFailure)
    assert not every(OutboxMessage)
    page = client.open("POST", "/log-in", status=422, data={"email": user.email})
    client.submit(page, {"password": PASSWORD}, status=303)


def test_a_form_may_stay_open_for_hours(client, time_machine):
    user = make_user()
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    page = client.get("/log-in")
    time_machine.move_to("2026-03-01T20:00:00+00:00", tick=False)
    client.submit(page, {"email": user.email, "password": "x"}, status=422)


def test_the_councils_colour_comes_with_an_address_of_its_own(make_app):
    green = PortalClient(make_app(council=Council(colour="#00664f")))
    address = green.get("/").page.select("link[rel=stylesheet]")[1]["href"]
    answer = green.get(address)
    assert answer.text == ":root{--council:#00664f;--council-text:#ffffff}\n"
    assert answer.headers["Content-Type"].startswith("text/css")
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    red = PortalClient(make_app(council=Council(colour="#8c0000")))
    assert red.get("/").page.select("link[rel=stylesheet]")[1]["href"] != address


@pytest.mark.parametrize(
    ("colour", "text"),
    [("#000000", "#ffffff"), ("#ffffff", "#0b0c0c"), ("#1d4f91", "#ffffff"), ("#ffdd00", "#0b0c0c")],
)
def test_text_on_the_councils_colour_can_be_read(colour, text):
    assert readable_on(colour) == text
