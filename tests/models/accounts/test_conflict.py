"""Who has or had a place at a provider, and is no staff of the council's there. Every address: tests/meta."""

import pytest

from models.accounts import conflict, directory, team
from models.accounts.conflict import ConflictOfInterest, conflicts_of, insist_on_none
from models.accounts.user import Membership
from models.base import session
from models.permissions import CouncilRole, Role
from tests.factories import make_contact, make_membership, make_provider, make_staff
from tests.support.client import PortalClient
from tests.support.rows import reading, unit_of_work

pytestmark = pytest.mark.usefixtures("app")


def bound(person, *providers):
    with reading():
        return conflicts_of(session.scalars(directory.person(person.id)).one(), [each.id for each in providers])


@pytest.mark.postgres
def test_a_place_a_former_one_a_contact_and_the_providers_own_address_bind():
    ola = make_staff(email="ola@council.example")
    has, had, waits, knows, is_, other = providers = [make_provider() for _ in range(6)]
    boss = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)
    make_membership(ola, has)
    make_membership(ola, had)
    make_contact(knows, email="Ola@Council.example")
    with unit_of_work() as own:
        own.add(Membership(user_id=ola.id, provider_id=waits.id, role=Role.CARER))
        own.merge(is_).email = "OLA@council.example"
        place = own.scalars(directory.members(had.id)).one()
        team.remove(place, by=own.scalars(directory.person(boss.id)).one())
    assert bound(ola, *providers) == sorted(each.id for each in (has, had, waits, knows, is_))
    assert bound(ola, other) == bound(make_staff(), *providers) == []
    with reading():
        with pytest.raises(ConflictOfInterest, match="You have or had a place at Oak House"):
            insist_on_none(ola, [other.id, had.id])
        rows = session.execute(conflict.listed()).all()
        assert {(row.provider_id, row.how) for row in rows} == {
            (has.id, "has a place"), (had.id, "had a place"), (waits.id, "has a place"),
            (knows.id, "has a contact’s e-mail address"), (is_.id, "has the provider’s e-mail address"),
        }  # fmt: skip
        [former] = [row for row in rows if row.provider_id == had.id]
        assert former.since < former.until


def test_the_auditor_reads_who_is_bound_and_filters(app):
    ola, provider = make_staff(name="Ola Bright"), make_provider(name="Elm Lodge")
    auditor = PortalClient(app).sign_in(make_staff(CouncilRole.AUDITOR))
    assert "No colleague has or had a place" in auditor.get("/council/conflicts/").words
    make_membership(ola, provider, Role.FINANCE)
    page = auditor.get("/council/conflicts/?name=elm")
    assert "Ola Bright" in page.words
    assert "Has a place: finance" in page.words
    assert "Nobody is like that" in auditor.get("/council/conflicts/?name=oak").words
    PortalClient(app).sign_in(ola).get("/council/conflicts/", status=403)


def test_who_had_a_place_does_not_go_on_looking_as_staff(app):
    provider = make_provider()
    helper = PortalClient(app).sign_in(make_staff(CouncilRole.HELP_DESK))
    helper.post(f"/council/providers/{provider.id}/look", status=303)
    helper.get(f"/providers/{provider.id}/")
    with unit_of_work() as own:
        own.add(conflict.FormerPlace(user_id=helper.user.id, provider_id=provider.id, role=Role.CARER))
    helper.get(f"/providers/{provider.id}/", status=404)
    assert "a colleague has to do this" in helper.post(f"/council/providers/{provider.id}/look", status=409).words
