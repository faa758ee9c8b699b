"""The marks of docs/mail-states.md, and what one person may cause: on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.accounts import refused_mail, team
from models.audit import AuditEvent
from models.base import DomainError, utc_now
from models.outbox import CAUSES_A_DAY, CAUSES_AN_HOUR, TO_ONE_A_DAY, OutboxMessage, insist_on_few, post, try_again
from models.permissions import CouncilRole, Role
from models.refused_address import RefusedAddress, mark, works
from models.waiting import Waiting, ask
from tests.factories import make_contact, make_membership, make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = pytest.mark.postgres


def marked(address, code=550, reason="no such user"):
    with unit_of_work():
        mark(address, code, reason)
    [row] = every(RefusedAddress.of(address.strip()))
    return row


def test_an_address_is_marked_once_however_it_is_written_since_the_first_time(database, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    first = marked("Ash@Example.org ")
    time_machine.shift(timedelta(days=1))
    again = marked("ash@example.org", 553, "still nobody")
    assert [again.id, again.address, again.refused_at, again.said] == [
        first.id, "ash@example.org", first.refused_at, "550 no such user",
    ]  # fmt: skip
    assert [event.action for event in every(AuditEvent)] == ["refused_address.marked"]


def test_a_mark_goes_when_a_mail_is_delivered_and_may_come_back(database):
    marked("ash@example.org")
    with unit_of_work():
        assert works("Ash@example.org")
    with unit_of_work():
        assert not works("ash@example.org"), "it is gone already"
        assert not works("dawn@example.org")
    assert not every(RefusedAddress.marked())
    assert marked("ash@example.org", 553, "nobody").said == "553 nobody"
    assert [event.action for event in every(AuditEvent)] == [
        "refused_address.marked", "refused_address.works", "refused_address.marked",
    ]  # fmt: skip


def test_an_address_is_tried_again_once_an_hour(database, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    staff = make_staff(CouncilRole.HELP_DESK)
    marked("ash@example.org")

    def press():
        with unit_of_work() as session:
            try_again(session.scalars(RefusedAddress.of("ash@example.org")).one(), by=staff)

    press()
    marked("ash@example.org")
    time_machine.shift(timedelta(minutes=59, seconds=59))
    with pytest.raises(DomainError, match="within the last hour"):
        press()
    assert every(RefusedAddress.marked())
    time_machine.shift(timedelta(seconds=1))
    press()
    time_machine.shift(timedelta(hours=1))
    with pytest.raises(DomainError, match="is not refused any more"):
        press()


def test_the_help_desks_list_has_the_addresses_in_use_with_what_waits(database, policy):
    policy(alarm_to="Team@council.example")
    here = make_provider(name="Birch House")
    ash = make_user(provider=here, email="ash@example.org", name="Ash")
    make_membership(ash, make_provider(name="Alder House"))
    make_user(email="gone@example.org", is_active=False)
    for address in ("ash@example.org", "gone@example.org", "former@example.org", "team@council.example"):
        marked(address)
    with unit_of_work():
        post("Ash@example.org", "News", "news")
        post("ash@example.org", "Code", "123456", is_secret=True)
    with reading() as session:
        rows = session.execute(refused_mail.listed()).all()
        assert [(row.RefusedAddress.address, row.name, row.waiting) for row in rows] == [
            ("team@council.example", None, 0), ("ash@example.org", "Ash", 1),
        ]  # fmt: skip
        assert ask(refused_mail.waiting()) == {"refused addresses": Waiting("refused addresses", 2, utc_now().date())}
        assert [row.user_id for row in session.execute(refused_mail.listed(text="ÁSH"))] == [ash.id]
        [places] = refused_mail.first_places([ash.id, None]).values()
        assert [places.provider, places.more] == ["Alder House", 1]


def test_an_administrator_is_told_of_their_own_people_only(database):
    here, elsewhere = make_provider(), make_provider()
    make_user(provider=here, email="ash@example.org")
    make_user(provider=elsewhere, email="dawn@example.org")
    marked("ash@example.org")
    marked("dawn@example.org")
    with reading(here.id) as session:
        assert [each.address for each in session.scalars(refused_mail.of_colleagues())] == ["ash@example.org"]


def test_somebody_at_a_provider_causes_thirty_mails_an_hour_and_a_hundred_a_day(database, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    ada, other = make_user(Role.ADMINISTRATOR), make_user(Role.ADMINISTRATOR)

    def cause(count):
        for number in range(count):
            with unit_of_work():
                insist_on_few(ada, f"ash{number}@example.org")
                post(f"ash{number}@example.org", "Hello", "hello", caused_by=ada)

    cause(CAUSES_AN_HOUR)
    with pytest.raises(DomainError, match="30 of them within an hour"):
        cause(1)
    with unit_of_work():
        insist_on_few(other, "ash0@example.org")
    for _ in range(3):
        time_machine.shift(timedelta(hours=1))
        cause(CAUSES_AN_HOUR if len(every(OutboxMessage)) < 90 else CAUSES_A_DAY - 90)
    time_machine.shift(timedelta(hours=1))
    with pytest.raises(DomainError, match="100 of them within a day"):
        cause(1)
    time_machine.shift(timedelta(hours=20))
    cause(1)


def test_one_address_gets_ten_a_day_with_one_subject_whoever_of_the_providers_causes_them(database, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    ada, ben = make_user(Role.ADMINISTRATOR), make_user(Role.ADMINISTRATOR)

    def cause(subject, by):
        with unit_of_work():
            insist_on_few(by, "ash@example.org")
            post("ash@example.org", subject, "hello", caused_by=by)

    with unit_of_work():
        post("ash@example.org", "Hello", "from the portal itself")
    for _ in range(TO_ONE_A_DAY - 1):
        cause("Hello", ada)
    cause("Your role has changed", ben)
    cause("Hello", ben)
    for by in (ada, ben):
        with pytest.raises(DomainError, match="who has had 10 like it within a day"):
            cause("Hello", by)
    with unit_of_work():
        insist_on_few(ada, "ask@example.org")
    time_machine.shift(timedelta(days=1))
    cause("Hello", ada)


@pytest.mark.parametrize("act", ["invite", "change_role"])
def test_inviting_and_changing_roles_are_counted_for_people_at_providers_and_not_for_the_council(database, act):
    here = make_provider()
    ada, colleague = make_user(Role.ADMINISTRATOR, here), make_user(Role.FINANCE, here)
    contact = make_contact(here)

    def press(by):
        with unit_of_work() as session:
            if act == "invite":
                team.invite(session.merge(here), contact.email, contact.name, Role.FINANCE, by=by)
            else:
                place = session.scalars(team.place_of(colleague.id)).one()
                team.change_role(place, Role.VIEWER if place.role is Role.FINANCE else Role.FINANCE, by=by)

    with unit_of_work():
        for _ in range(CAUSES_AN_HOUR - 1):
            post("ash@example.org", "Hello", "hello", caused_by=ada)
    press(ada)
    assert len(every(select(OutboxMessage).where(OutboxMessage.caused_by_id == ada.id))) == CAUSES_AN_HOUR
    before = len(every(AuditEvent))
    contact = make_contact(here)
    with pytest.raises(DomainError, match="Nothing is changed"):
        press(ada)
    assert len(every(AuditEvent)) == before
    administrator = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)
    with unit_of_work():
        for _ in range(CAUSES_AN_HOUR):
            post("ash@example.org", "Hello", "hello", caused_by=administrator)
    press(administrator)
