"""A whole council with made-up data: every kind of provider, two years of payments, dated from today.

The finance system of a real council sends its feed again and again, and knows more each time. So here: a few
feeds are written, each as it would have been sent on its day. What one says that the last did not (somebody had
left, a price had risen) becomes a correction in the payments that follow.
"""

import shutil
from datetime import date
from pathlib import Path

from commands.demonstrations.borsetshire import at_home, community, fostering, homes
from commands.demonstrations.borsetshire.days import Timeline
from commands.demonstrations.borsetshire.office import Office

SEED = 1951
FIRST_ORDER = 50_001
"""The number of the first purchase order; the next ones follow."""


def write(folder: Path, today: date, *, seed: int = SEED, size: float = 1.0) -> None:
    """Feeds in folders of `folder`, named by the days on which they were sent. A small `size` has few of everything."""
    office = Office(Timeline(today), seed, size)
    for area in (fostering, at_home, homes, community):
        area.add(office)
    at_home.add_former_host(office)  # last, so that everybody else is called and numbered as without
    community.add_invoiced(office)
    community.add_reablement(office)
    _number_the_first_order(office)
    if folder.exists():
        shutil.rmtree(folder)
    for day in office.line.deliveries:
        office.feed.write(folder / day.isoformat(), day)


def _number_the_first_order(office: Office) -> None:
    """The finance system had ordered before: purchase orders do not begin with 1."""
    item = office.items[0]
    office.feed.add("purchase_orders", number=FIRST_ORDER, provider_ref=office.provider_of[item.contract],
                    client_ref=item.client, financial_year=next(office.line.years()))  # fmt: skip
