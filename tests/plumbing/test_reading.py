"""Reads of clients' records, and asking for what is not there, in the audit."""

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import session, transaction
from models.payments.payment import ScheduledPayment
from models.permissions import CouncilRole, Role
from tests.factories import make_staff, make_user
from tests.meta.world import settled_provider
from tests.support.client import PortalClient
from tests.support.rows import every


@pytest.fixture
def place(app):
    provider, values = settled_provider()
    return provider, values, PortalClient(app).sign_in(make_user(Role.FINANCE, provider))


def events(action="client_record.read"):
    return every(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id))


@pytest.mark.postgres
def test_who_looked_at_which_payment_and_order_is_known_for_ever(place):
    provider, values, client = place
    client.get(f"/providers/{provider.id}/payments/{values['reference']}/{values['first_on']}")
    client.get(f"/providers/{provider.id}/purchase-orders/{values['order_id']}")
    client.get(f"/providers/{provider.id}/purchase-orders/?text=Bart&service=7&year=2019&page=Bart", status=422)
    [of_payment, of_order, of_list] = events()
    [found] = every(select(ScheduledPayment).where(ScheduledPayment.first_on == values["first_on"]))
    assert of_payment.subject == f"scheduled_payment:{found.id}"
    assert of_payment.detail == {
        "endpoint": "provider.payments.show", "reference": values["reference"], "first_on": "2019-09-23",
    }  # fmt: skip
    assert of_order.subject == f"purchase_order:{values['order_id']}"
    assert of_list.subject is None
    assert of_list.detail == {"endpoint": "provider.purchase_orders.index", "service": 7, "year": 2019}
    assert {each.provider_id for each in (of_payment, of_order, of_list)} == {provider.id}
    assert {each.user_id for each in (of_payment, of_order, of_list)} == {client.user.id}


def test_a_list_of_payments_names_nobody_and_is_not_noted(place):
    provider, values, client = place
    answer = client.get(f"/providers/{provider.id}/payments/")
    assert values["reference"] in answer.text
    assert events() == []


def test_only_what_was_shown_counts(place):
    provider, values, client = place
    address = f"/providers/{provider.id}/payments/{values['reference']}/{values['first_on']}"
    client.open("HEAD", address, status=200)
    client.get(f"/providers/{provider.id}/payments/{values['reference']}/2001-01-01", status=404)
    client.get(f"/providers/{provider.id}/purchase-orders/?year=1801", status=422)
    client.post(f"{address}/answer", {"total_pence": "rubbish"}, status=None)
    assert [event.detail["endpoint"] for event in events()] == [
        "provider.purchase_orders.index",
        "provider.answering.answer",  # with its faults, and the rows
    ]


def test_staff_who_look_as_the_provider_does_are_told_apart(place, app):
    provider, values, _ = place
    helper = PortalClient(app).sign_in(make_staff(CouncilRole.HELP_DESK))
    helper.post(f"/council/providers/{provider.id}/look", status=303)
    helper.get(f"/providers/{provider.id}/purchase-orders/{values['order_id']}")
    [event] = events()
    assert (event.user_id, event.provider_id, event.detail["as_staff"]) == (helper.user.id, provider.id, True)


def test_while_the_database_is_busy_no_record_is_shown(place, app):
    """Whoever cannot be noted does not see it."""
    provider, values, client = place
    client.get(f"/providers/{provider.id}/purchase-orders/{values['order_id']}")
    impatient = session.get_bind()

    def hurry(connection, *_):
        connection.execute("PRAGMA busy_timeout=50")

    sa_event.listen(impatient, "checkout", hurry)
    try:
        with transaction():
            answer = client.get(f"/providers/{provider.id}/purchase-orders/{values['order_id']}", status=503)
    finally:
        sa_event.remove(impatient, "checkout", hurry)
    assert "The portal is busy" in answer.words
    assert len(events()) == 1
    client.get(f"/providers/{provider.id}/purchase-orders/{values['order_id']}", status=200)


@pytest.mark.postgres
def test_asking_for_a_record_that_is_not_there_or_not_theirs_is_noted_without_what_was_typed(place):
    provider, _, client = place
    _, theirs = settled_provider()
    client.get(f"/providers/{provider.id}/purchase-orders/{theirs['order_id']}", status=404)
    client.get(f"/providers/{provider.id}/payments/Bart%20Simpson/2019-09-23", status=404)
    client.post(f"/providers/{provider.id}/payments/Bart%20Simpson/2019-09-23/answer", status=404)
    found = events("access.not_found")
    assert [event.detail for event in found] == [
        {"endpoint": "provider.purchase_orders.show", "order_id": str(theirs["order_id"])},
        {"endpoint": "provider.payments.show", "first_on": "2019-09-23"},
        {"endpoint": "provider.answering.answer", "first_on": "2019-09-23"},
    ]
    assert {event.provider_id for event in found} == {provider.id}
    assert {event.user_id for event in found} == {client.user.id}


def test_noting_a_read_takes_no_query_more(place):
    provider, values, client = place
    answer = client.get(f"/providers/{provider.id}/purchase-orders/{values['order_id']}")
    assert not [each for each in answer.reads if "audit" in each]
