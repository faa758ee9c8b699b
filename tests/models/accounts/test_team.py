"""Who lets whom in at a provider, who waits for the council, and how somebody's access ends."""

import threading

import pytest
from sqlalchemy import select

from models.accounts import team
from models.accounts.user import Membership, User
from models.accounts.web_session import WebSession
from models.audit import AuditEvent
from models.base import DomainError
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind
from tests.factories import make_contact, make_membership, make_provider, make_staff, make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, reloaded, saved, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

PORTAL = "https://portal.example/"


@pytest.fixture
def provider():
    return make_provider(kind=ProviderKind.CARE_HOME)


@pytest.fixture
def administrator(provider):
    return make_user(Role.ADMINISTRATOR, provider, name="Ada Finch")


@pytest.fixture
def officer():
    return make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)


def invite(provider, email, *, by, role=Role.FINANCE, name="Robin Marsh", tenant=True):
    with unit_of_work(*[provider.id] * tenant):
        return team.invite(provider, email, name, role, by=by, portal=PORTAL)


def act(verb, user, provider, *arguments, **given):
    with unit_of_work(provider.id) as session:
        verb(session.scalars(team.place_of(user.id)).one(), *arguments, **given)


def place(user, provider):
    found = every(select(Membership).where(Membership.user_id == user.id, Membership.provider_id == provider.id))
    return found[0] if found else None


def mail_to(user):
    return [mail.subject for mail in every(OutboxMessage) if mail.to == user.email]


def has_session(user):
    return bool(every(WebSession.of(user.id)))


def begin_session(user):
    saved(WebSession(token_sha256=f"{user.id}", user_id=user.id, data={}, user_agent=""))


@pytest.mark.covers("S1-048")
def test_an_invited_contact_waits_for_the_councils_grant_and_is_then_in(provider, administrator, officer):
    contact = make_contact(provider, email="Robin.Marsh@Example.org")
    invite(provider, contact.email, by=administrator)
    [user] = every(User.with_email("robin.marsh@example.org"))
    membership = place(user, provider)
    assert (user.name, user.password_hash, user.is_active) == ("Robin Marsh", None, True)
    assert (membership.role, membership.granted_at, membership.invited_by_id) == (Role.FINANCE, None, administrator.id)
    [found] = every(team.waiting())
    assert (found.user.email, found.provider.name) == ("robin.marsh@example.org", provider.name)

    with unit_of_work() as session:
        team.grant(session.scalars(team.waiting()).one(), by=officer, portal=PORTAL)

    assert place(user, provider).granted_at
    assert not every(team.waiting())
    assert mail_to(user) == ["You have been put forward for the Provider Portal",
                             "You can now log in to the Provider Portal"]  # fmt: skip
    assert PORTAL in every(OutboxMessage)[-1].body
    assert [each.action for each in every(AuditEvent)] == ["user.added", "membership.added", "membership.granted"]


@pytest.mark.covers("S1-048")
def test_nobody_is_invited_who_is_not_a_contact(provider, administrator):
    make_contact(make_provider(), email="stranger@example.org")
    make_contact(provider, email="")
    for email in ("stranger@example.org", ""):
        with pytest.raises(DomainError, match="is not the e-mail address of a contact"):
            invite(provider, email, by=administrator)
    assert [user.id for user in every(User)] == [administrator.id]


def test_the_providers_own_address_is_as_good_as_a_contacts(administrator, officer):
    own = make_provider(email="House@Example.org")
    assert invite(own, "house@example.org", by=officer).granted_at


def test_who_has_a_login_already_gets_one_more_place(provider, administrator):
    user = make_user(name="Robin Marsh-Hay", email="robin@example.org")
    make_contact(provider, email="robin@example.org")
    invite(provider, "ROBIN@example.org", by=administrator, name="Another Name")
    assert reloaded(user).name == "Robin Marsh-Hay"
    assert place(user, provider).granted_at is None


def test_who_is_there_already_is_not_invited_again(provider, administrator):
    contact = make_contact(provider)
    invite(provider, contact.email, by=administrator)
    with pytest.raises(DomainError, match="is already at"):
        invite(provider, contact.email, by=administrator)


def test_whose_login_is_switched_off_waits_for_the_council_in_any_case(provider, administrator, policy):
    policy(may_grant=frozenset({ProviderKind.CARE_HOME}))
    user = make_user(email="robin@example.org", is_active=False)
    make_contact(provider, email=user.email)
    assert invite(provider, user.email, by=administrator).granted_at is None
    assert not reloaded(user).is_active


def test_who_works_for_the_council_waits_for_it_in_any_case(provider, administrator, policy):
    policy(may_grant=frozenset({ProviderKind.CARE_HOME}))
    officer = make_staff(CouncilRole.PAYMENTS_OFFICER)
    make_contact(provider, email=officer.email)
    assert invite(provider, officer.email, by=administrator).granted_at is None


@pytest.mark.parametrize(("kinds", "is_in"), [((ProviderKind.CARE_HOME,), True), ((ProviderKind.HOME_CARE,), False)])
def test_the_council_may_let_a_kind_of_provider_grant(provider, administrator, policy, kinds, is_in):
    policy(may_grant=frozenset(kinds))
    contact = make_contact(provider)
    assert bool(invite(provider, contact.email, by=administrator).granted_at) is is_in


def test_the_council_grants_as_it_invites(provider, officer):
    membership = invite(provider, make_contact(provider).email, by=officer, tenant=False)
    assert membership.granted_at
    assert membership.invited_by_id is None


@pytest.mark.parametrize("role", [CouncilRole.PAYMENTS_OFFICER, CouncilRole.HELP_DESK])
def test_staff_who_do_not_let_people_in_act_like_anybody_where_they_have_a_place(provider, role):
    """Somebody works for the council and looks after a home: what they may there is what the home lets them."""
    officer = make_staff(role)
    make_membership(officer, provider, Role.ADMINISTRATOR)
    assert not invite(provider, make_contact(provider).email, by=officer).granted_at
    with pytest.raises(DomainError, match="Only the council can make somebody a carer"):
        invite(provider, make_contact(provider).email, by=officer, role=Role.CARER)
    with pytest.raises(DomainError, match="There has to be an administrator"):
        act(team.remove, officer, provider, by=officer)


def test_a_refusal_is_told_to_both_and_leaves_no_place(provider, administrator, officer):
    invite(provider, make_contact(provider, email="robin@example.org").email, by=administrator)
    [user] = every(User.with_email("robin@example.org"))
    act(team.refuse, user, provider, by=officer, reason="We do not know this person")
    assert place(user, provider) is None
    assert mail_to(administrator) == ["Access to the Provider Portal was not granted"]
    assert mail_to(user)[-1] == "Access to the Provider Portal"
    assert "We do not know this person" in every(OutboxMessage)[-1].body


@pytest.mark.parametrize("verb", [team.grant, team.refuse])
def test_only_who_waits_is_granted_or_refused(provider, administrator, officer, verb):
    given = {"reason": "Too late"} if verb is team.refuse else {}
    with pytest.raises(DomainError, match="Somebody else has just changed"):
        act(verb, administrator, provider, by=officer, **given)
    assert place(administrator, provider).granted_at


def test_a_role_changes_at_once_and_the_person_is_told(provider, administrator):
    user = make_user(Role.VIEWER, provider)
    act(team.change_role, user, provider, Role.FINANCE, by=administrator)
    assert place(user, provider).role is Role.FINANCE
    assert mail_to(user) == ["Your role in the Provider Portal has changed"]
    [event] = every(AuditEvent)
    assert (event.action, event.detail) == (
        "membership.role_changed", {"user": user.id, "was": "viewer", "role": "finance"},
    )  # fmt: skip


def test_nobody_changes_their_own_role(provider, administrator):
    make_user(Role.ADMINISTRATOR, provider)
    with pytest.raises(DomainError, match="your own role"):
        act(team.change_role, administrator, provider, Role.VIEWER, by=administrator)


def test_only_the_council_makes_somebody_a_carer(provider, administrator, officer):
    user = make_user(Role.VIEWER, provider)
    with pytest.raises(DomainError, match="Only the council"):
        act(team.change_role, user, provider, Role.CARER, by=administrator)
    with pytest.raises(DomainError, match="Only the council"):
        invite(provider, make_contact(provider).email, by=administrator, role=Role.CARER)
    act(team.change_role, user, provider, Role.CARER, by=officer)
    assert place(user, provider).role is Role.CARER


def test_a_leaver_is_logged_out_everywhere(provider, administrator):
    user = make_user(Role.FINANCE, provider)
    begin_session(user)
    act(team.remove, user, provider, by=administrator)
    assert place(user, provider) is None
    assert not has_session(user)
    assert mail_to(user) == ["Your access to the Provider Portal has ended"]
    assert every(AuditEvent)[0].subject.startswith("membership:")


@pytest.mark.parametrize("other", ["place", "council"])
def test_who_has_another_place_stays_logged_in(provider, administrator, other):
    user = make_user(Role.FINANCE, provider) if other == "place" else make_staff()
    make_membership(user, make_provider() if other == "place" else provider)
    begin_session(user)
    act(team.remove, user, provider, by=administrator)
    assert place(user, provider) is None
    assert has_session(user)


def test_a_place_that_is_not_granted_yet_keeps_nobody_logged_in(provider, administrator):
    user = make_user(Role.FINANCE, provider)
    elsewhere = make_provider()
    make_contact(elsewhere, email=user.email)
    invite(elsewhere, user.email, by=make_user(Role.ADMINISTRATOR, elsewhere))
    begin_session(user)
    act(team.remove, user, provider, by=administrator)
    assert not has_session(user)


def test_the_last_administrator_stays(provider, administrator, officer):
    make_user(Role.FINANCE, provider)
    make_user(Role.ADMINISTRATOR)  # of another provider
    invite(provider, make_contact(provider).email, by=administrator, role=Role.ADMINISTRATOR)  # not granted yet
    with pytest.raises(DomainError, match="There has to be an administrator"):
        act(team.remove, administrator, provider, by=administrator)
    act(team.remove, administrator, provider, by=officer)
    assert place(administrator, provider) is None


def test_one_of_two_administrators_may_go(provider, administrator):
    make_user(Role.ADMINISTRATOR, provider)
    act(team.remove, administrator, provider, by=administrator)
    assert place(administrator, provider) is None


def at_once(*acts):
    """Do them side by side; the rules that were broken."""
    start, said = threading.Barrier(len(acts)), []

    @in_this_portal
    def do(one):
        start.wait()
        try:
            one()
        except DomainError as problem:
            said.append(str(problem))

    threads = [threading.Thread(target=do, args=(one,)) for one in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return said


def test_of_two_administrators_who_remove_each_other_one_stays(provider, administrator):
    other = make_user(Role.ADMINISTRATOR, provider)
    said = at_once(
        lambda: act(team.remove, other, provider, by=administrator),
        lambda: act(team.remove, administrator, provider, by=other),
    )
    assert len(said) == 1
    assert len(every(select(Membership).where(Membership.provider_id == provider.id))) == 1


def test_two_who_invite_the_same_person_invite_them_once(provider, administrator):
    contact, other = make_contact(provider), make_user(Role.ADMINISTRATOR, provider)
    [said] = at_once(*(lambda by=by: invite(provider, contact.email, by=by) for by in (administrator, other)))
    assert "is already at" in said
    assert len(every(User.with_email(contact.email))) == 1


@pytest.mark.parametrize("verb", [team.remove, team.change_role])
def test_the_second_of_two_who_press_is_told(provider, administrator, verb):
    user = make_user(Role.VIEWER, provider)
    arguments = (Role.SIGNATORY,) if verb is team.change_role else ()
    with unit_of_work(provider.id) as session:
        stale = session.scalars(team.place_of(user.id)).one()
        session.expunge(stale)
    act(team.change_role, user, provider, Role.FINANCE, by=administrator)
    if verb is team.remove:
        act(team.remove, user, provider, by=administrator)

    def act_on_what_was_read():
        with unit_of_work(provider.id) as session:
            session.add(stale)
            verb(stale, *arguments, by=administrator)

    with pytest.raises(DomainError, match="Somebody else has just changed"):
        act_on_what_was_read()
