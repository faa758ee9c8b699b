"""The `flask ...` commands: every module here has a group named `cli`."""

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask


def init_app(app: Flask) -> None:
    for module in iter_modules(__path__):
        app.cli.add_command(import_module(f"{__name__}.{module.name}").cli)
