"""Every pound is somewhere, whatever is claimed and decided: see test_histories.py."""

import os

import pytest

from tests.models.payments.test_histories import STEPS, play
from tests.support.claim_histories import ClaimOffice

IS_CAMPAIGN = bool(os.environ.get("CAMPAIGN"))
SEEDS = range(5_000_000, 5_000_200) if IS_CAMPAIGN else range(5_000_000, 5_000_002)


@pytest.mark.postgres
@pytest.mark.parametrize("seed", SEEDS)
def test_every_pound_is_somewhere_whatever_is_claimed(database, seed):
    office = play(seed, STEPS if IS_CAMPAIGN else STEPS * 2 // 3, ClaimOffice)
    assert IS_CAMPAIGN or {"send_claim", "decide_claim"} <= office.happened.keys()
