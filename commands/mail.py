"""`mail deliver`: send what waits in the outbox."""

import logging
import time

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from commands.batchwise.daily import Clock
from commands.batchwise.stopping import Stop
from config import Mail
from exchange.mail import deliver_due
from models.database_faults import DatabaseTrouble

cli = AppGroup("mail", help="Send the mail that waits in the outbox.")

PAUSE_SECONDS = 2

log = logging.getLogger(__name__)


@cli.command()
@click.option("--forever", is_flag=True, help="Keep looking for new mail, as a service does.")
def deliver(forever: bool) -> None:
    """Send what is due now, codes first. Told to stop, it ends the message in hand."""
    mail = current_app.config["SETTINGS"].mail
    if not mail.host:
        raise click.ClickException('No mail server is set: write host = "..." under [mail] in settings.toml.')
    if not forever:
        click.echo(f"{deliver_due(mail)} sent.")
        return
    stop, watch = Stop(), Clock(asks=False)  # the worker may be what does not run
    stop.listen()
    while not stop.asked:
        watch.when_due()
        _round(mail, stop)
        if not stop.asked:
            time.sleep(PAUSE_SECONDS)


def _round(mail: Mail, stop: Stop) -> None:
    """A service outlives a database that is locked or away: the next round is two seconds later."""
    try:
        if count := deliver_due(mail, is_stopped=lambda: stop.asked):
            click.echo(f"{count} sent.")
    except DBAPIError as fault:
        if (trouble := DatabaseTrouble.of(fault)) is None:
            raise
        log.warning("no mail is sent: %s", trouble.words)
