"""What somebody with several providers has at each: only their own, and only what their role there shows."""

from datetime import date

import pytest
from sqlalchemy import select

from models.accounts.user import Membership, User
from models.base import session
from models.permissions import Role
from models.records.contract import Contract
from models.reports.services_overview import has_overview, overview_of, places_of
from models.tenancy import NoTenant, tenant
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_membership, make_organisation, make_provider, make_user
from tests.support.client import counted_statements
from tests.support.rows import every, reading
from tests.support.runs import answered, calculate, change, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 30)


def asked_provider(confirm_by_days=3, **given):
    """A provider with one payment of this week, which waits for a confirmation."""
    provider = make_provider(**given)
    make_asked_contract(provider, confirm_by_days)
    return provider


def make_asked_contract(provider, confirm_by_days=3, **calendar):
    contract = make_contract(
        provider,
        make_calendar(confirm_by_days=confirm_by_days, **calendar),
        confirmation="required",
        calculate_from=MONDAY,
    )
    make_item(contract)
    return contract


def person(*providers, role=Role.FINANCE):
    user = make_user(role, providers[0])
    for provider in providers[1:]:
        make_membership(user, provider, role)
    return user


def ask(function, user):
    """As a request does it: who is logged in is loaded with their places, and no provider is chosen."""
    with reading():
        loaded = session.scalars(User.active_with_places(user.id)).unique().one()
    with reading(None):
        return function(loaded)


def services_of(user):
    return ask(overview_of, user).services


def weeks_of(user):
    return ask(overview_of, user).weeks


def names(services):
    return [service.place.name for service in services]


def test_the_nearest_deadline_comes_first_and_then_the_name():
    calm, late, soon = make_provider(name="Aspen"), asked_provider(4, name="Birch"), asked_provider(2, name="Cedar")
    calculate(date(2019, 10, 2))
    services = services_of(person(calm, late, soon))
    assert names(services) == ["Cedar", "Birch", "Aspen"]
    assert [service.needs_you_by for service in services] == [date(2019, 10, 2), date(2019, 10, 4), None]
    [asked] = services[0].to_confirm
    assert (asked.pence, asked.span.first) == (35_308, MONDAY)


def test_payments_of_one_contract_after_another_that_are_paid_on_one_day_are_added_up():
    provider = asked_provider()
    make_asked_contract(provider)
    make_asked_contract(provider, bank_days=30)
    calculate(date(2019, 10, 2))
    [service, _] = services_of(person(provider, make_provider()))
    assert (service.expected.pence, service.expected.on) == (70_616, date(2019, 10, 11))
    assert len(service.to_confirm) == 3


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_here_what_it_sees_there(role):
    provider = asked_provider()
    calculate(date(2019, 10, 2))
    services = services_of(person(provider, make_provider(), role=role))
    [service] = [each for each in services if each.place.id == provider.id]
    may_confirm = role in (Role.ADMINISTRATOR, Role.FINANCE)
    sees_money = may_confirm or role in (Role.VIEWER, Role.CARER)
    assert (service.sees_money, bool(service.expected), bool(service.to_confirm)) == (
        sees_money,
        sees_money,
        may_confirm,
    )
    assert (sum(pence for _, pence in weeks_of(person(provider, role=role))) > 0) == sees_money


def test_another_providers_payments_never_appear():
    mine, theirs, invited = asked_provider(), asked_provider(), asked_provider()
    calculate(date(2019, 10, 2))
    user = person(mine, make_provider())
    change(make_membership(user, invited, Role.FINANCE), granted_at=None)
    services = services_of(user)
    assert {service.place.id for service in services}.isdisjoint({theirs.id, invited.id})
    assert sum(len(service.to_confirm) for service in services) == 1
    weeks = dict(weeks_of(user))
    everything = dict(weeks_of(person(mine, theirs, invited)))
    assert sum(everything.values()) == 3 * sum(weeks.values()) > 0


def test_who_has_no_providers_has_nothing():
    user = make_user(Role.SCHEDULER)
    asked_provider()
    calculate(date(2019, 10, 2))
    assert sum(pence for _, pence in weeks_of(user)) == 0


def test_afterwards_nothing_of_a_provider_can_be_read_without_choosing_one():
    user = person(asked_provider(), make_provider())
    with reading():
        loaded = session.scalars(User.active_with_places(user.id)).unique().one()
    with reading(None):
        overview_of(loaded)
        assert tenant() is None
        with pytest.raises(NoTenant):
            session.scalars(select(Membership)).all()


def test_what_was_rejected_waits_for_the_council_and_what_was_sent_back_for_the_person():
    rejected, sent_back, changed = (asked_provider(name=name) for name in ("Ash", "Beech", "Cherry"))
    calculate(date(2019, 10, 2))
    user = person(rejected, sent_back, changed)
    for provider, facts in (
        (rejected, answered("rejected", 35_308)),
        (sent_back, {"council_comment": "Put right"}),
        (changed, {"lapsed_pence": 30_000}),
    ):
        change(_payment_of(provider), **facts)
    found = {service.place.name: service for service in services_of(user)}
    assert (found["Ash"].rejected, found["Ash"].to_confirm) == (1, ())
    assert (found["Ash"].expected.on, found["Ash"].held_pence) == (date(2019, 10, 18), 35_308)
    assert found["Beech"].to_confirm[0].is_sent_back
    assert found["Cherry"].to_confirm[0].is_changed
    assert not found["Cherry"].to_confirm[0].is_sent_back


def _payment_of(provider):
    [contract] = every(select(Contract).where(Contract.provider_id == provider.id))
    return payment(contract, MONDAY)


def test_what_comes_is_told_by_the_week_in_which_it_reaches_the_bank():
    provider = make_provider()
    make_item(make_contract(provider, calculate_from=MONDAY))
    calculate(date(2019, 10, 2))
    weeks = weeks_of(person(provider, make_provider()))
    assert [week.first for week, _ in weeks[:2]] == [MONDAY, date(2019, 10, 7)]
    assert [pence for _, pence in weeks[:3]] == [0, 35_308, 35_308]


def test_sixty_services_take_as_many_queries_as_two():
    def reads_of(user):
        with counted_statements() as statements:
            services_of(user)
        return len([each for each in statements if each.lstrip().startswith("SELECT")])

    two, sixty = person(*(asked_provider() for _ in range(2))), person(*(asked_provider() for _ in range(60)))
    calculate(date(2019, 10, 2))
    assert reads_of(sixty) == reads_of(two) <= 12


def test_places_are_told_apart_and_ordered_as_one_reads_them():
    group = make_organisation(name="Cartrefi Môn")
    made = [
        make_provider(name="Tŷ Bryn", organisation_id=group.id),
        make_provider(name="Tyn Rhos", organisation_id=group.id),
        make_provider(name="Ty Afon", organisation_id=group.id),
        make_provider(name="Åsgard"),
    ]
    places = ask(places_of, person(*made))
    assert [place.name for place in places] == ["Ty Afon", "Tŷ Bryn", "Tyn Rhos", "Åsgard"]
    assert [place.organisation for place in places] == ["Cartrefi Môn"] * 3 + [""]
    assert [place.name for place in places if place.answers_to(" bryn ty ")] == ["Tŷ Bryn"]
    assert len([place for place in places if place.answers_to("cartrefi mon")]) == 3
    assert [place.name for place in places if place.answers_to(made[3].reference)] == ["Åsgard"]


def test_there_is_an_overview_for_who_has_several_where_the_council_wants_one(policy):
    several, one = person(make_provider(), make_provider()), make_user()
    assert (ask(has_overview, several), ask(has_overview, one)) == (True, False)
    policy(all_services=False)
    assert not ask(has_overview, several)
