"""A real browser before the portal, which runs in this process on a free port."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from models.accounts.user import User
from tests.support.client import PortalClient
from tests.support.database import refuse_or_skip

FLAGS = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
MAY_BE_LOGGED = ("Failed to load resource: the server responded with a status of 4", "Response Status Error Code 4")
"""Chromium and htmx note every refusal, also those that a test asks for."""

WAYS = {
    "script-1280": {"java_script_enabled": True, "viewport": {"width": 1280, "height": 900}},
    "script-320": {"java_script_enabled": True, "viewport": {"width": 320, "height": 640}},
    "plain-320": {"java_script_enabled": False, "viewport": {"width": 320, "height": 640}},
}
"""The ways in which every journey is made."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


class QuietHandler(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        refuse_or_skip("Chromium is not installed")
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of the running portal."""
    if not any((link := PortalClient(app).get("/").page.select_one("link[rel=stylesheet]"))["href"].split(".")[1:-1]):
        refuse_or_skip(f"the assets are not built ({link['href']}): make assets")
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def other_sites() -> tuple[str, ...]:
    """Where else a journey leads; a module that needs one has its own fixture of this name."""
    return ()


@pytest.fixture
def open_browser(chromium: Browser, site: str, other_sites: tuple[str, ...]) -> Iterator[Callable[..., Page]]:
    """`open_browser("plain-320")`: a page of a fresh browser. At the end nothing may have gone wrong behind it."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_one(way: str = "script-1280", **options: object) -> Page:
        context = chromium.new_context(**{"base_url": site, "locale": "en-GB", **WAYS[way], **options})
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("console", lambda message: note(message.type, message.text))
        page.on("pageerror", lambda error: note("error", str(error)))
        page.on("request", lambda request: note_address(request.url))
        return page

    def note(kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(MAY_BE_LOGGED):
            faults.append(text)

    def note_address(url: str) -> None:
        if urlsplit(url).scheme != "data" and not url.startswith((site, *other_sites)):
            faults.append(f"asked elsewhere: {url}")

    yield open_one
    for context in contexts:
        context.close()
    assert not faults, faults


@pytest.fixture(params=WAYS)
def page(request: pytest.FixtureRequest, open_browser: Callable[..., Page]) -> Page:
    """The journey is made in each of WAYS."""
    return open_browser(request.param)


@pytest.fixture
def sign_in(app: Flask, site: str) -> Callable[[Page, User], None]:
    """`sign_in(page, user)`: as if both steps had been made."""

    def sign_in(page: Page, user: User) -> None:
        token = PortalClient(app).sign_in(user).cookie
        page.context.add_cookies([{"name": app.config["SESSION_COOKIE_NAME"], "value": token, "url": site}])

    return sign_in
