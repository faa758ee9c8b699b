"""People whom the council looks after, and those who do."""

import pytest

from models.permissions import CouncilRole, Role
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def dawn(provider):
    return make_user(Role.CARER, provider)


@pytest.fixture
def administrator(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Sam Archer"))


@pytest.fixture
def help_desk(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.HELP_DESK, name="Hana Moss"))
