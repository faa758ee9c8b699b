"""`./portal audit ...`: the chain of the audit, made and checked."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from commands.batchwise.sealing import HEADS, kept_heads, seal_waiting
from models.auditing import chain
from models.auditing.chain import Head
from models.base import scope
from models.words import how_many

cli = AppGroup("audit", help="Seal the audit, and check that nobody has changed it.")


@cli.command()
def seal() -> None:
    """Seal every event that waits. The worker does it once a minute."""
    click.echo(f"{how_many(seal_waiting(everything=True), 'event')} sealed.")


@cli.command()
def head() -> None:
    """Print the newest seal, for keeping where nobody who can change the database can change it."""
    with scope():
        newest = chain.head()
    if newest is None:
        raise click.ClickException("Nothing is sealed yet: ./portal audit seal, or start the worker.")
    click.echo(str(newest))


@cli.command()
@click.option("--head", "hashes", multiple=True, help="A hash, or a whole line of `audit head`, kept elsewhere.")
def verify(hashes: tuple[str, ...]) -> None:
    """Recompute every seal, and compare it with the heads that were written down. Exits with 1 if one is broken."""
    typed = [each.split()[-1].lower() if each.split() else "" for each in hashes]
    heads = kept_heads_or_exit()
    with scope():
        faults = list(chain.check(heads, typed))
        newest = chain.head()
    for fault in faults:
        click.echo(fault.words, err=True)
    if faults:
        sys.exit(1)
    click.echo(f"{how_many(newest.seq if newest else 0, 'seal')}, and each is right.")


def heads_file() -> Path:
    return current_app.config["SETTINGS"].instance / HEADS


def kept_heads_or_exit() -> list[Head]:
    try:
        return kept_heads(heads_file())
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
