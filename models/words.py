"""Saying how many, and which of a few states."""

from enum import StrEnum
from typing import TYPE_CHECKING


class Choice(StrEnum):
    """A closed list of states or kinds. Templates ask `state.is_partly_finalised`, and know no raw value."""

    if not TYPE_CHECKING:  # Python code says `state is Processing.PARTLY_FINALISED`

        def __getattr__(self, name: str) -> bool:
            """`is_` and a member's name: whether it is that one. NameError where there is no such member."""
            if not name.startswith("is_"):
                raise AttributeError(name)
            if (asked := name.removeprefix("is_").upper()) not in type(self).__members__:
                raise NameError(f"{type(self).__name__} has no {asked}")
            return self.name == asked


def how_many(count: int, thing: str) -> str:
    """1 payment, 2 payments, 1,204 payments."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
