"""Names as people type them: one function finds everything that has a name or a reference, alike on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from models.accounts.user import User
from models.payments.order_list import Wanted, in_a_list, listed, sums, sums_found
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Contact, Provider
from models.words import is_found
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_contact, make_provider, make_user
from tests.support.rows import every, reading, saved
from tests.support.runs import calculate

pytestmark = pytest.mark.postgres

PEOPLE = {
    "0042": ("Gwenllian", "Ŵyn"),
    "C2000020": ("Bart", "Simpson"),
    "C2000021": ("Bernard", "Cattermole"),
    "C2000022": ("Bernard", "Simms"),
    "C3": ("Marie", "O’Brien"),
    "C4": ("Łucja", "Świątkowski"),
    "C5": ("Ann-Marie", "Smith-Jones"),
    "C6": ("Hans", "Strauß"),
    "C7": ("Fiona", "MacDonald"),
    "C8": ("Iain", "Mac Donald"),
    "C9": ("J.R.", "St. John"),
    "C10": ("Zoë", "Brontë"),
    "C11": ("Siân", ""),
    "C12": ("Al", "100%_x"),
}
TYPED = {
    # capitals, accents, and letters that are no plain ones with an accent
    "gwenllian": "0042",
    "GWEN wyn": "0042",
    "ŵyn": "0042",
    "swiatkowski": "C4",
    "Świątkowski": "C4",
    "lucja": "C4",
    "łucja świątkowski": "C4",
    "strauss": "C6",
    "STRAUẞ": "C6",
    "zoe bronte": "C10",
    "Zoe\u0308": "C10",
    "sian": "C11",
    # apostrophes: straight, curly, some other sign, none, a space
    "Marie O'Brien": "C3",
    "Marie O’Brien": "C3",
    "o`brien": "C3",
    "obrien": "C3",
    "o brien": "C3",
    # spaces
    "  marie   obrien ": "C3",
    "marie\u00a0obrien": "C3",
    # hyphens
    "smith-jones": "C5",
    "smith jones": "C5",
    "smithjones": "C5",
    "Smith\u2011Jones": "C5",
    "ann marie": "C5",
    "annmarie": "C5",
    # in two words or one
    "macdonald": "C7 C8",
    "mac donald": "C7 C8",
    "MacDonald Iain": "C8",
    # full stops
    "st john": "C9",
    "St. John": "C9",
    "jr": "C9",
    "J R": "C9",
    "j.r. st.john": "C9",
    # any order, and as lists print names
    "obrien marie": "C3",
    "Simpson, Bart (C2000020)": "C2000020",
    "Simpson,Bart": "C2000020",
    "S, Bart (C2000020)": "C2000020",
    # initials
    "C, Bernard": "C2000021",
    "b c": "C2000021",
    "S, B": "C2000020 C2000022",
    # references, with their leading zeros and without
    "0042": "0042",
    "42": "0042",
    "c2000021": "C2000021",
    # signs that mean something in SQL
    "100%": "C12",
    "%_": "C12",
    "a%l": "",
    # nobody, and no name at all
    "gwenllian obrien": "",
    "x, bernard": "",
    "’ , -": " ".join(sorted(PEOPLE)),
}


def of_clients(text):
    return " ".join(sorted(client.reference for client in every(select(Client).where(Client.found_by(text)))))


def test_clients_are_found_as_people_type_them(database):
    assert len(TYPED) >= 40
    for reference, (first_name, surname) in PEOPLE.items():
        make_client(reference=reference, first_name=first_name, surname=surname)
    expected = {typed: " ".join(sorted(found.split())) for typed, found in TYPED.items()}
    assert {typed: of_clients(typed) for typed in TYPED} == expected


def test_text_that_is_at_hand_is_found_alike():
    """Of one letter `is_found` may say yes for a reference too: it does not know names from other text."""
    by_initial = {"C, Bernard", "b c", "S, B"}
    for typed in TYPED.keys() - by_initial:
        found = [ref for ref, (first, last) in PEOPLE.items() if is_found(typed, first, last, ref)]
        assert sorted(found) == sorted(TYPED[typed].split()), typed


@pytest.mark.parametrize("typed", ["obrien lodge", "O’Brien's", "LODGE o brien", "wren & o'brien", "Wren and", "007"])
def test_whatever_has_a_name_or_a_reference_is_found(database, typed):
    name = "Wren & O’Brien’s Lodge"
    provider, other = make_provider(name=name, reference="P-007"), make_provider(name="Tŷ Bach", reference="P-9")
    wanted = [
        make_contract(provider, name=name, reference="00741254-007"),
        make_contact(provider, name=name, reference="CT-007"),
        make_user(provider=provider, name=name, email="p007@example.org"),
        provider,
    ]
    make_contract(other, name="Tŷ Bach", reference="9")
    make_contact(other, name="Tŷ Bach", reference="9")
    make_user(provider=other, name="Tŷ Bach")
    found = [every(select(each).where(each.found_by(typed))) for each in (Contract, Contact, User, Provider)]
    assert [[row.id for row in rows] for rows in found] == [[row.id] for row in wanted]


def test_orders_are_found_by_their_client_and_by_their_own_number(database):
    contract = make_contract()
    for reference in ("C2000020", "C2000021", "C3"):
        first_name, surname = PEOPLE[reference]
        make_item(contract, client=make_client(reference=reference, first_name=first_name, surname=surname))
    calculate(date(2019, 10, 2))
    with reading() as session:

        def found(wanted):
            return in_a_list(session.execute(listed(wanted.parts), wanted.given))

        every_one = found(Wanted(2019))
        assert [order.client.split(",")[0] for order in every_one] == ["Cattermole", "O’Brien", "Simpson"]
        own = every_one[1]
        for typed in ("obrien", "O'Brien, Marie (C3) - 2019/2020".partition(" - ")[0], own.reference, "o, marie"):
            assert own in found(Wanted(2019, text=typed)), typed
        assert found(Wanted(2019, text="claims")) == []


def test_a_list_of_orders_finds_what_the_condition_says_and_says_what_all_of_it_comes_to(database):
    """Of the texts of TYPED, of numbers, and of what the order of claims is called; each with a page of one row."""
    contract = make_contract()
    for reference, (first_name, surname) in PEOPLE.items():
        make_item(contract, client=make_client(reference=reference, first_name=first_name, surname=surname))
    calculate(date(2019, 10, 2))
    order, whole = PurchaseOrder, Wanted(2019)
    given = {"number": 9_148, "financial_year": 2019, "revision": 2, "issued_on": date(2019, 9, 23)}
    saved(order(provider_id=contract.provider_id, spend_vat_pence=1, **given))
    with reading() as session:
        columns = order.id, order.value_pence, order.spend_pence
        every_one = select(*columns).outerjoin(Client).where(order.is_issued, order.financial_year == 2019)
        for typed in (*TYPED, "claims", "one off", "off-claim", "o", "148", "9148 - 2", "C2", "-", "2 claims", "x y z"):
            wanted = replace(whole, text=typed)
            expected = session.execute(every_one.where(order.found_by(typed))).all()
            found = session.execute(listed(wanted.parts).limit(1), wanted.given).all()
            told = sums_found(found) if wanted.parts.words else sums(wanted)
            told_apart = [sum(values) for values in list(zip(*expected, strict=True))[1:]] or [0, 0]
            assert [told.count, told.value_pence, told.spend_pence] == [len(expected), *told_apart], typed
            assert {row.id for row in found} <= {row.id for row in expected}, typed
        by_claims = session.execute(listed(replace(whole, text="claims").parts), replace(whole, text="claims").given)
        assert [row.number for row in by_claims] == [9_148]
