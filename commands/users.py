"""`./portal users add`: give a person access to a provider."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import AppGroup

from models.accounts.user import User
from models.auditing.made_up import say_made_up
from models.base import session, transaction
from models.emails import email_address
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant

cli = AppGroup("users", help="People who may log in.")

ROLE = click.Choice([role.value for role in Role])


@cli.command()
@click.argument("email")
@click.argument("name")
@click.option("--provider", "reference", required=True, help="The provider's reference in the finance system.")
@click.option("--role", type=ROLE, required=True)
@click.password_option(help="Asked for if not given; do not give it where others see your commands.")
def add(email: str, name: str, reference: str, role: str, password: str) -> None:
    """Add a person who may log in for one provider."""
    address = _address(email)
    with _council_work():
        user = User.add(address, name, password)
        user.join(_provider(reference), Role(role))
    click.echo(f"{user.name} can log in as {user.email}.")


@cli.command()
@click.argument("email")
@click.option("--provider", "reference", required=True, help="The provider's reference in the finance system.")
@click.option("--role", type=ROLE, required=True)
def join(email: str, reference: str, role: str) -> None:
    """Give a person who can log in already one more provider."""
    with _council_work():
        user = session.scalar(User.with_email(email))
        if user is None:
            raise click.ClickException(f"There is no user with the e-mail address {email}.")
        provider = _provider(reference)
        user.join(provider, Role(role))
    click.echo(f"{user.name} is now {Role(role).label.lower()} at {provider.name}.")


@cli.command()
@click.argument("email")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in CouncilRole]), required=True)
@click.password_option(help="Asked for if not given; do not give it where others see your commands.")
def employ(email: str, name: str, role: str, password: str) -> None:
    """Add a person who works for the council."""
    address = _address(email)
    with _council_work():
        user = User.add(address, name, password)
        user.employ(CouncilRole(role))
    click.echo(f"{user.name} can log in as {user.email}, {CouncilRole(role).label.lower()}.")


def _address(text: str) -> str:
    try:
        return email_address(text)
    except ValueError as problem:
        raise click.ClickException(f"{text} is not an e-mail address: {problem}") from None


@contextmanager
def _council_work() -> Iterator[None]:
    with transaction():
        set_tenant(EVERY_PROVIDER)
        if current_app.config["SETTINGS"].is_demonstration:
            say_made_up()  # before the people are there, whoever they are
        yield


def _provider(reference: str) -> Provider:
    provider = session.scalar(Provider.with_reference(reference))
    if provider is None:
        raise click.ClickException(f"There is no provider with the reference {reference}.")
    return provider
