"""The payment page in Chromium with the processor six times as slow: what its main thread does, in its own time."""

import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import CDPSession, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from bench._data import TODAY, fill, portal
from bench.payments_page import PAGE, _signed_in
from commands.batchwise.payments import calculate_all, finalise_due
from models.calendar import as_on

SLOWER = 6
TIMES = 3
MOST_MS = 560
"""Of a phone's main thread, from the request to the page that answers."""
PARTS = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def measure() -> None:
    for items in (65, 200):
        with portal() as app, as_on(TODAY):
            fill(1, items)
            with as_on(TODAY.replace(month=9, day=29)):
                calculate_all()
                finalise_due()
            calculate_all()
            with _served(app) as address, _browser() as page:
                cookie = _signed_in(app).get_cookie(app.config["SESSION_COOKIE_NAME"])
                assert cookie is not None
                page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
                for way in ("next page", "first visit"):
                    print(f"  {items:>4} lines, {way}: {_told(page, address + PAGE, is_first=way == 'first visit')}")


def _told(page: Page, address: str, *, is_first: bool) -> str:
    """The median of each part over TIMES loads, in ms, and how many nodes the page has."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": is_first})
    page.goto(address)
    loads = []
    for _ in range(TIMES):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        loads.append(_spent(client))
    nodes = page.evaluate("document.querySelectorAll('*').length")
    client.detach()
    whole, script, layout, style = (statistics.median(load[name] for load in loads) for name in PARTS)
    verdict = "" if whole <= MOST_MS else f", MORE THAN {MOST_MS}"
    return (
        f"{whole:.0f} ms{verdict} (scripts {script:.0f}, layout {layout:.0f}, styles {style:.0f}; "
        f"{min(load[PARTS[0]] for load in loads):.0f} at best), {nodes:,} elements"
    )


def _spent(client: CDPSession) -> dict[str, float]:
    """What the main thread has done for the document that stands there, in ms of its own time: Chromium begins anew
    with each, and another process on the machine adds nothing.
    """
    told = client.send("Performance.getMetrics")["metrics"]
    return {each["name"]: 1000 * each["value"] for each in told if each["name"] in PARTS}


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _browser() -> Iterator[Page]:
    """A phone of 375 px."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser.new_page(viewport={"width": 375, "height": 812}, device_scale_factor=2)
        finally:
            browser.close()
