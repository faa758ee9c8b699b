"""The commands of the portal, `./portal COMMAND`: every module here has a group named `cli`, which parses, calls and
prints. What the office or the database refuses is said in one sentence, in one place: `in_one_sentence`.

Packages are no commands: `batchwise` is what they do, `demonstrations` what `demo load` loads.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import DBAPIError

from models.base import DomainError
from models.database_faults import DatabaseTrouble

log = logging.getLogger(__name__)
WRITTEN = "Nothing of what was in hand is written; what was finished before stays."


class DatabaseFault(click.ClickException):
    """One sentence on stderr, and the exit status that says "try again" (EX_TEMPFAIL) to cron and systemd."""

    exit_code = 75


def init_app(app: Flask) -> None:
    for module in iter_modules(__path__):
        if not module.ispkg:
            app.cli.add_command(_guarded(import_module(f"{__name__}.{module.name}").cli))


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """A DomainError ends the command with 1. A database that is busy, full, read-only, away or not upgraded ends it
    with 75, and the trace goes to the log, at level info. Any other fault is ours, and keeps its trace.
    """
    try:
        yield
    except DomainError as refusal:
        raise click.ClickException(f"{refusal}.") from None
    except DBAPIError as fault:
        trouble = DatabaseTrouble.of(fault)
        if trouble is None:
            raise
        log.info("the database failed", exc_info=True)
        raise DatabaseFault(f"{trouble.words} {WRITTEN} {trouble.cure}") from None


def _guarded(command: click.Command) -> click.Command:
    """The command, which has no handler of its own, with ours around it and all that is below it."""
    guarded, invoke = copy(command), command.invoke

    def in_our_words(ctx: click.Context) -> Any:
        with in_one_sentence():
            return invoke(ctx)

    guarded.invoke = in_our_words  # type: ignore[method-assign]  # a copy of our own
    return guarded
