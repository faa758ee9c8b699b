"""Pages beside bare ones that send the same: answers a second, milliseconds, the processor, memory.

python -m bench.pages [items of a council] [of a large one] [of its largest provider] [rounds] [seconds]
"""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from app import create_app
from bench._data import settings_in, statements
from bench._load import Looked, Server, look, served
from bench._places import FINANCE, OFFICER, place
from bench.bare.app import RECORDED

SMOKE = (300, 600, 300, 1, 0.2)
"""What is measured where nothing is said, for trying whether it works."""
WHOLE = (1_000, 100_000, 2_000, 5, 1.0)
"""What `make bench` measures."""
WEEK, FINALISED = "2019-09-30", "2019-09-23"


@dataclass(frozen=True)
class Page:
    name: str
    path: str
    """`{n}` stands for the provider, `{id}` for the line item and order of one client of it."""
    of_everyone: bool = False
    """It is one of the provider with fifty items, whichever others there are."""

    @property
    def cookie(self) -> str:
        return OFFICER if self.path.startswith("/council") else FINANCE


PAGES = (
    Page("home", "/providers/{n}/"),
    Page("payments", "/providers/{n}/payments/"),
    Page("a payment, 50 rows", f"/providers/{{n}}/payments/C{{n}}/{WEEK}"),
    Page("purchase orders, 50 rows", "/providers/{n}/purchase-orders/"),
    Page("purchase orders of one client", "/providers/{n}/purchase-orders/?text=Surname{id}"),
    Page("one order", "/providers/{n}/purchase-orders/{id}"),
    Page("a thread", "/providers/1/actions/1", of_everyone=True),
    Page("claims", "/providers/1/claims/", of_everyone=True),
    Page("a remittance", f"/providers/{{n}}/reports/remittance-by-period?contract=C{{n}}&period={FINALISED}"),
    Page("a week of actuals, 60 people", f"/providers/2/actuals/C2/1/{FINALISED}", of_everyone=True),
    Page("council: home", "/council/", of_everyone=True),
    Page("council: payments, 50 rows", "/council/payments/", of_everyone=True),
)  # fmt: skip


def measure() -> None:
    report(*WHOLE)


def report(size: int, large: int, largest: int, rounds: int, seconds: float) -> None:
    with ExitStack() as stack:
        small, big = (stack.enter_context(each) for each in (place(size), place(large, largest)))
        asked = {name: sent.statements for name, sent in record(small.folder).items()}
        portal = stack.enter_context(served("bench._places:portal_app()", small.folder))
        larger = stack.enter_context(served("bench._places:portal_app()", big.folder))
        bare = stack.enter_context(served("bench.bare.app:bare_app()", small.folder))
        at_rest = portal.pss_mb()
        print(f"  {size:,} line items, and {large:,} of which one provider has {largest:,}; {rounds} rounds\n")
        print(HEAD)
        for page in PAGES:
            print(_row(page, asked[page.name], [portal, bare, larger], rounds, seconds), flush=True)
        print(
            f"\n  memory (PSS) of the server: {at_rest:.0f} MB before the first request, {portal.pss_mb():.0f} MB now;"
        )
        print(f"  of the larger council's {larger.pss_mb():.0f} MB, of the bare pages' {bare.pss_mb():.0f} MB")


HEAD = """\
| Page | Statements | KB, br | 1 client: a second, of the bare | p50, p95 ms | CPU ms | 8 clients: \
a second, of the bare | p95 ms | busiest worker | CPU, larger |
|---|---|---|---|---|---|---|---|---|---|"""


def _row(page: Page, asked: int, servers: Sequence[Server], rounds: int, seconds: float) -> str:
    own = [path_of(page, 1), path_of(page, 1), path_of(page, 1 if page.of_everyone else 3)]
    pairs = list(zip(servers, own, strict=True))
    ones: list[list[Looked]] = [[], [], []]
    eights: list[list[Looked]] = [[], [], []]
    for _ in range(rounds):
        for at, (server, path) in enumerate(pairs):
            ones[at].append(look(server, path, page.cookie, clients=1, seconds=seconds))
        for at, (server, path) in enumerate(pairs[:2]):
            eights[at].append(look(server, path, page.cookie, clients=8, seconds=seconds))
    one, bare, larger = (_middle(each) for each in ones)
    eight, bare_eight = (_middle(each) for each in eights[:2])
    return (
        f"| {page.name} | {asked} | {one.size / 1000:.1f} "
        f"| {one.rate:.0f} of {bare.rate:.0f}: {one.rate / bare.rate:.2f} "
        f"| {one.p50_ms:.1f}, {one.p95_ms:.1f} of {bare.p95_ms:.1f} | {one.cpu_ms:.1f} of {bare.cpu_ms:.1f} "
        f"| {eight.rate:.0f} of {bare_eight.rate:.0f}: {eight.rate / bare_eight.rate:.2f} "
        f"| {eight.p95_ms:.0f} of {bare_eight.p95_ms:.0f} | {eight.busiest:.0%} "
        f"| {larger.cpu_ms / one.cpu_ms:.2f}x |"
    )


def _middle(each: Sequence[Looked]) -> Looked:
    """The median of the rounds, of each figure for itself."""
    names = "rate", "p50_ms", "p95_ms", "cpu_ms", "busiest", "size"
    return Looked(*(median(getattr(one, name) for one in each) for name in names))


def path_of(page: Page, provider: int) -> str:
    """Of a client of the provider: the items of provider 1 have numbers from 1, those of provider 3 from 111."""
    return page.path.format(n=provider, id={1: 7, 3: 117}[provider])


class Sent(NamedTuple):
    html: str
    statements: int
    """That the portal asked its database meanwhile."""


def record(folder: Path) -> dict[str, Sent]:
    """What the portal sends of provider 1, by a page's name. What stands around the main parts is written down for the
    bare pages.
    """
    app = create_app(settings_in(folder))
    client = app.test_client()
    found, frames = {}, {}
    for page in PAGES:
        path = path_of(page, 1)
        client.set_cookie("session", page.cookie, domain="localhost")
        client.get(path)
        with statements() as sent:
            answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        before, _, rest = answer.text.partition("<main")
        frames[path] = before, rest.partition("</main>")[2]
        found[page.name] = Sent(answer.text, len(sent))
    (folder / RECORDED).write_text(json.dumps(frames), "utf-8")
    app.extensions["portal"].engine.dispose()
    return found


if __name__ == "__main__":
    given = [float(each) if "." in each else int(each) for each in sys.argv[1:]]
    report(*(*given, *SMOKE[len(given) :]))  # type: ignore[arg-type]  # numbers, in the order of SMOKE
