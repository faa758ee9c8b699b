"""Every pound is somewhere, whatever is agreed and when: see test_histories.py."""

import os

import pytest

from models.payments.blocked import BlockedSum
from models.records.agreement import Agreement
from tests.models.payments.test_histories import STEPS, play
from tests.support.gated_histories import GatedOffice
from tests.support.rows import every

SEEDS = range(3_000_000, 3_000_200) if os.environ.get("CAMPAIGN") else [3_000_000]


@pytest.mark.postgres
@pytest.mark.parametrize("seed", SEEDS)
def test_every_pound_is_somewhere_whatever_is_agreed(database, seed):
    play(seed, STEPS if os.environ.get("CAMPAIGN") else STEPS // 2, GatedOffice)
    assert every(Agreement)
    assert os.environ.get("CAMPAIGN") or every(BlockedSum)
