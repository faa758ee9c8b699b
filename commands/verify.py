"""`flask verify`: recalculate everything, and check that every promise holds."""

import sys

import click
from flask.cli import with_appcontext

from commands.audit import kept_heads_or_exit
from models.verify import check_all


@click.command("verify")
@with_appcontext
def cli() -> None:
    """Check every promise over the whole database, changing nothing. Exits with 1 if one does not hold."""
    found = list(check_all(kept_heads_or_exit()))
    for finding in found:
        click.echo(f"{finding.promise}: not so for {finding.where}", err=True)
    if found:
        click.echo(f"{len(found)} found.", err=True)
        sys.exit(1)
    click.echo("Every promise holds.")
