"""Invoices as UBL 2.1: what is written keeps the official rules of EN 16931, and what is read says what it says."""

import importlib.util
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from exchange.ubl.reading import LARGEST, read_ubl
from exchange.ubl.writing import ubl_of
from models.base import DomainError
from models.billing.invoice_facts import Facts
from models.billing.invoice_received import take_in
from models.calendar import as_on
from models.money import SCALE
from models.permissions import Role
from models.records.invoice import InvoiceKind, InvoiceStatus
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.care_factories import make_service_level
from tests.factories import make_user
from tests.invoice_factories import MONDAY, asked
from tests.support.database import refuse_or_skip
from tests.support.rows import every, unit_of_work

RULES = "resources/schematron/en16931_base/CEN-EN16931-UBL.xslt"
FAILED = re.compile(r'<svrl:failed-assert[^>]*?id="([^"]+)"', re.S)


@pytest.fixture(scope="module")
def official():
    """Which of the rules of EN 16931 a file breaks, by the stylesheet that CEN publishes, as a wheel brings it."""
    found = importlib.util.find_spec("mcp_einvoicing_core")
    if found is None or found.origin is None or importlib.util.find_spec("saxonche") is None:
        refuse_or_skip("the rules of EN 16931 are not installed: make test installs them")
    from saxonche import PySaxonProcessor

    path = Path(found.origin).parent / RULES
    with PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))

        def broken(content):
            node = processor.parse_xml(xml_text=content.decode("utf-8"))
            return FAILED.findall(rules.transform_to_string(xdm_node=node))

        yield broken


@pytest.fixture
def care(database):
    with as_on(MONDAY + timedelta(days=7)):
        contract, item = made.make_home_care()
        level = make_service_level(unit="hour", vat_code="standard", vat_basis_points=2_000, name="Støtte & <care>")
        other = made.make_hourly_item(contract, level=level)
        for each in (item, other):
            made.make_confirmed(each, 20 * SCALE)
        yield contract, item, other


def full(care, **given):
    contract, item, other = care
    lines = (
        asked(item, quantity_e4=127_500, description="Mornings & evenings"),
        asked(other, 3, vat_code="standard", vat_basis_points=2_000),
        asked(other, 4, vat_code="standard", vat_basis_points=2_000, rate_e4=231_333),
    )
    return made.make_sent(contract, *lines, note="Thank you", **given)


def file_of(invoice):
    now = made.invoice_now(invoice)
    with unit_of_work():
        items = Facts.of_contract(now.contract_id).items
    return ubl_of(now, items, council="Borsetshire Council")


def credited(invoice):
    made.approve(invoice)
    lines = made.invoice_now(invoice).lines
    return made.make_credit_note(invoice, {lines[0].id: 2 * SCALE, lines[1].id: SCALE})


def test_the_official_rules_find_what_is_wrong(official, care):
    """Else the tests below would prove nothing."""
    content = file_of(full(care))
    assert "BR-02" in official(re.sub(rb"<cbc:ID>INV-[^<]*</cbc:ID>", b"", content, count=1))
    assert "BR-CO-15" in official(
        content.replace(b'<cbc:TaxInclusiveAmount currencyID="GBP">', b'<cbc:TaxInclusiveAmount currencyID="GBP">9')
    )


def test_an_invoice_keeps_the_official_rules(official, care):
    assert official(file_of(full(care))) == []


def test_a_credit_note_keeps_the_official_rules(official, care):
    assert official(file_of(credited(full(care)))) == []


@pytest.mark.parametrize(("code", "points"), [("zero", 0), ("reduced", 500), ("exempt", 0)])
def test_every_kind_of_vat_keeps_the_official_rules(official, care, code, points):
    contract, item, _ = care
    invoice = made.make_sent(contract, asked(item, 7, vat_code=code, vat_basis_points=points))
    assert official(file_of(invoice)) == []


def test_a_penny_of_rounding_line_by_line_keeps_the_official_rules(official, care):
    """The published case 39: 299.33, 179.33 and 99.34 at 20 %."""
    contract, _, other = care
    lines = [
        asked(other, 1, rate_e4=pence * 100, vat_code="standard", vat_basis_points=2_000)
        for pence in (29_933, 17_933, 9_934)
    ]
    content = file_of(made.make_sent(contract, *lines))
    assert b">115.61<" in content
    assert official(content) == []


def test_no_client_is_named(care):
    contract, item, _ = care
    content = file_of(full(care)).decode()
    with unit_of_work():
        bought = Facts.of_contract(contract.id).items[item.id]
    assert item.reference in content
    assert bought.client_reference not in content
    assert "Simpson" not in content


def taken_in(content, contract, **given):
    by = make_user(Role.FINANCE, Provider(id=contract.provider_id))
    with unit_of_work(contract.provider_id):
        [provider] = every(Provider.numbered(contract.provider_id))
        return take_in(read_ubl(content), provider, by=by, **given)


def test_what_was_written_is_taken_in_as_it_was(care):
    sent = full(care, number="41")
    content = file_of(sent).replace(b">41<", b">42<", 1)
    draft = made.invoice_now(taken_in(content, care[0]))
    assert (draft.status, draft.number, draft.note) == (InvoiceStatus.DRAFT, "42", "Thank you")
    assert draft.stated_pence == draft.gross_pence == made.invoice_now(sent).gross_pence
    told = [
        [
            (each.item_id, each.first_on, each.last_on, each.quantity_e4, each.rate_e4, each.vat_code, each.net_pence)
            for each in made.invoice_now(one).lines
        ]
        for one in (sent, draft)
    ]
    assert told[0] == told[1]


def test_a_credit_note_is_taken_in_against_its_invoice(care):
    invoice = full(care)
    note = credited(invoice)
    content = file_of(note)
    made.act(note, made.invoicing.remove, by=make_user())
    again = made.invoice_now(taken_in(content, care[0]))
    assert (again.kind, again.credits_id) == (InvoiceKind.CREDIT_NOTE, invoice.id)
    assert again.gross_pence == 4_620 + 2_772


def test_of_two_lines_for_the_same_days_the_one_at_the_price_of_the_file_is_taken_back(care):
    """And the invoice is found by its number, however its accents are typed."""
    invoice = full(care, number="Tŷ 1")
    made.approve(invoice)
    _, _, dearer = made.invoice_now(invoice).lines
    note = made.make_credit_note(invoice, {dearer.id: SCALE})
    content = file_of(note).decode().replace("Tŷ 1", "Ty\u0302  1").encode()
    made.act(note, made.invoicing.remove, by=make_user())
    [line] = made.invoice_now(taken_in(content, care[0])).lines
    assert (line.credits_line_id, line.rate_e4) == (dearer.id, 231_333)


def test_the_same_file_twice_is_refused(care):
    with pytest.raises(DomainError, match="used the number"):
        taken_in(file_of(full(care)), care[0])


def test_a_care_package_of_another_provider_is_unknown(care):
    contract, _ = made.make_home_care()
    with pytest.raises(DomainError, match="You have no care package"):
        taken_in(file_of(full(care)), contract)


def changed(care, before, after, count=1):
    content = file_of(full(care))
    assert before in content
    return content.replace(before, after, count)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (b">GBP<", b">EUR<", "is in EUR"),
        (b"<cbc:ID>INV-", b"<cbc:UUID>INV-", "is no XML"),
        (b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", b"urn:other", "no invoice or credit note"),
        (b">2026-10-12<", b">12 October<", "Write days like 2026-10-05"),
        (b">12.75<", b">a lot<", "it must be a number"),
        (b"<cbc:ID>S</cbc:ID>", b"<cbc:ID>AE</cbc:ID>", "Care is S, Z or E"),
        (b">380<", b">381<", "of type 381. Send an invoice"),
        (b">380<", b">386<", "of type 386"),
        (
            b"<cbc:PayableAmount",
            b'<cbc:PrepaidAmount currencyID="GBP">5.00</cbc:PrepaidAmount><cbc:PayableAmount',
            "paid already",
        ),
        (b"<cbc:Percent>20</cbc:Percent>", b"<cbc:Percent>-1</cbc:Percent>", "Give one from 0 to 100"),
        (b"<cbc:Percent>20</cbc:Percent>", b"<cbc:Percent>100.01</cbc:Percent>", "Give one from 0 to 100"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(care, before, after, words):
    count = 1 if before in (b">380<", b"<cbc:ID>INV-", b">2026-10-12<") else -1
    with pytest.raises(DomainError, match=words):
        read_ubl(changed(care, before, after, count))


def test_a_file_of_others_is_told(care):
    invoice = full(care)
    own, council = made.invoice_now(invoice).provider.name, "Borsetshire Council"
    content = file_of(invoice)
    assert read_ubl(content).strangers(own.upper(), f" {council}") == ""
    assert read_ubl(content.replace(council.encode(), b"Felpersham Council")).strangers(own, council) == (
        "The file is to “Felpersham Council”: make sure that it is the right one"
    )
    assert read_ubl(content).strangers("Another Agency", "Felpersham") == (
        f"The file is from “{own}” to “{council}”: make sure that it is the right one"
    )
    assert read_ubl(content.replace(b"RegistrationName", b"Other")).strangers(own, council) == ""


def test_a_file_that_is_nested_without_end_is_refused():
    deep = 40_000
    with pytest.raises(DomainError, match="no invoice"):
        read_ubl(b"<a>" * deep + b"</a>" * deep)


def test_a_line_without_its_care_package_is_told_by_its_number(care):
    content = re.sub(
        rb"<cac:BuyersItemIdentification>.*?</cac:BuyersItemIdentification>", b"", file_of(full(care)), flags=re.S
    )
    with pytest.raises(DomainError, match="Line 1 does not say which care package"):
        read_ubl(content)


def test_a_line_without_days_has_those_of_the_invoice(care):
    content = file_of(full(care))
    head, *lines = re.split(rb"(?=<cac:InvoiceLine>)", content)
    bare = [re.sub(rb"<cac:InvoicePeriod>.*?</cac:InvoicePeriod>", b"", each, flags=re.S) for each in lines]
    found = read_ubl(head + b"".join(bare))
    assert {(each.first_on, each.last_on) for each in found.lines} == {(MONDAY, date(2026, 10, 11))}


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    ],
)
def test_entities_and_document_types_are_refused(content):
    with pytest.raises(DomainError, match="document type or entities"):
        read_ubl(content)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\xff\xfe", b"<a", b'<?xml version="1.0" encoding="x-none"?><a/>']
)
def test_what_is_no_xml_is_refused(content):
    with pytest.raises(DomainError, match="is no XML"):
        read_ubl(content)


def test_a_large_file_is_refused_unread():
    with pytest.raises(DomainError, match="larger than 1 MB"):
        read_ubl(b" " * (LARGEST + 1))
