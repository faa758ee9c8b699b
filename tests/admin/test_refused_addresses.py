"""The council's page of refused addresses: whose they are, how to find one, and having it tried again."""

import pytest

from models.base import utc_now
from models.outbox import post
from models.permissions import CouncilRole
from models.refused_address import RefusedAddress, mark
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work

PAGE = "/council/refused-addresses/"


def marked(address, reason="5.1.1 no such user"):
    with unit_of_work():
        mark(address, 550, reason)


@pytest.fixture
def help_desk(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.HELP_DESK, name="Hana Moss"))


@pytest.fixture
def ash(database):
    return make_user(provider=make_provider(name="Birch House"), email="ash@example.org", name="Ash Bell")


def test_it_says_whose_address_it_is_what_the_server_said_and_what_waits(help_desk, ash):
    marked(ash.email)
    with unit_of_work():
        post(ash.email, "News", "news")
    page = help_desk.get(PAGE)
    row = " ".join(page.page.select_one("tbody tr").get_text(" ").split())
    assert row.startswith("ash@example.org Ash Bell Birch House ")
    assert "550 5.1.1 no such user 1 Try again ash@example.org" in row
    assert page.page.select_one("tbody a")["href"] == f"/council/people/{ash.id}"
    assert len(help_desk.get(PAGE).reads) <= 7


def test_without_any_it_says_so_and_the_desk_is_silent(help_desk):
    assert "No address refuses mail." in help_desk.get(PAGE).words
    assert "Refused addresses" not in help_desk.get("/council/").words


def test_the_desk_counts_them_for_who_helps(help_desk, ash, app):
    marked(ash.email)
    link = help_desk.get("/council/").page.find("a", string="Refused addresses")
    assert link["href"] == PAGE
    officer = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    assert "Refused addresses" not in officer.get("/council/").words
    officer.get(PAGE, status=403)


def test_a_search_finds_by_name_and_address_and_says_when_it_finds_nothing(help_desk, ash):
    make_user(email="dawn@example.org", name="Dawn Hill")
    marked(ash.email)
    marked("dawn@example.org")
    for text in ("bell", "ASH@"):
        assert [each.th.text for each in help_desk.get(f"{PAGE}?text={text}").page.select("tbody tr")] == [ash.email]
    assert "No refused address is like that." in help_desk.get(f"{PAGE}?text=nobody").words
    assert "<h1" not in help_desk.get(f"{PAGE}?text=bell", htmx=True).text, "htmx gets the list alone"


def test_more_than_a_page_of_them_is_paged(help_desk):
    for number in range(60):
        make_user(email=f"person{number}@example.org")
        marked(f"person{number}@example.org")
    first = help_desk.get(PAGE)
    following = help_desk.get(f"{PAGE}?page=2")
    shown = [row.th.text for page in (first, following) for row in page.page.select("tbody tr")]
    assert len(shown) == len(set(shown)) == 60


def test_an_address_is_tried_again_and_then_not_for_an_hour(help_desk, ash):
    marked(ash.email)
    answer = help_desk.follow(help_desk.submit(help_desk.get(PAGE), form="tbody form"))
    assert "What waits for ash@example.org is sent once more" in answer.words
    assert not every(RefusedAddress.marked())
    marked(ash.email)
    page = help_desk.get(PAGE)
    assert "Tried again" in page.words
    assert not page.page.select("tbody form")
    [row] = every(RefusedAddress.marked())
    assert "within the last hour" in help_desk.post(f"{PAGE}{row.id}/try-again", status=409).words
    help_desk.post(f"{PAGE}999/try-again", status=404)


def test_a_persons_page_says_it(help_desk, ash):
    assert "Mail is refused" not in help_desk.get(f"/council/people/{ash.id}").words
    marked(ash.email)
    page = help_desk.get(f"/council/people/{ash.id}")
    assert "Mail is refused since" in page.words
    assert page.page.find("a", string="Try it again")["href"] == f"{PAGE}?text=ash@example.org"


def test_another_address_leaves_the_mark_behind(app, ash):
    marked(ash.email)
    administrator = PortalClient(app).sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    administrator.submit(administrator.get(f"/council/people/{ash.id}/email"), {"email": "ash@new.example"})
    assert "No address refuses mail." in administrator.get(PAGE).words
    assert every(RefusedAddress.marked())[0].refused_at <= utc_now()
