"""What `./portal verify` finds."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class BrokenPromise:
    """A promise that does not hold, and where. Names records by id, never a client."""

    promise: str
    words: str = ""
    """What is stored, what it should be, or what to do; empty where the promise says it."""
    ids: dict[str, int] = field(default_factory=dict)
    """The records that it is about, by what they are: `{"payment": 12}`. An order goes by its number."""
    is_warning: bool = False
    """Nothing is broken, but somebody has to do something about it."""

    @property
    def where(self) -> str:
        """As in `payment 12, run 3: £1.00, lines £2.00`."""
        named = ", ".join(f"{what} {id_}" for what, id_ in self.ids.items())
        return ": ".join(part for part in (named, self.words) if part)

    def as_dict(self) -> dict[str, Any]:
        return {"promise": self.promise, "where": self.where, "ids": self.ids, "is_warning": self.is_warning}
