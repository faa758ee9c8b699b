"""What a long file goes through, as its page says it while the worker is at it."""

from collections.abc import Callable

READING, CHECKING, WRITING = "reading", "checking", "writing"
Tell = Callable[[str, int], None]
"""Hears at which step the work is, and how many rows it has done there. Rows are written in one transaction, of which
nobody sees a part."""


def nobody(step: str, done: int) -> None:
    """A short file is done before anybody could ask how far it is."""
