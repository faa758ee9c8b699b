"""hybrid_property, whose SQL is built once for a class.

A list of payments asks `is_open` and its like of ScheduledPayment a hundred times in one request, each built of three
others; and SQLAlchemy asks every one of them anew for each statement that writes rows. Nothing of them differs from one
time to the next: their day is TODAY, and one that has another built into it is refused. One that depends on anything
else, the clock for one, takes SQLAlchemy's own.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy.ext import hybrid
from sqlalchemy.ext.hybrid import hybrid_property as _built_each_time

from models.statements import refuse_days

if TYPE_CHECKING:
    hybrid_property = hybrid.hybrid_property
else:

    class hybrid_property(_built_each_time):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._kept: dict[type, Any] = {}

        def __get__(self, instance: object | None, owner: Any) -> Any:
            if instance is not None or not _is_mapped(owner):  # an alias has another SQL each time
                return super().__get__(instance, owner)
            if owner not in self._kept:
                built = super().__get__(instance, owner)
                refuse_days(built.__clause_element__(), f"{owner.__name__}.{self.__name__}")
                self._kept[owner] = built
            return self._kept[owner]


def _is_mapped(owner: Any) -> bool:
    """It is a class, and whole: while classes are read their columns are not there yet."""
    mapper = vars(owner).get("__mapper__") if isinstance(owner, type) else None
    return mapper is not None and mapper.configured
