"""How a list is sorted, as its address says: `sort=total` for the least first, `sort=-total` for the greatest first."""

from collections.abc import Mapping

from flask import g, request, url_for
from sqlalchemy import Select, SQLColumnExpression

from blueprints.lookups import kept_in_links
from models.paging import sorted_by

Key = str | SQLColumnExpression
"""A column of the query by its name, or one of its tables that it does not select, say a folded name."""
Columns = Mapping[str, Key | tuple[Key, ...]]
"""By which columns a list can be sorted, by the names that they have in the address."""


def ordered(query: Select, columns: Columns, asked: str) -> Select:
    """The query in the order that is asked for, as an address says it (`models.paging.sorted_by`), its own where none
    is. A key that is a text is the name of a column which the query selects.
    """
    if not asked:
        return query
    found = columns[name := asked.removeprefix("-")]
    keys = found if isinstance(found, tuple) else (found,)
    by = {name: tuple(query.selected_columns[each] if isinstance(each, str) else each for each in keys)}
    return query.order_by(None).order_by(*sorted_by(by, asked, query._order_by_clauses))


class Sorting:
    """The order that the address asks for. A name that the list does not declare is passed over.

    `usual` is how the query sorts by itself: the name of a column, with a minus in front if the greatest comes first;
    empty if no single column says it.
    """

    def __init__(self, columns: Columns, *, usual: str = "", name: str = "sort", page: str = "page") -> None:
        self.name, self._columns, self._page = name, columns, page
        asked = request.args.get(name, "")
        self.asked = asked if asked.removeprefix("-") in columns else ""
        """As the address says it; empty for the usual order."""
        self._order = self.asked or usual
        g.setdefault("kept_in_links", set()).add(name)

    def __contains__(self, column: str) -> bool:
        return column in self._columns

    def of(self, query: Select) -> Select:
        """The query in this order: see `ordered`."""
        return ordered(query, self._columns, self.asked)

    def aria(self, column: str) -> str | None:
        """For aria-sort of the column's heading; None if the list is sorted by another."""
        if self._order.removeprefix("-") != column:
            return None
        return "descending" if self._order.startswith("-") else "ascending"

    def url(self, column: str, *, greatest_first: bool = False) -> str:
        """This address sorted by the column, from its first page; the other way round if it is sorted by it already."""
        down = {"ascending": True, "descending": False, None: greatest_first}[self.aria(column)]
        kept = {name: values for name, values in kept_in_links().items() if name != self._page}
        arguments = kept | (request.view_args or {}) | {self.name: f"{'-' if down else ''}{column}"}
        return url_for(request.endpoint or "", **arguments)
