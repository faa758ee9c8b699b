"""`flask mail deliver`: send what waits in the outbox."""

import time

import click
from flask import current_app
from flask.cli import AppGroup

from exchange.mail import deliver_due

cli = AppGroup("mail", help="Send the mail that waits in the outbox.")

PAUSE_SECONDS = 2


@cli.command()
@click.option("--forever", is_flag=True, help="Keep looking for new mail, as a service does.")
def deliver(forever: bool) -> None:
    """Send what is due now."""
    mail = current_app.config["SETTINGS"].mail
    if not mail.host:
        raise click.ClickException('No mail server is set: write host = "..." under [mail] in settings.toml.')
    while True:
        count = deliver_due(mail)
        if count or not forever:
            click.echo(f"{count} sent.")
        if not forever:
            return
        time.sleep(PAUSE_SECONDS)
