"""Every endpoint with every method, forms that are right and wrong, plainly and by htmx, by people of a provider, by
staff of the council and by staff who look: whoever is shown a client or contact details is noted in the audit.
"""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from blueprints.access import PASSWORD_GIVEN, PUBLIC, access_of
from models.accounts.user import User
from models.audit import AuditEvent
from models.base import session
from models.correspondence.detail_change import DetailChange
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission, Role
from models.records.client import Client
from models.records.provider import Contact, Provider
from tests.factories import canary, make_staff, make_user
from tests.meta.test_presses import GIVEN, WORDS
from tests.meta.world import SAYS_WHERE, settled_provider
from tests.support.addresses import HTMX, address, methods_of, rules_of
from tests.support.client import PortalClient, filled_in
from tests.support.remittances import rows_of_pdf
from tests.support.rows import every, reading, unit_of_work

BASE = "http://portal.example"
PDF = "application/pdf"
WITHOUT = {"auth.log_out", "auth.end_every_session", "admin.providers.stop_looking"}
"""Endpoints after which this person could see nothing more."""
READ, CONTACTS = "client_record.read", "contact_details.seen"


@pytest.fixture
def place(app):
    """A provider whose client and contacts are called what nobody else is."""
    provider, values = settled_provider()
    own = canary(provider.id)
    with unit_of_work() as rows:
        for client in rows.scalars(select(Client)):
            client.first_name = f"Bartholomew{own}"
        rows.merge(provider).phone = f"01632 960999 {own}"
        rows.get_one(Contact, values["contact_id"]).phone = f"01632 960777 {own}"
    return provider, values | {"provider": provider.id}


def test_whoever_is_shown_a_client_is_noted_whatever_the_method_and_the_answer(app, place):
    provider, values = place
    names = {name for each in every(Client) for name in (each.reference, each.surname, each.first_name)}
    assert len(names) == 3
    everybody = [
        ("/providers/", sign_in(app, make_user(Role.ADMINISTRATOR, provider))),
        ("/council/", sign_in(app, make_staff(CouncilRole.PAYMENTS_OFFICER))),
        ("/providers/", looking(app, make_staff(CouncilRole.PAYMENTS_OFFICER), provider)),
    ]
    shown, missed, unnoted = set(), [], 0
    for where, who in everybody:
        for way, answer, noted in asked(app, who, where, values):
            if any(name in text_of(answer) for name in names):
                shown.add((*way, answer.status_code))
                if noted.count(READ) != 1:
                    missed.append((who.user.id, way, answer.status_code, noted))
            unnoted += not noted
    assert not missed
    assert {("POST", 422), ("GET", 200)} <= {(method, status) for _, method, _, _, status in shown}
    assert len(shown) >= 30, "this world shows too few clients to prove anything"
    assert unnoted >= 100, "and not everything is noted"


@pytest.mark.parametrize("role", list(CouncilRole))
def test_contact_details_are_shown_only_to_whose_work_needs_them_and_are_noted(app, place, role):
    provider, values = place
    who, may = sign_in(app, make_staff(role)), Permission.VIEW_CONTACT_DETAILS in COUNCIL_GRANTS[role]
    details = details_of(provider, values)
    people = [("/council/", who)]
    if Permission.VIEW_AS_PROVIDER in COUNCIL_GRANTS[role]:
        people.append(("/providers/", looking(app, who.user, provider)))
    told, wrong = set(), []
    for where, client in people:
        for way, answer, noted in asked(app, client, where, values, methods=("GET",)):
            if way[0] in SAYS_WHERE:  # packed, so that its bytes do not show what it says
                if answer.status_code == 200 and (not may or not {READ, CONTACTS} <= set(noted)):
                    wrong.append((way, answer.status_code, noted))
                continue
            shown = [each for each in details if each in text_of(answer)]
            told.update(shown)
            if bool(shown) != (CONTACTS in noted) or (shown and not may):
                wrong.append((way, answer.status_code, shown, noted))
    assert not wrong
    assert told == (details if may else set())


def text_of(answer):
    if answer.mimetype == PDF and answer.status_code == 200:  # packed: what it says stands in its cells
        return " ".join(cell for row in rows_of_pdf(answer.data) for cell in row)
    return answer.data.decode("utf-8", "replace")


def details_of(provider, values):
    """What nobody else has: the provider's own, a contact's, a login's, and what a change of details asks for."""
    [login] = every(select(User).where(User.id == values["person_id"]))
    [contact] = every(select(Contact).where(Contact.id == values["contact_id"]))
    [change] = every(select(DetailChange).where(DetailChange.id == values["change_id"]))
    [own] = every(select(Provider).where(Provider.id == provider.id))
    address = own.address.splitlines()[0]
    return {own.phone, address, contact.phone, contact.email, login.email, change.after["phone"]}


def asked(app, who, where, values, methods=("GET", "POST")) -> Iterator:
    """How each was asked, the answer, and the actions of the events that it left."""
    rules = [rule for rule in rules_of(app) if rule.rule.startswith(where) and rule.endpoint not in WITHOUT]
    for method in methods:
        for rule in rules:
            if method not in methods_of(rule) or access_of(app, rule.endpoint) in (PUBLIC, PASSWORD_GIVEN):
                continue
            path = address(app, rule, values)
            for sent in [{}] if method == "GET" else [{}, typed(who, rule, path)]:
                for headers in ({}, HTMX):
                    before = newest()
                    answer = press(who, method, path, sent, headers)
                    yield (rule.endpoint, method, tuple(sent), bool(headers)), answer, since(before)


def press(who, method, path, sent, headers):
    data = {"csrf_token": who.csrf_token()} | sent if method == "POST" else None
    more = {"data": data, "headers": {"Referer": f"{BASE}/", **headers}}
    return who._client.open(path, method=method, base_url=BASE, buffered=True, **more)


def typed(who, rule, path):
    """The page's own form, as it is filled in at first, with its one-time key: pressed twice, a replay."""
    page = who.open("GET", path) if "GET" in methods_of(rule) else None
    form = page.page.select_one("main form[method=post]") if page else None
    if form is None:
        return {}
    fields = filled_in(form)
    return fields | {name: text for name, text in WORDS.items() if name in fields} | GIVEN.get(rule.endpoint, {})


def newest():
    with reading():
        return session.scalar(select(sa.func.max(AuditEvent.id))) or 0


def since(last):
    return [event.action for event in every(select(AuditEvent).where(AuditEvent.id > last).order_by(AuditEvent.id))]


def sign_in(app, user):
    return PortalClient(app).sign_in(user)


def looking(app, user, provider):
    who = sign_in(app, user)
    who.post(f"/council/providers/{provider.id}/look", status=303)
    return who
