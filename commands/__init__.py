"""The `flask ...` commands: every module here has a group named `cli`, which parses, calls and prints.

Packages are no commands: `batchwise` is what they do, `demonstrations` what `flask demo` loads.
"""

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask


def init_app(app: Flask) -> None:
    for module in iter_modules(__path__):
        if not module.ispkg:
            app.cli.add_command(import_module(f"{__name__}.{module.name}").cli)
