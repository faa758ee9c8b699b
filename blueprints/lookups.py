"""Finding the record that an address names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from flask import Flask, abort, g, request, url_for
from flask_login import current_user
from sqlalchemy import CTE, Row, Select, SQLColumnExpression, func, select
from werkzeug.routing import BaseConverter, IntegerConverter, UnicodeConverter, ValidationError

from blueprints.access import me
from blueprints.transactions import note
from models.accounts.conflict import insist_on_none
from models.accounts.user import Membership, User
from models.audit import named
from models.base import Base, session, sum_of
from models.paging import FIRST, PENCE, SIZE, TOTAL
from models.records.provider import Provider
from models.tally import tally

T = TypeVar("T")


def init_app(app: Flask) -> None:
    app.url_map.converters.update(int=Number, day=Day, reference=Reference, file=FileEnding, row=RowKey)
    app.jinja_env.globals["kept_in_links"] = kept_in_links


def get_or_404(query: Select[T], given: Mapping[str, Any] | None = None) -> T:
    """The one record that the query finds, with these parameters, else 404. It always asks the database, so that the
    tenant's filter applies.

    Call it before the view does anything else: a refusal is noted in the audit in a transaction of its own.
    """
    return opened_or_404(session.scalars(query, given).unique().all())


def opened_or_404(rows: Sequence[T]) -> T:
    """As `get_or_404`, of what its query has found, for who reads it together with other things."""
    found = one_or_404(rows)
    if isinstance(found, Base):
        g.setdefault("about", About(named(found), getattr(found, "provider_id", None)))
        if _is_act_of_staff() and (asked := set(_providers_of(found)) - g.setdefault("acts_on", set())):
            insist_on_none(me(), asked)
            g.acts_on |= asked
    return found


def one_or_404(found: Sequence[T]) -> T:
    """The one that was found of what get_or_404 has opened, else 404."""
    if len(found) != 1:
        note(_not_found)
        abort(404)
    return found[0]


def opened_row_or_404(rows: Sequence[T], record: type[Base]) -> T:
    """As `opened_or_404`, of columns of a record, with its `id` and `provider_id`: for a page that only shows it."""
    found: Any = one_or_404(rows)
    g.setdefault("about", About(f"{record.__tablename__}:{found.id}", found.provider_id))
    return found


def get_row_or_404(query: Select, **values: Any) -> Row:
    """As `get_or_404`, of a query for columns; `values` are those of its parameters."""
    found = session.execute(query, values).one_or_none()
    if found is None:
        note(_not_found)
        abort(404)
    return found


def _is_act_of_staff() -> bool:
    """Something is done at this address, or asked before it is done, and it is one of the council's."""
    rule = request.url_rule
    return (request.blueprint or "").startswith("admin.") and rule is not None and "POST" in (rule.methods or ())


def _providers_of(found: Base) -> list[int]:
    """Ids of the providers on which somebody acts who acts on this record. Of a run: models.payments.authorising."""
    if isinstance(found, Provider):
        return [found.id]
    if isinstance(found, User):
        return list(session.scalars(select(Membership.provider_id).where(Membership.user_id == found.id)))
    provider_id = getattr(found, "provider_id", None)
    return [provider_id] if provider_id is not None else []


@dataclass(frozen=True)
class About:
    """The record that a page is about, as the audit calls it, and whose it is; None for a list."""

    name: str | None = None
    provider_id: int | None = None


def _not_found() -> None:
    """Numbers and days only: anything else in the address may be anything that somebody has typed."""
    asked = (request.view_args or {}).items()
    ids: dict[str, Any] = {name: str(value) for name, value in asked if isinstance(value, int | date)}
    if "provider_id" in ids:  # of the council's own pages; there may be no such provider
        ids["asked_for"] = ids.pop("provider_id")
    by = me() if current_user.is_authenticated else None
    tally("access.not_found", by=by, provider_id=g.get("provider_id"), endpoint=request.endpoint, **ids)


class Number(IntegerConverter):
    """A whole number that fits into a key; an address with a larger one is none of ours."""

    regex = "[0-9]{1,10}"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": 2**31 - 1, **options})


def key(text: str) -> int:
    """For request.args.get(type=key): a number that fits into a key."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(text)
    return int(text)


class Day(BaseConverter):
    """<day:first_on>: 2019-09-30."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None

    def to_url(self, value: date) -> str:
        return value.isoformat()


class Reference(UnicodeConverter):
    """<reference:contract>: one of the finance system's own references."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"maxlength": 100, **options})

    def to_python(self, value: str) -> str:
        if not value.isprintable():
            raise ValidationError
        return value


class FileEnding(BaseConverter):
    """/data.<file:ending>: csv or xlsx, as blueprints/download.py makes them."""

    regex = "(?:csv|xlsx)"


class RowKey(BaseConverter):
    """<row:key>: one row of a payment, as models.reports.payment_rows.key_of calls it."""

    regex = "[0-9]{1,9}-[0-9]{4}"


PER_PAGE = 50
ON_ONE_PAGE = 200
"""Of a list that people look through as a whole, so many rows are one page."""


def size_for(total: int, most: int = ON_ONE_PAGE) -> int:
    """How many rows of such a list are on a page: all up to `most`. A longer one is parted as every other list is."""
    return most if total <= most else min(PER_PAGE, most)


@dataclass
class Page:
    """Some of a list: `items` of page `number` (1 is the first) out of `pages`."""

    items: Sequence[Any]
    number: int
    total: int
    name: str
    """The argument in the address that says which page is shown."""
    pence: int | None = None
    """What all of the list comes to, shown or not; None where it was not asked for."""
    size: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Which of all the items is the first here, counted from 1."""
        return (self.number - 1) * self.size + 1

    def url(self, number: int) -> str:
        """This address with another page of the list."""
        arguments = kept_in_links() | (request.view_args or {}) | {self.name: number}
        return url_for(request.endpoint or "", **arguments)


def kept_in_links() -> dict[str, list[str]]:
    """What the address says of the lists on this page: their filters and pages. Whatever else somebody has written into
    it, `_method` or `endpoint` among them, goes into no link.
    """
    names = g.get("kept_in_links", set())
    return {name: values for name, values in request.args.to_dict(flat=False).items() if name in names}


def address_without(name: str) -> str:
    """This address without what somebody has typed there of a client: what the browser shows and keeps."""
    kept = {each: values for each, values in kept_in_links().items() if each != name}
    return url_for(request.endpoint or "", **(kept | (request.view_args or {})))


def page_of(
    found: Select | Sequence[Any],
    *,
    name: str = "page",
    pence: SQLColumnExpression[int] | str | None = None,
    size: int | None = None,
    total: int | None = None,
) -> Page:
    """The page of the list that the address asks for: the last page for one past the end, the first for no number.

    A query for columns gives rows, a query for one entity gives its objects. `pence`: one of its columns by name, or
    a column of its tables, to be added up over the whole list. `size` is how many are on a page, if not PER_PAGE;
    `total` is how many there are, where that is known already.
    """
    page = Page([], max(request.args.get(name, 1, type=key), 1), total or 0, name, size=size or PER_PAGE)
    g.setdefault("kept_in_links", set()).add(name)
    if not isinstance(found, Select):
        page.total = len(found) if total is None else total
        page.number = min(page.number, page.pages)
        page.items = found[page.first - 1 : page.first - 1 + page.size]
        return page
    if total is not None:
        page.number = min(page.number, page.pages)
        _read(page, found, None)
        return page
    counted = _counted(found, pence).cte("counted")
    _read(page, found, counted)
    if not page.items and page.number > 1:  # past the end, where no row says how many there are
        page.total = session.execute(select(counted.c.total)).scalar_one()
        page.number = page.pages
        _read(page, found, counted)
    return page


def _read(page: Page, query: Select, counted: CTE | None) -> None:
    """Put the page's items into it and, in the same statement, how many there are of them all and what they come to."""
    width = len(query.column_descriptions)
    more = [] if counted is None else [select(column).scalar_subquery() for column in counted.c]
    read = session.execute(query.add_columns(*more).offset(page.first - 1).limit(page.size)).freeze()
    page.items = read().columns(*range(width)).all() if width > 1 else read().scalars().all()
    if counted is not None:
        page.total, *sums = next((row[width:] for row in read()), [0] * len(more))
        page.pence = sums[0] if sums else None


def _counted(query: Select, pence: SQLColumnExpression[int] | str | None) -> Select:
    """How many rows the query has, and what they come to. Of its columns nothing is worked out for that: it is counted
    from the table of the first one, where that is an entity's.
    """
    query = query.order_by(None)
    first = query.column_descriptions[0]["entity"]
    if query._group_by_clauses or query._distinct or first is None:
        rows = query.subquery()
        sums = (sum_of(rows.c[pence]).label("pence"),) if isinstance(pence, str) else ()
        return select(func.count().label("total"), *sums).select_from(rows)
    adds: Any = query.selected_columns[pence] if isinstance(pence, str) else pence
    sums = () if adds is None else (sum_of(adds).label("pence"),)
    return query.with_only_columns(func.count().label("total"), *sums).select_from(first)


NEAR = 20


def is_near(name: str = "page") -> bool:
    """The address asks for one of a list's first pages, as nearly everybody does: for `page_of_part`, since what comes
    before a part is found by its keys first, so that one far down is read sooner by `page_of`.
    """
    return request.args.get(name, 1, type=key) <= NEAR


def page_of_part(part: Select, given: Mapping[str, Any] = MappingProxyType({}), *, name: str = "page") -> Page:
    """As `page_of`, of a statement of models.paging.part_of; `given` are the values of its other parameters."""
    page = Page([], max(request.args.get(name, 1, type=key), 1), 0, name)
    g.setdefault("kept_in_links", set()).add(name)
    _read_part(page, part, given)
    if not page.items and page.number > 1:  # past the end, where no row says how many there are
        asked, page.number = page.number, 1
        _read_part(page, part, given)
        page.number = min(asked, page.pages)
        if page.number > 1:
            _read_part(page, part, given)
    return page


def _read_part(page: Page, part: Select, given: Mapping[str, Any]) -> None:
    rows = session.execute(part, {**given, FIRST.bound.key: page.first - 1, SIZE.bound.key: page.size}).all()
    page.items = rows
    page.total = getattr(rows[0], TOTAL) if rows else 0
    page.pence = getattr(rows[0], PENCE, None) if rows else 0 if PENCE in part.selected_columns else None


def page_read(read: Callable[[int, int], tuple[Sequence[T], int]], *, size: int = PER_PAGE, name: str = "page") -> Page:
    """As `page_of`, of what `read(offset, limit)` gives in one query: some of the items, and how many there are in all.
    Past the end that is 0: then the last page is read.
    """
    asked = max(request.args.get(name, 1, type=key), 1)
    g.setdefault("kept_in_links", set()).add(name)
    items, total = read((asked - 1) * size, size)
    if not items and asked > 1:
        items, total = read(0, size)
        asked = max(1, -(-total // size))
        if asked > 1:
            items, total = read((asked - 1) * size, size)
    return Page(items, asked, total, name, size=size)


def whole_read(read: Callable[[int, int], tuple[Sequence[T], int]], *, most: int, name: str) -> Page:
    """As `page_read`, of a list that people look through as a whole: see `size_for`. Of a longer one `read` gives no
    more than the part that a page of it has.
    """
    if request.args.get(name, 1, type=key) > 1:
        page = page_read(read, size=size_for(most + 1, most), name=name)
        if page.total > most:
            return page
    g.setdefault("kept_in_links", set()).add(name)
    items, total = read(0, most)
    return Page(items, 1, total, name, size=size_for(total, most))
