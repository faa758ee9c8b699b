"""A provider whose home care is paid by invoice, and who works in its finance."""

import pytest

from models.permissions import Role
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.factories import make_user
from tests.provider.invoices.typed import TODAY


@pytest.fixture
def care(database, set_today):
    set_today(TODAY)
    contract, item = made.make_home_care()
    made.make_confirmed(item, 127_500)
    return contract, item


@pytest.fixture
def provider(care):
    return Provider(id=care[0].provider_id)


@pytest.fixture
def finance(client, provider):
    return client.sign_in(make_user(Role.FINANCE, provider))


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/invoices/{path}"
