"""The address of the portal in mails."""

from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from tests.factories import make_contact, make_provider, make_staff
from tests.support.client import PortalClient
from tests.support.rows import every


def test_a_mail_names_the_portal_and_no_address_that_somebody_made_up(make_app):
    """Who asks under another host name would have the council send out a link to a page of theirs."""
    provider = make_provider()
    contact = make_contact(provider)
    client = PortalClient(make_app(hosts=("portal.example",))).sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    page = client.get(f"/council/providers/{provider.id}/access/new")
    given = {"email": contact.email, "name": contact.name, "role": "viewer"}
    client.submit(page, given, headers={"Host": "evil.example"}, status=400)
    assert not every(OutboxMessage)
    client.submit(page, given, status=303)
    [mail] = every(OutboxMessage)
    assert "http://portal.example/" in mail.body
    assert mail.body.count("://") == 1
