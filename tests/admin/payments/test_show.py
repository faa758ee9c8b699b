"""A payment as the council sees it."""

from sqlalchemy import select

from models.permissions import Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, WEEK
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every


def test_a_payment_is_explained_as_its_provider_sees_it(desk):
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    member = PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE, provider))
    theirs = member.get(f"/providers/{provider.id}/payments/{desk.contract.reference}/{MONDAY + WEEK}")
    ours = desk.officer.get(desk.payment)
    assert ours.heading == f"{desk.contract.name} - 30 Sep to 6 Oct 2019"
    explained = [" ".join(each.get_text(" ").split()) for each in theirs.page.select("details.working")]
    assert explained
    assert [" ".join(each.get_text(" ").split()) for each in ours.page.select("details.working")] == explained


def test_the_manager_looks_and_does_not_touch(desk):
    for path in ("hold", "adjust", "send-back", "instalments"):
        desk.manager.get(f"{desk.payment}/{path}", status=403)
    assert not desk.manager.get(desk.payment).page.select("main .acts a")
