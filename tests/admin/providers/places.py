"""Addresses of a provider at the council, and who has a place there."""

from sqlalchemy import select

from models.accounts.user import Membership
from models.outbox import OutboxMessage
from tests.support.rows import every

LIST = "/council/providers/"


def at(provider, *more):
    return LIST + "/".join(map(str, (provider.id, *more)))


def place_of(person, provider):
    found = select(Membership).where(Membership.user_id == person.id, Membership.provider_id == provider.id)
    return next(iter(every(found)), None)


def press(client, path, data=None):
    return client.follow(client.submit(client.get(path), data, status=303))


def mails(address):
    return every(select(OutboxMessage.subject).where(OutboxMessage.to == address))
