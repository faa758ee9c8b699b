"""Slow senders and floods, before the portal as it is deployed: gunicorn with the options of its unit, and the real
nginx with the shipped site.
"""

import http.client
import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from models import base
from models.base import scope
from tests.factories import PASSWORD, make_user
from tests.support.front import HOST, free_port, gunicorn, nginx

STRANGER, NEIGHBOUR = "127.0.0.1", "127.0.0.2"
"""Addresses of two networks; all of 127/8 is this machine."""
HALF = f"POST /log-in HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000\r\n\r\nab".encode()
SETTINGS = f"""
proxies = 1
hosts = ["{HOST}"]
[council]
name = "Borsetshire Council"
team_email = "finance@borsetshire.example"
[log_in]
staff_domains = ["borsetshire.example"]
"""
KEYS = {"SECRET_KEY": "vK3x9QpLr7WmZt2Yb8NcD5fGh1JsAe4U", "VAULT_KEY": "Tq6Rw1Ey8Uz3Io5Pa7Sd2Fg9Hj4Kl0Xc"}


@dataclass(frozen=True)
class Served:
    bare: int
    """The port of gunicorn itself."""
    https: int
    http: int
    email: str
    folder: Path


@pytest.fixture(scope="module")
def served(repository, tmp_path_factory, _sqlite, _usual) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    instance = folder / "instance"
    instance.mkdir(mode=0o700)
    (instance / "settings.toml").write_text(SETTINGS, "utf-8")
    with _sqlite.clean() as url:
        shutil.copyfile(url.removeprefix("sqlite:///"), instance / "portal.sqlite")
    email = someone_in(f"sqlite:///{instance / 'portal.sqlite'}", _usual)
    bare = free_port()
    with (
        gunicorn(repository, KEYS | {"PORTAL_INSTANCE": str(instance)}, bare),
        nginx(repository, folder, bare) as (https, plain),
    ):
        for _ in range(8):  # gunicorn listens before its processes are ready
            assert ask(bare, "GET", "/healthz", secure=False)[0] == 200
        yield Served(bare, https, plain, email, folder)


def someone_in(url: str, usual) -> str:
    engine = base.connect(url)
    with scope(usual.__class__(**{**vars(usual), "engine": engine})):
        email = make_user().email
    engine.dispose()
    return email


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


TRUSTING = trusting()


class Secure(http.client.HTTPSConnection):
    """To nginx, whatever its port, by the portal's name."""

    def connect(self) -> None:
        sock = socket.create_connection(("127.0.0.1", self.port), self.timeout, self.source_address)
        self.sock = TRUSTING.wrap_socket(sock, server_hostname=HOST)


def ask(port: int, method: str, path: str, body: str = "", *, came_from: str = NEIGHBOUR, secure=True, **headers: str):
    """Status, headers and text."""
    kind = Secure if secure else http.client.HTTPConnection
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(kind("127.0.0.1", port, timeout=20, source_address=(came_from, 0))) as connection:
        connection.request(method, path, body or None, {"Host": HOST, **form, **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


@contextmanager
def half_sent(number: int, port: int, *, secure: bool) -> Iterator[None]:
    """So many clients from one network who have sent half a form, and send a byte now and then."""
    with ExitStack() as stack:
        socks = []
        for _ in range(number):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10, (STRANGER, 0)))
            if secure:
                sock = stack.enter_context(TRUSTING.wrap_socket(sock, server_hostname=HOST))
            sock.sendall(HALF)
            socks.append(sock)
        over = threading.Event()

        def drip() -> None:
            while not over.wait(0.5):
                for sock in socks:
                    try:
                        sock.send(b"c")
                    except OSError:
                        continue

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            time.sleep(1)
            yield
        finally:
            over.set()
            thread.join()


def within(seconds: float, do: Callable):
    """The quickest of a few answers: the machine may be busy with something else, but who is kept out stays out."""
    took = float("inf")
    for _ in range(5):
        began = time.monotonic()
        done = do()
        took = min(took, time.monotonic() - began)
        if took < seconds:
            return done
    raise AssertionError(f"no answer in less than {took:.1f} seconds")


def log_in(served: Served, **more):
    """The password of somebody who has one, as a browser gives it: the answer to it."""
    status, headers, text = ask(served.https, "GET", "/log-in", **more)
    assert status == 200
    cookies = "; ".join(each.partition(";")[0] for each in headers.get_all("Set-Cookie", []))
    fields = dict(re.findall(r'name="(csrf_token|one_time_key)"[^>]*value="([^"]+)"', text))
    body = urlencode(fields | {"email": served.email, "password": PASSWORD})
    return ask(served.https, "POST", "/log-in", body, Cookie=cookies, Referer=f"https://{HOST}/log-in", **more)


def test_a_hundred_half_sent_forms_keep_nobody_out(served):
    with half_sent(100, served.https, secure=True):
        assert within(2, lambda: ask(served.https, "GET", "/healthz"))[0] == 200
        status, headers, _ = within(2, lambda: log_in(served))
        assert (status, headers["Location"]) == (303, "/log-in/code")


def test_the_same_before_the_server_alone(served):
    with half_sent(100, served.bare, secure=False):
        for _ in range(4):
            assert within(2, lambda: ask(served.bare, "GET", "/healthz", secure=False))[0] == 200


def test_half_a_head_keeps_nobody_out_either(served, monkeypatch):
    monkeypatch.setattr("tests.deploy.test_staying_up.HALF", HALF[:40])
    with half_sent(20, served.bare, secure=False):
        assert within(2, lambda: ask(served.bare, "GET", "/healthz", secure=False))[0] == 200


def test_a_flood_of_log_ins_is_answered_429_and_other_networks_are_served(served):
    with ThreadPoolExecutor(8) as flood:
        answers = list(
            flood.map(lambda _: ask(served.https, "POST", "/log-in", "a=b", came_from="127.0.0.3"), range(60))
        )
    refused = [each for each in answers if each[0] == 429]
    assert 1 <= len(refused) <= 39, "20 at once, and 1 a second, however busy the machine is"
    _, headers, text = refused[0]
    assert "Wait a minute, then try again." in text
    assert headers["Retry-After"] == "60"
    assert headers["Cache-Control"] == "no-store"
    assert ask(served.https, "GET", "/log-in", came_from="127.0.0.3")[0] == 200
    assert log_in(served, came_from="127.0.0.4")[0] == 303


def test_the_site_sends_strangers_to_https_and_answers_to_no_other_name(served):
    status, headers, _ = ask(served.http, "GET", "/help?q=1", secure=False)
    assert (status, headers["Location"]) == (301, f"https://{HOST}/help?q=1")
    with (
        socket.create_connection(("127.0.0.1", served.https)) as sock,
        pytest.raises(ssl.SSLError, match="unrecognized"),
    ):
        TRUSTING.wrap_socket(sock, server_hostname="evil.example")
    old = trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    sock = socket.create_connection(("127.0.0.1", served.https))
    with old.wrap_socket(sock, server_hostname=HOST) as wrapped:
        assert wrapped.version() == "TLSv1.2"


def test_what_a_stranger_says_of_themself_is_not_handed_on(served):
    forged = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil.example"}
    status, headers, text = ask(served.https, "GET", "/help", **forged)
    assert (status, headers["Strict-Transport-Security"]) == (200, "max-age=31536000; includeSubDomains")
    assert "evil.example" not in text
    log = (served.folder / "portal.log").read_text("utf-8")
    assert "203.0.113.9" not in log


def test_what_people_look_for_is_not_in_the_log_of_nginx(served):
    ask(served.https, "GET", "/help?name=Stockton")
    log = (served.folder / "portal.log").read_text("utf-8")
    assert '"GET /help" 200' in log
    assert "Stockton" not in log


def test_while_the_portal_does_not_answer_it_is_said_in_its_words(repository, tmp_path):
    with nginx(repository, tmp_path, free_port()) as (https, _):
        status, _, text = ask(https, "GET", "/")
        assert status == 502
        assert "Sorry, there is a problem with the portal" in text
        status, _, text = ask(https, "POST", "/help", "a=" + "b" * 65 * 1024 * 1024)
        assert (status, "That file is too large" in text) == (413, True)


def sent(port: int, *pieces: bytes) -> bytes:
    """What the bare server answers, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(0.05)
        answer = b""
        while more := sock.recv(65536):
            answer += more
        return answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /help HTTP/1.1\r\nHost: portal.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc", b"411"),
        (b"POST /help HTTP/1.1\r\nHost: portal.example\r\ncontent-length: 68000000\r\n\r\n", b"413"),
        (b"GET /".ljust(64 * 1024, b"x"), b"431"),
        (b"POST /help HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 900\r\n\r\na", b"400"),
        (b"POST /help HTTP/1.1\r\nContent-Length: 1e3\r\n\r\na", b"400"),
        (b"\r\n\r\nContent-Length: 1000\r\n\r\na", b"400"),
    ],
)
def test_a_request_that_cannot_be_waited_for_is_refused_at_once(served, head, status):
    answer = within(2, lambda: sent(served.bare, head))
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_requests_that_come_in_pieces_or_together_are_answered_in_order(served):
    one = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert sent(served.bare, one[:10], one[10:] + one + last[:7], last[7:]).count(b"200 OK") == 3
    form = HALF + b"c" * 998
    answer = sent(served.bare, form[:-500], form[-500:] + last)
    assert answer.startswith(b"HTTP/1.1 422")  # no token of a form
    assert answer.count(b"HTTP/1.1 ") == 2
