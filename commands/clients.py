"""`./portal clients ...`: what somebody who is cared for has a right to."""

import os
from pathlib import Path

import click
from flask.cli import AppGroup

from exchange.subject_file import as_zip
from models.accounts import passwords
from models.base import DomainError, session, transaction
from models.reports.subject_file import client_referred_to, release, staff_with_email
from models.tenancy import EVERY_PROVIDER, set_tenant

cli = AppGroup("clients", help="What is held on one client.")


@cli.command("file")
@click.argument("reference")
@click.argument("to", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--asked-by", required=True, help="E-mail of the colleague who answers the request: sees clients.")
@click.option("--agreed-by", required=True, help="E-mail of the second person: a manager or systems administrator.")
@click.password_option("--password", confirmation_prompt=False, prompt="Password of the second person")
def file(reference: str, to: Path, asked_by: str, agreed_by: str, password: str) -> None:
    """Write everything that is held on a client into a new zip file, for the answer to their request. Two people of the
    council release it: the second types their password.
    """
    if to.exists():
        raise click.ClickException(f"{to.name} is there already. Name a file that is not")
    try:
        with transaction():
            set_tenant(EVERY_PROVIDER)
            second = staff_with_email(agreed_by)
            if not passwords.matches(password, second.password_hash):
                raise DomainError("That is not the password of the second person")
            client = session.scalars(client_referred_to(reference)).one_or_none()
            if client is None:
                raise DomainError(f"There is no client with the reference {reference}")
            tables = release(client, asked_by=staff_with_email(asked_by), agreed_by=second)
            data = as_zip(f"Everything held on {client.full_name}", tables)
            _write(to, data)
    except DomainError as refusal:
        raise click.ClickException(f"{refusal}.") from None
    click.echo(f"{to.name} is written. Read it before it is given out.")


def _write(to: Path, data: bytes) -> None:
    """For nobody else on this machine to read."""
    try:
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as problem:
        raise DomainError(f"{to.name} cannot be written: {os.strerror(problem.errno or 0)}") from None
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
