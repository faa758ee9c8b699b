"""Files of a demonstration that a home care agency has uploaded: its workers, the visits of a week, and last week's
figures with faults that wait to be mended. Each is read and checked as a page would do it.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from sqlalchemy import select

from commands.demonstrations.actuals import LATE, paid_on_actuals, submitters
from exchange.downloads.tabular import Cell, csv_text
from exchange.sheets.example import with_faults
from exchange.sheets.reading import read_table
from exchange.sheets.template import headings, safe_twice, template_rows
from models.accounts.user import User
from models.base import session, transaction
from models.calendar import DAY, today
from models.money import SCALE
from models.pricing import Unit
from models.records.contract import Contract
from models.records.import_batch import ImportBatch, ImportKind
from models.records.provider import Provider
from models.tenancy import every_provider, set_tenant
from models.uploads import batch as verbs
from models.uploads.prefilled import A_WEEK, PrefilledRow, prefilled

WORKERS = (("W01", "Jean", "Ainsley"), ("W02", "Oluwaseun", "Adeyemi"), ("W03", "Siân", "Pryce"),
           ("W04", "Tom", "Raistrick"), ("W05", "Katarzyna", "Wójcik"))  # fmt: skip
FIRST_CALL, ROUND, LONGEST = time(7, 30), timedelta(hours=3), 150
"""When a worker's first visit begins, from when to when the next one does, and the most minutes of one."""


def perform() -> None:
    """Nothing, where no contract pays on actuals."""
    with transaction(), every_provider():
        contracts = set(session.scalars(paid_on_actuals()))
        places = select(Contract.provider_id).where(Contract.id.in_(contracts))
        query = select(Provider).where(Provider.id.in_(places)).order_by(Provider.id).limit(1)
        provider = session.scalars(query).first()
        by = session.scalars(submitters(provider.id)).first() if provider else None
    if provider is not None and by is not None:
        with transaction():
            set_tenant(provider.id)
            _send(provider, contracts, by)


def _send(provider: Provider, contracts: Container[int], by: User) -> None:
    workers = [(*worker, None, None, "Yes") for worker in WORKERS]
    _apply(provider, _received(provider, ImportKind.CARERS, "staff-list.csv", workers, by), by)
    week = list(prefilled(provider, until=today() - LATE * A_WEEK, weeks=1))
    visits = _received(provider, ImportKind.VISITS, "visits-from-rota.csv", _visits(week), by)
    _apply(provider, visits, by)
    last = prefilled(provider, until=today() - A_WEEK, weeks=1)
    rows = list(template_rows(provider.reference, (row for row in last if row.item.contract_id in contracts)))
    pairs = enumerate(zip(rows, with_faults(rows), strict=True))
    _, *mixed = safe_twice(wrong if at % 4 else right for at, (right, wrong) in pairs)
    _received(provider, ImportKind.ACTUALS, "actuals-last-week.csv", mixed, by)


def _received(
    provider: Provider, kind: ImportKind, name: str, rows: Sequence[tuple[Cell, ...]], by: User
) -> ImportBatch:
    content = "".join(csv_text([headings(kind), *rows])).encode()
    table = read_table(name, content, kind.sheet)
    digest = sha256(content).hexdigest()
    batch = verbs.receive(
        provider, kind, name, digest, table.rows, bad=table.bad, notes=table.notes, is_csv=True, by=by
    )
    session.flush()
    verbs.check(batch, provider)
    session.flush()
    return batch


def _apply(provider: Provider, batch: ImportBatch, by: User) -> None:
    verbs.apply(batch, provider, verbs.check(batch, provider), only_good=True, by=by)
    session.flush()


def _visits(week: Iterable[PrefilledRow]) -> list[tuple[Cell, ...]]:
    """A visit a day to everybody who has hours. Of the first person the rota names another service on one day, so that
    somebody has to say where that visit belongs; and on another nobody opened the door.
    """
    people = [row for row in week if row.item.unit is Unit.HOUR and row.planned.planned_e4]
    return [
        _visit(row, number, row.planned.week.first + at * DAY) for number, row in enumerate(people) for at in range(7)
    ]


def _visit(row: PrefilledRow, number: int, day: date) -> tuple[Cell, ...]:
    """As long as a seventh of the week's hours. No worker is at two places at once: a round takes ROUND."""
    minutes = min(row.planned.planned_e4 * 60 // SCALE // 7 // 5 * 5, LONGEST)
    begins = datetime.combine(day, FIRST_CALL) + number // len(WORKERS) * ROUND
    worker, *_ = WORKERS[(number + day.toordinal()) % len(WORKERS)]
    is_odd, is_away = (number == 0 and day.weekday() == at for at in (2, 4))
    clock = f"{begins:%H:%M}", f"{begins + timedelta(minutes=minutes):%H:%M}"
    made = (None, None) if is_away else clock
    said = ("Frustrated", "NO_REPLY", "Nobody opened the door") if is_away else ("Delivered", None, None)
    level = "Night sitting" if is_odd else row.item.level_name
    reference = None if is_odd else row.item.reference
    return (
        f"R{row.item.id}-{day:%m%d}", row.item.client_reference, reference, level, day, *clock, *made, worker, 1, *said,
        "App", None,
    )  # fmt: skip
