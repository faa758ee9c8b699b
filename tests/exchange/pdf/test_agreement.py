"""An agreement as PDF: what it says, how it is tagged, and letters that its font lacks."""

import io
from dataclasses import replace
from datetime import date

import pikepdf
import pytest

from exchange.pdf.agreement import NOTE, agreement_pdf
from exchange.pdf.fonts import ON_THE_PAGE, drawable
from models.agreed_terms import AgreedPrice, AgreedTerms
from models.correspondence.paper import Paper
from models.pricing import Basis, Convention, Unit

PAPER = Paper(
    version=2, made_on=date(2019, 10, 2), council="Borsetshire Council", provider="Tŷ’r Ŵyn – Łoś",
    provider_reference="P1", provider_address="1 Oak Street\nDarlington", surname="Świątkowski", first_name="Łukasz",
    client_reference="C1", contract="Care", contract_reference="K1", payment_terms="", item_reference="I1",
    service="Home care", basis=Basis.NET, vat_basis_points=0, sum_pence=87_250,
    terms=AgreedTerms("Home care", date(2019, 1, 1), None, Unit.WEEK, Convention.INCLUSIVE,
                      (AgreedPrice(date(2019, 1, 1), None, 8_725_000),)),
)  # fmt: skip


def opened(paper):
    return pikepdf.open(io.BytesIO(agreement_pdf(paper)))


def structure(element):
    """Kinds of the structure below the element, in order, each with how many marks it has."""
    for part in element.get("/K", []):
        if isinstance(part, pikepdf.Dictionary) and "/S" in part:
            yield str(part.S)
            yield from structure(part)


@pytest.mark.covers("S0-036")
def test_the_same_paper_gives_the_same_bytes_and_another_gives_others():
    assert agreement_pdf(PAPER) == agreement_pdf(PAPER)
    assert agreement_pdf(PAPER) != agreement_pdf(replace(PAPER, version=3))


def test_headings_table_and_list_are_tagged_and_the_language_is_said():
    with opened(PAPER) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-GB"
        assert "Individual Service Agreement, version 2" in str(pdf.docinfo.Title)
        found = list(structure(pdf.Root.StructTreeRoot.K))
        rows = len(PAPER.facts)
        assert (found[0], found.count("/H2"), found.count("/LBody")) == ("/H1", 1, len(PAPER.clauses))
        assert (found.count("/TR"), found.count("/TD"), found.count("/TH")) == (rows + 1, rows, rows + 2)
        content = pdf.pages[0].Contents.read_bytes()
        assert content.count(b"BDC") + content.count(b"BMC") == content.count(b"EMC")
        marked = [list(each) for each in pdf.Root.StructTreeRoot.ParentTree.Nums if isinstance(each, pikepdf.Array)]
        assert sum(map(len, marked)) == sum(page.Contents.read_bytes().count(b"BDC") for page in pdf.pages)


def test_a_long_paper_goes_on_on_the_next_page_under_the_same_headings():
    with opened(replace(PAPER, payment_terms="word " * 900)) as pdf:
        assert len(pdf.pages) > 1
        for page in pdf.pages:
            content = page.Contents.read_bytes()
            assert content.count(b"BDC") + content.count(b"BMC") == content.count(b"EMC")


def test_what_the_font_lacks_is_said_to_stand_on_the_page():
    """Case 13."""
    assert drawable("Łukasz Tŷ’r Ŵyn – ’") == "Łukasz Tŷ’r Ŵyn – ’"
    assert drawable("أحمد") == ON_THE_PAGE
    assert drawable("李, Wei") == f"{ON_THE_PAGE}, Wei"
    assert drawable("أحمد 李") == ON_THE_PAGE
    assert len(agreement_pdf(replace(PAPER, surname="李"))) > 5_000
    assert ON_THE_PAGE in NOTE
