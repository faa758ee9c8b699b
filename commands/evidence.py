"""`./portal evidence verify FILE`: a receipt of an agreement, checked without the portal's database."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from exchange.evidence import LARGEST, NoReceipt
from exchange.evidence import verify as verify_receipt

cli = AppGroup("evidence", help="Check receipts of agreements.")


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Check that a receipt holds what was agreed, unchanged. Exits with 1 if anything is not as it should be."""
    if file.stat().st_size > LARGEST:
        raise click.ClickException(f"{file.name} is larger than a receipt is.")
    try:
        findings = verify_receipt(file.read_bytes())
    except NoReceipt as problem:
        raise click.ClickException(f"{file.name} is no receipt of the portal. {problem}.") from None
    for each in findings:
        click.echo(f"{'ok   ' if each.is_right else 'WRONG'}  {each.words}.", err=not each.is_right)
    if not all(each.is_right for each in findings):
        sys.exit(1)
