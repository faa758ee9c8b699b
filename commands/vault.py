"""`flask vault rotate`: seal every secret in the database under the newest key."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from models.accounts.authenticator import Authenticator
from models.accounts.security_code import SecurityCode
from models.base import session, transaction
from models.vault import resealed

cli = AppGroup("vault", help="Secrets that are sealed under VAULT_KEY.")


@cli.command()
def rotate() -> None:
    """Seal everything under the first key of VAULT_KEY. Afterwards the older keys open nothing that is left."""
    with transaction():
        codes, apps = session.scalars(select(SecurityCode)).all(), session.scalars(select(Authenticator)).all()
        for code in codes:
            code.sealed = code.sealed and resealed(code.sealed)
            code.previous_sealed = code.previous_sealed and resealed(code.previous_sealed)
        for app in apps:
            app.sealed_seed = resealed(app.sealed_seed)
    click.echo(f"Sealed anew: {len(codes)} security codes, {len(apps)} authenticator apps.")
