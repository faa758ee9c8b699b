"""`./portal verify`: work everything out anew, and check that every promise holds."""

import json
import sys

import click
from flask.cli import with_appcontext

from commands.audit import heads_file
from commands.batchwise.filing import faults_of
from commands.batchwise.sealing import read_heads
from commands.payments import bar
from exchange.files.store import UPLOADS, Store
from models.verify import BrokenPromise, check_all


@click.command("verify")
@click.option("--json", "is_json", is_flag=True, help="Print what is found as one JSON list.")
@with_appcontext
def cli(is_json: bool) -> None:
    """Check every promise over the whole database, and the files that it names, reading only: nobody waits for it.
    Exits with 1 if one does not hold. A warning is something that somebody has to see to; it breaks no promise.
    """
    heads, unreadable = read_heads(heads_file())
    with bar() as progress:
        found = [BrokenPromise("the heads of the audit can be read", words) for words in unreadable]
        found += faults_of(Store(heads_file().parent / UPLOADS))
        found += sorted(check_all(heads, progress=progress), key=lambda each: each.is_warning)
    broken = [each for each in found if not each.is_warning]
    if is_json:
        click.echo(json.dumps([each.as_dict() for each in found], indent=2, ensure_ascii=False))
        sys.exit(1 if broken else 0)
    for each in found:
        click.echo(f"{'Warning: ' if each.is_warning else ''}{each.promise}: not so for {each.where}", err=True)
    if broken:
        click.echo(f"{len(broken)} found.", err=True)
        sys.exit(1)
    click.echo("Every promise holds.")
