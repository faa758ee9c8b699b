"""How many processes and threads answer best: eight people at once on the pages of a deadline evening."""

from contextlib import AbstractContextManager, ExitStack
from dataclasses import fields
from statistics import median

from bench._load import Looked, Server, look, served
from bench._places import Place, place
from bench.pages import PAGES, path_of

SIZE, LARGEST = 1_000, 100
ASKED = "home", "payments", "a payment, 50 rows", "council: payments, 50 rows"
TRIED = (
    (1, 4), (1, 8), (2, 1), (2, 2), (2, 4), (2, 8), (3, 2), (3, 4), (4, 2), (4, 4),
)  # fmt: skip
"""Processes, and threads of each."""
CLIENTS = 8


def measure() -> None:
    report(rounds=5, seconds=1.0)


def report(rounds: int, seconds: float) -> None:
    """All of them at once, asked in turns: a machine is not as quick in one minute as in the next."""
    print(HEAD)
    pages = [page for page in PAGES if page.name in ASKED]
    with ExitStack() as stack:
        made = stack.enter_context(place(SIZE, LARGEST))
        servers = {tried: stack.enter_context(_served(made, *tried)) for tried in TRIED}
        seen: dict[tuple[int, int], list[Looked]] = {tried: [] for tried in TRIED}
        for _ in range(rounds):
            for page in pages:
                for tried, server in servers.items():
                    path = path_of(page, 1)
                    seen[tried].append(look(server, path, page.cookie, clients=CLIENTS, seconds=seconds))
        for tried, server in servers.items():
            print(_row(*tried, seen[tried], server.pss_mb()))


def _served(made: Place, workers: int, threads: int) -> AbstractContextManager[Server]:
    options = "--workers", str(workers), "--threads", str(threads)
    return served("bench._places:portal_app()", made.folder, *options)


HEAD = """\
| Processes x threads | Answers a second | p50, p95 ms | CPU ms | busiest process | PSS |
|---|---|---|---|---|---|"""


def _row(workers: int, threads: int, seen: list[Looked], pss: float) -> str:
    middle = Looked(*(median(getattr(one, each.name) for one in seen) for each in fields(Looked)))
    return (
        f"| {workers} x {threads} | {middle.rate:.0f} | {middle.p50_ms:.0f}, {middle.p95_ms:.0f} | {middle.cpu_ms:.1f} "
        f"| {middle.busiest:.0%} | {pss:.0f} MB |"
    )
