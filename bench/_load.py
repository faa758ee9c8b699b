"""Servers as they are deployed, people who look at a page again and again, and what the servers' processes took."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from threading import Barrier, Thread

INSTANCE = "BENCH_INSTANCE"
"""The environment variable that tells the servers in which folder the database lies."""
ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    port: int
    pid: int
    """Of gunicorn's own process, whose children answer."""

    @property
    def workers(self) -> list[int]:
        return [int(each) for each in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def cpu(self) -> list[float]:
        """Seconds of the processor that each of the workers has taken so far."""
        found = (Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in self.workers)
        return [(int(each[11]) + int(each[12])) / TICK for each in found]

    def pss_mb(self) -> float:
        """What they hold together: memory that several share is counted once."""
        rolled = (Path(f"/proc/{each}/smaps_rollup").read_text() for each in (self.pid, *self.workers))
        return sum(int(each.partition("\nPss:")[2].split()[0]) for each in rolled) / 1024


@dataclass(frozen=True)
class Looked:
    """What so many people saw who looked at one page for a while."""

    rate: float
    """Answers a second, of all of them together."""
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    """Of the processor, for one answer."""
    busiest: float
    """Which part of it the busiest of the workers took: a half of two, where both get work."""
    size: int
    """Bytes of a body, as it was sent."""


@contextmanager
def served(app: str, folder: Path, *options: str) -> Iterator[Server]:
    """gunicorn with the options of deploy/gunicorn.conf.py, and further ones."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}",
               "--log-level", "warning", *options, app]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {INSTANCE: str(folder)})
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def look(server: Server, path: str, cookie: str, *, clients: int, seconds: float) -> Looked:
    """Each of the clients keeps its connection, and asks for the page as soon as it has it."""
    for _ in range(2 * clients):
        _Client(server.port, path, cookie).ask()
    times: list[float] = []
    people = [_Client(server.port, path, cookie) for _ in range(clients)]
    size = [each.ask() for each in people][0]
    ready = Barrier(clients + 1)

    def go_on(client: _Client) -> None:
        ready.wait()
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            client.ask()
            times.append(time.perf_counter() - began)

    threads = [Thread(target=go_on, args=[each]) for each in people]
    for each in threads:
        each.start()
    before = server.cpu()
    ready.wait()
    began = time.perf_counter()
    for each in threads:
        each.join()
    took = time.perf_counter() - began
    cpu = [after - then for after, then in zip(server.cpu(), before, strict=True)]
    cut = quantiles(times, n=20) if len(times) > 1 else times * 20
    busiest = max(cpu) / (sum(cpu) or 1)
    return Looked(len(times) / took, cut[9] * 1e3, cut[18] * 1e3, sum(cpu) / len(times) * 1e3, busiest, size)


class _Client:
    def __init__(self, port: int, path: str, cookie: str) -> None:
        self.port = port
        self._connect()
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: session={cookie}\r\nAccept-Encoding: br\r\n\r\n"
        self.request = head.encode()

    def _connect(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> int:
        """How many bytes the answer's body has; RuntimeError where it is not a page. As a browser does, it connects
        again where the server has closed an idle connection.
        """
        try:
            self.sock.sendall(self.request)
            came = self._more()
        except OSError:
            self.sock.close()
            self._connect()
            self.sock.sendall(self.request)
            came = self._more()
        while (end := came.find(b"\r\n\r\n")) < 0:
            came += self._more()
        if not came.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(came[:end].decode())
        size = int(came[:end].lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        left = size - (len(came) - end - 4)
        while left > 0:
            left -= len(self._more())
        return size

    def _more(self) -> bytes:
        if more := self.sock.recv(262_144):
            return more
        raise ConnectionResetError("the server has closed the connection")
