"""The Durham demonstration, loaded once by its own command and copied for each test that wants it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import config
from app import create_app


@contextmanager
def loaded(settings: config.Settings, database_url: str) -> Iterator[None]:
    """The database at this address, after `./portal demo load durham`."""
    app = create_app(replace(settings, database_url=database_url))
    try:
        result = app.test_cli_runner().invoke(args=["demo", "load", "durham"])
        if result.exit_code:
            raise result.exception or RuntimeError(result.output)
        yield
    finally:
        app.extensions["portal"].engine.dispose()


@contextmanager
def copy_of(template: Path, folder: Path) -> Iterator[str]:
    path = folder / "durham.sqlite"
    shutil.copyfile(template, path)
    yield f"sqlite:///{path}"
