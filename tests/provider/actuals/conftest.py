"""An agency in the days after the week of 20 April 2026."""

from collections.abc import Callable

import pytest

from tests.actual_factories import AFTER
from tests.support.agency import Agency, make_agency


@pytest.fixture
def agency(app, set_today) -> Agency:
    set_today(AFTER)
    return make_agency(app)


@pytest.fixture
def agency_of(app, set_today) -> Callable[[int], Agency]:
    set_today(AFTER)
    return lambda people: make_agency(app, people)
