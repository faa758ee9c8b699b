"""The address of the portal in mails."""

import pytest

from config import Mode
from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from tests.factories import make_contact, make_provider, make_staff
from tests.support.client import PortalClient
from tests.support.rows import every


@pytest.mark.parametrize(
    ("given", "is_named"),
    [
        ({"mode": Mode.PRODUCTION, "hosts": ("portal.example",)}, True),
        ({"mode": Mode.PRODUCTION, "hosts": ()}, False),
        ({"mode": Mode.DEMONSTRATION, "hosts": ()}, True),
    ],
)
def test_a_mail_names_no_address_that_somebody_could_have_made_up(make_app, given, is_named):
    """Who asks under another host name would have the council send out a link to a page of theirs."""
    provider = make_provider()
    contact = make_contact(provider)
    client = PortalClient(make_app(**given)).sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    page = client.get(f"/council/providers/{provider.id}/access/new")
    client.submit(page, {"email": contact.email, "name": contact.name, "role": "viewer"}, status=303)
    [mail] = every(OutboxMessage)
    assert ("http://portal.example/" in mail.body) is is_named
    assert ("://" in mail.body) is is_named
