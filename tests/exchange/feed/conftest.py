from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.exchange.feed.feeds import Feed


@pytest.fixture
def feed(tmp_path: Path, database: sa.Engine) -> Feed:
    """A small valid feed in a directory, and an empty database."""
    return Feed(tmp_path / "feed")
