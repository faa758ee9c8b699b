"""What deploy/gunicorn.conf.py does around the processes of the server."""

import gc
import os
import runpy
import socket
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from models.base import connect
from tests.deploy.test_staying_up import served  # noqa: F401  # the fixture
from tests.support.front import HOST

KEPT = 8
TRIES = 5
"""Connections that stay open at once: browsers keep six."""


@pytest.fixture
def options(repository):
    return runpy.run_path(str(repository / "deploy" / "gunicorn.conf.py"))


def of_app(engine):
    app = SimpleNamespace(extensions={"portal": SimpleNamespace(engine=engine)})
    return SimpleNamespace(app=SimpleNamespace(wsgi=lambda: app))


def test_a_process_that_was_forked_shares_no_connection_with_the_others(options, tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        first = connection.connection.dbapi_connection
    options["post_fork"](of_app(engine), None)
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection is not first
    first.execute("SELECT 1")  # it stays open for the process that has it
    first.close()
    engine.dispose()


def test_what_was_imported_is_left_alone_by_the_collector_of_rubbish(options):
    before, threshold = gc.get_freeze_count(), gc.get_threshold()
    try:
        options["pre_fork"](None, None)
        assert gc.get_freeze_count() > before
        options["post_worker_init"](None)
        assert gc.get_threshold()[0] == 50_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)


def test_both_processes_get_some_of_eight_kept_connections(served):  # noqa: F811
    """In one of some tries: who wakes first when a connection comes is the kernel's choice."""
    assert any(len(set(_owners(served))) == 2 for _ in range(TRIES)), "one process has them all"


def _owners(served) -> list[int]:  # noqa: F811
    """The process of each of KEPT connections."""
    request = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    with ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", served.bare), 30)) for _ in range(KEPT)]
        for sock in socks:
            sock.sendall(request)
            assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        owners = [pid for pid in _processes(served.bare) for _ in range(_established(pid, served.bare))]
    assert len(owners) == KEPT
    return owners


def _processes(port: int) -> list[int]:
    """Those that listen at this port."""
    wanted = {
        line.split()[9] for line in _tcp() if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and wanted & set(_sockets(int(pid)))]


def _established(pid: int, port: int) -> int:
    """How many connections to the port this process has."""
    here = {line.split()[9] for line in _tcp() if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01"}
    return len(here & set(_sockets(pid)))


def _tcp() -> list[str]:
    with open("/proc/net/tcp") as table:
        return table.read().splitlines()[1:]


def _sockets(pid: int) -> list[str]:
    """The inodes of the sockets that are open in a process; none where it is another user's, or gone."""
    try:
        names = [os.readlink(f"/proc/{pid}/fd/{each}") for each in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []
    return [name[8:-1] for name in names if name.startswith("socket:[")]
