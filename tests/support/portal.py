"""The portal that a test works in, and how it gets into threads."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any

import sqlalchemy as sa
from flask import Flask

from models.base import scope
from models.portal import Portal, current_portal
from tests.support import database as databases


class OwnPortal:
    """What a test's own code works in. The apps that it opens change with it."""

    def __init__(self, usual: Portal) -> None:
        self._apps: list[Flask] = []
        self._scope = ExitStack()
        self._scope.enter_context(scope(usual))

    def change(self, **values: Any) -> None:
        """`own_portal.change(today=day)`: from now on. Not inside a transaction."""
        changed = replace(current_portal(), **values)
        self.leave()
        self._scope.enter_context(scope(changed))
        for app in self._apps:
            app.extensions["portal"] = replace(app.extensions["portal"], **values)

    def open(self, app: Flask, portal: Portal | None = None) -> Flask:
        """Let the app's requests and commands run in `portal`, or in this one."""
        app.testing = True
        app.extensions["portal"] = portal or current_portal()
        self._apps.append(app)
        return app

    @contextmanager
    def on(self, url: str) -> Iterator[sa.Engine]:
        """With the database at this address, to the end of the test."""
        engine = databases.connect(url)
        self.change(engine=engine)
        yield engine
        self.leave()
        databases.leave(engine)

    def leave(self) -> None:
        self._scope.close()


def in_this_portal(work: Callable[..., Any]) -> Callable[..., Any]:
    """`work` for another thread, which begins with no portal."""
    portal = current_portal()

    @wraps(work)
    def run(*given: Any, **named: Any) -> Any:
        with scope(portal):
            return work(*given, **named)

    return run
