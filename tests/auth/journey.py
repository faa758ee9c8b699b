"""Logging in as a person does it: both pages, and the code from the mail."""

import re

from models.accounts.user import User
from models.outbox import OutboxMessage
from tests.factories import PASSWORD
from tests.support.client import Answer, PortalClient
from tests.support.rows import every


def give_password(client: PortalClient, email: str, password: str = PASSWORD, **more) -> Answer:
    return client.submit(client.get("/log-in"), {"email": email, "password": password}, **more)


def code_page(client: PortalClient, user: User) -> Answer:
    """The page that asks for the code, after the right password."""
    return client.follow(give_password(client, user.email, status=303))


def mailed_code() -> str:
    """The newest code in the mail."""
    mails = every(OutboxMessage.newest_first())
    return next(found[0] for mail in mails if (found := re.search(r"\b\d{6}\b", mail.body)))


def wrong_code() -> str:
    return f"{(int(mailed_code()) + 1) % 1_000_000:06}"


def past_the_code(client: PortalClient, user: User, password: str = PASSWORD) -> Answer:
    """The page after the password and, where it is asked for, the code from the mail."""
    page = client.follow(give_password(client, user.email, password, status=303))
    is_asked = page.heading == "Enter the code we sent you"
    return client.follow(client.submit(page, {"code": mailed_code()}, status=303)) if is_asked else page


def log_in(client: PortalClient, user: User) -> Answer:
    """Log in, and the answer to the right code."""
    client.user = user
    return client.submit(code_page(client, user), {"code": mailed_code()}, status=303)
