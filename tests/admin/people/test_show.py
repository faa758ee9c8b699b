"""One person: how it stands with the login, and what each role may do to it."""

from models.permissions import CouncilRole
from tests.admin.people.accounts import at, offered
from tests.factories import make_staff
from tests.support.client import PortalClient
from tests.support.passkeys import passkey_row
from tests.support.rows import saved


def test_the_page_offers_each_role_what_it_may_do_and_nothing_else(app, administrator, help_desk, dawn):
    manager, auditor = make_staff(CouncilRole.PAYMENTS_MANAGER), make_staff(CouncilRole.AUDITOR)
    onlooker = PortalClient(app).sign_in(auditor)
    assert offered(onlooker.get(at(dawn))) == set()
    assert offered(help_desk.get(at(dawn))) == {"temporary-password"}  # nothing else would do anything now
    administrator_may = {"temporary-password", "email", "disable", "council-role"}
    assert offered(administrator.get(at(dawn))) == administrator_may
    assert offered(administrator.get(at(manager))) == administrator_may
    assert offered(help_desk.get(at(manager))) == set()
    assert "looked after by those who manage staff" in help_desk.get(at(manager)).words
    assert offered(administrator.get(at(administrator.user))) == set()
    assert "This is you" in administrator.get(at(administrator.user)).words


def test_the_page_says_how_it_stands_with_the_login(app, help_desk, dawn):
    PortalClient(app).sign_in(dawn)
    words = help_desk.get(at(dawn)).words
    assert "Logged in now On 1 device " in words
    assert "Last logged in Never" in words
    assert "Second step Code by e-mail." in words
    assert offered(help_desk.get(at(dawn))) == {"temporary-password", "log-out"}


def test_the_help_desk_sees_how_many_passkeys_somebody_has_and_takes_them_back(app, help_desk, dawn):
    for _ in range(2):
        saved(passkey_row(dawn))
    page = help_desk.get(at(dawn))
    assert "Second step Code by e-mail; they use: passkey. They have 2 passkeys." in page.words
    assert "My phone" not in page.words
    assert "second-step" in offered(page)
