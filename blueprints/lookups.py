"""Finding the record that an address names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from flask import Flask, abort, g, request, url_for
from flask_login import current_user
from sqlalchemy import Select, func, select
from werkzeug.routing import BaseConverter, IntegerConverter, UnicodeConverter, ValidationError

from blueprints.access import me
from blueprints.transactions import note
from models.audit import record
from models.base import Base, session

T = TypeVar("T")


def init_app(app: Flask) -> None:
    app.url_map.converters.update(int=Number, day=Day, reference=Reference)


def get_or_404(query: Select[T]) -> T:
    """The one record that the query finds, else 404. It always asks the database, so that the tenant's filter applies.

    Call it before the view does anything else: a refusal is noted in the audit in a transaction of its own.
    """
    found = session.scalars(query).unique().one_or_none()
    if found is None:
        note(_not_found)
        abort(404)
    if isinstance(found, Base):
        g.setdefault("record", found)  # what the page is about, for the audit
    return found


def _not_found() -> None:
    """Numbers and days only: anything else in the address may be anything that somebody has typed."""
    asked = (request.view_args or {}).items()
    ids: dict[str, Any] = {name: str(value) for name, value in asked if isinstance(value, int | date)}
    if "provider_id" in ids:  # of the council's own pages; there may be no such provider
        ids["asked_for"] = ids.pop("provider_id")
    by = me() if current_user.is_authenticated else None
    record("access.not_found", by=by, provider_id=g.get("provider_id"), endpoint=request.endpoint, **ids)


class Number(IntegerConverter):
    """A whole number that fits into a key; an address with a larger one is none of ours."""

    regex = r"\d{1,10}"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": 2**31 - 1, **options})


def key(text: str) -> int:
    """For request.args.get(type=key): a number that fits into a key."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(text)
    return int(text)


class Day(BaseConverter):
    """<day:first_on>: 2019-09-30."""

    regex = r"\d{4}-\d{2}-\d{2}"

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


PER_PAGE = 50


@dataclass
class Page:
    """Some of a list: `items` of page `number` (1 is the first) out of `pages`."""

    items: Sequence[Any]
    number: int
    total: int
    name: str
    """The argument in the address that says which page is shown."""

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))

    @property
    def first(self) -> int:
        """Which of all the items is the first here, counted from 1."""
        return (self.number - 1) * PER_PAGE + 1

    def url(self, number: int) -> str:
        """This address with another page of the list."""
        arguments = request.args.to_dict() | (request.view_args or {}) | {self.name: number}
        return url_for(request.endpoint or "", **arguments)


def page_of(found: Select | Sequence[Any], *, name: str = "page") -> Page:
    """The page of the list that the address asks for: the last page for one past the end, the first for no number.

    A query for columns gives rows, a query for one entity gives its objects.
    """
    asked = request.args.get(name, 1, type=int)
    if isinstance(found, Select):
        total = session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    else:
        total = len(found)
    page = Page([], 1, total, name)
    page.number = min(max(asked, 1), page.pages)
    at = page.first - 1
    if not isinstance(found, Select):
        page.items = found[at : at + PER_PAGE]
    elif len(found.column_descriptions) > 1:
        page.items = session.execute(found.offset(at).limit(PER_PAGE)).all()
    else:
        page.items = session.scalars(found.offset(at).limit(PER_PAGE)).all()
    return page
