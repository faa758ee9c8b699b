"""How the portal is served: the options of gunicorn, for deploy/portal-web.service and `make run` alike.

gunicorn's own threads read a request as it comes, so that a few clients who send half of one keep every thread. Here a
thread is given a request when all of it has come. See docs/decisions/0016.
"""

import gc
import re
import selectors
import socket
import struct
import time
from contextlib import suppress
from functools import partial

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import TConn, ThreadWorker

WHOLE_IN = 10.0
"""Seconds in which a request must have come, head and body."""
STALLED = 30
"""Seconds for which a client may take nothing of an answer."""
MOST_HEAD = 64 * 1024
MOST_BODY = 64 * 1024 * 1024
"""Bytes: as LARGEST_REQUEST in blueprints/attachments.py, and client_max_body_size in deploy/nginx-site.conf. The
portal itself refuses what is too large for its page; of a form with files it reads what was typed.
"""
MOST_WAITING = 2 * MOST_BODY
"""Bytes of requests that have not come whole, in one process."""
AT_ONCE = 64 * 1024
LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*(\d{1,18})[ \t]*(?=\r\n)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\nTransfer-Encoding:", re.IGNORECASE)


class Refused(Exception):
    """The status line of the answer to a request that is not read to its end."""


def length_of(came: bytes) -> int | None:
    """How many bytes the first request of `came` has; None while its head is not whole. Refused where it is too large,
    or does not say how large it is. A head that contradicts itself counts as one without a body: gunicorn refuses it.
    """
    end = came.find(b"\r\n\r\n", 0, MOST_HEAD)
    if end < 0:
        if len(came) >= MOST_HEAD:
            raise Refused("431 Request Header Fields Too Large")
        return None
    head = came[: end + 2]
    if CHUNKED.search(head):
        raise Refused("411 Length Required")  # no browser does it with a form, and nginx sends it on with a length
    lengths = LENGTH.findall(head)
    body = int(lengths[0]) if len(lengths) == 1 else 0
    if body > MOST_BODY:
        raise Refused("413 Content Too Large")
    return end + 4 + body


class WholeRequests(ThreadWorker):
    """The worker's main loop collects requests, as it has always done with idle connections; nobody waits in it."""

    def accept(self, listener: socket.socket) -> None:
        time.sleep(min(self.nr_conns, 5) / 1000)  # so that the process with fewer connections is quicker
        try:
            sock, client = listener.accept()
        except OSError:  # another process has it, or it is gone already
            return
        for which in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            sock.setsockopt(socket.SOL_SOCKET, which, struct.pack("ll", STALLED, 0))
        self.nr_conns += 1
        self._expect(TConn(self.cfg, sock, client, listener.getsockname()))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """A connection that was kept open has more."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._expect(conn)

    def finish_request(self, conn: TConn, fs: object) -> None:
        super().finish_request(conn, fs)
        if conn in self.keepalived_conns and conn.came:  # it was sent with the request before
            self.on_client_socket_readable(conn, conn.sock)

    def _expect(self, conn: TConn) -> None:
        """Wait for a request; murder_pending() closes the connection where it is late."""
        conn.came = getattr(conn, "came", bytearray())
        conn.timeout = time.monotonic() + WHOLE_IN
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._take, conn))
        if conn.came:
            self._look(conn)

    def _take(self, conn: TConn, sock: socket.socket) -> None:
        try:
            data = sock.recv(AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._forget(conn)
            self._end(conn)
            return
        conn.came += data
        self._look(conn)

    def _look(self, conn: TConn) -> None:
        """Give the request to a thread if it is whole."""
        try:
            length = length_of(conn.came)
            if len(conn.came) > AT_ONCE and sum(len(each.came) for each in self.pending_conns) > MOST_WAITING:
                raise Refused("503 Service Unavailable")
        except Refused as refusal:
            self._forget(conn)
            self._refuse(conn, str(refusal))
            return
        if length is None or len(conn.came) < length:
            return
        self._forget(conn)
        request, conn.came = bytes(conn.came[:length]), conn.came[length:]
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(request)
        self.enqueue_req(conn)

    def _refuse(self, conn: TConn, status: str) -> None:
        with suppress(OSError):
            conn.sock.send(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self._end(conn)

    def _forget(self, conn: TConn) -> None:
        self.pending_conns.remove(conn)
        self.poller.unregister(conn.sock)

    def _end(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()


def pre_fork(_server: Arbiter, _worker: Worker) -> None:
    """What was imported is shared by all processes: the collector of rubbish is not to write into it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Arbiter, _worker: Worker) -> None:
    """No process goes on with a connection to the database that another one has."""
    server.app.wsgi().extensions["portal"].engine.dispose(close=False)


def post_worker_init(_worker: Worker) -> None:
    """A page makes thousands of objects, nearly all of which go with it. Python looks for rubbish after each 700 new,
    among all of them ever so often: with this and freezing, pages were 25 % quicker, and p95 40 ms where it was 71.
    """
    gc.set_threshold(50_000, 20, 100)


bind = "127.0.0.1:8000"
preload_app = True
"""Imported once, for all processes: they hold 149 MB together (PSS) before the first request instead of 306. The port
opens when the portal is ready, and settings that are wrong end the server itself, with the status that the unit knows.
"""
workers = 2
"""One for each core of a usual machine: Python runs one thread of a process at a time."""
threads = 2
"""While one waits for the disc, since each note is written before its answer, another goes on. More of them only take
the interpreter from each other: eight people who look at orders at once were answered 225 times a second with two
threads and 199 times with four, 5 % of them after more than 61 ms and 75 (bench/server.py). Each has a connection to
the database. Whoever comes meanwhile waits in line.
"""
worker_class = WholeRequests
worker_connections = 500
"""Open connections of a process, idle ones included: it accepts no more than these. Browsers keep six, so a small bound
would shut people out. What shares eight kept connections between the processes is the pause in accept(): without it one
of two did 74 to 100 % of the work in six trials, with it 50 to 67 % in ten. `reuse_port` would not: gunicorn opens one
socket, which its processes inherit.
"""
umask = 0o077
control_socket_disable = True
forwarded_allow_ips = ""  # who is believed is said in settings.toml: proxies
