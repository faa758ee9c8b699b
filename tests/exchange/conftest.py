import pytest

from tests.support import mail_server


@pytest.fixture
def server():
    with mail_server.running() as inbox:
        yield inbox
