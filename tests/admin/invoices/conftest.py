"""Home care that is paid by invoice, and who decides invoices at the council."""

import pytest

from models.money import SCALE
from models.permissions import CouncilRole
from tests import invoice_factories as made
from tests.admin.invoices.desk import TODAY
from tests.factories import make_staff
from tests.support.client import PortalClient


@pytest.fixture
def care(database, set_today):
    set_today(TODAY)
    contract, item = made.make_home_care()
    made.make_confirmed(item, 20 * SCALE)
    return contract, item


@pytest.fixture
def clerk():
    return make_staff(CouncilRole.PAYMENTS_OFFICER, name="Ola Officer")


@pytest.fixture
def officer(app, care, clerk):
    return PortalClient(app).sign_in(clerk)


@pytest.fixture
def manager(app, care):
    return PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER, name="Max Manager"))
