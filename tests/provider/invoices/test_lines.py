"""The lines of an invoice on its page."""

import pytest
from sqlalchemy import select

from models.records.client import Client
from tests import invoice_factories as made
from tests.invoice_factories import asked
from tests.provider.invoices.typed import head, line, newest
from tests.support import runs
from tests.support.client import filled_in
from tests.support.rows import every


def test_an_invoice_is_made_by_hand_line_by_line(finance, at, care):
    contract, item = care
    finance.post(at("new"), head(contract=contract.reference), status=303)
    invoice = newest()
    finance.post(at(f"{invoice.id}/lines/add"), line(item), status=303)
    [added] = made.invoice_now(invoice).lines
    assert (added.rate_e4, added.net_pence) == (231_000, 29_453)
    finance.post(
        at(f"{invoice.id}/lines/{added.id}/change"),
        line(item, seen=added.mark, quantity="10", rate="24.00"),
        status=303,
    )
    page = finance.get(at(f"{invoice.id}"))
    assert "The price on 5 October 2026 is £23.10 an hour, and the line says £24.00." in page.words
    finance.submit(finance.get(at(f"{invoice.id}/lines/{added.id}/remove")), status=303)
    assert made.invoice_now(invoice).gross_pence == 0


def test_a_line_is_added_without_the_page_being_loaded_and_the_next_begins_with_its_days(finance, at, care):
    contract, item = care
    invoice = made.make_invoice(contract)
    part = finance.post(at(f"{invoice.id}/lines/add"), line(item), htmx=True, status=200)
    assert "£294.53" in part.words
    assert "The line for £294.53 is added" in part.words
    for page in (part, finance.get(at(f"{invoice.id}?like={made.invoice_now(invoice).lines[0].id}"))):
        boxes = [each["value"] for each in page.page.select("input[name=first_on], input[name=last_on]")]
        assert boxes == ["5", "10", "2026", "11", "10", "2026"]
    assert len(made.invoice_now(invoice).lines) == 1
    page = finance.post(at(f"{invoice.id}/lines/add"), line(item) | {"quantity": "many"}, htmx=True, status=422)
    assert page.page.select_one("#quantity")["value"] == "many"


def test_a_line_is_offered_for_what_is_authorised(finance, at, care):
    contract, item = care
    other = made.make_hourly_item(contract)
    runs.change(other, authorised_on=None)
    page = finance.get(at(f"{made.make_invoice(contract).id}"))
    offered = [each["value"] for each in page.page.select("#item option")]
    assert offered == ["", str(item.id)]


def test_a_line_with_faults_stays_on_the_page_with_what_was_typed(finance, at, care):
    contract, item = care
    invoice = made.make_invoice(contract)
    page = finance.post(at(f"{invoice.id}/lines/add"), line(item) | {"quantity": "many", "item": ""}, status=422)
    assert "Choose a care package" in page.errors
    assert any("must be a number" in each for each in page.errors)
    assert page.page.select_one("#quantity")["value"] == "many"


def test_what_a_rule_refuses_stays_on_the_page(finance, at, care):
    contract, item = care
    invoice = made.make_invoice(contract)
    page = finance.post(at(f"{invoice.id}/lines/add"), line(item, last_on=["19", "10", "2026"]), status=422)
    assert any("has not come yet" in each for each in page.errors)


def test_a_line_item_is_chosen_by_the_name_of_its_client(finance, at, care):
    """With and without JavaScript: the name stands in the choice itself, on both forms of a line."""
    contract, item = care
    [client] = every(select(Client).where(Client.id == item.client_id))
    invoice = made.make_invoice(contract, asked(item))
    [own] = made.invoice_now(invoice).lines
    for path in ("", f"/lines/{own.id}/change"):
        options = finance.get(at(f"{invoice.id}{path}")).page.select("[name=item] option")
        assert any(each.text.startswith(f"{client.full_name}: ") for each in options), path
    assert options[-1].has_attr("selected")


def test_of_a_line_that_was_removed_meanwhile_what_is_typed_stays_to_be_added_again(finance, at, care):
    contract, item = care
    invoice = made.make_invoice(contract, asked(item), asked(item, 2))
    [own, _] = made.invoice_now(invoice).lines
    there = at(f"{invoice.id}/lines/{own.id}")
    page = finance.get(f"{there}/change")
    finance.submit(finance.get(f"{there}/remove"), status=303)
    refused = finance.submit(page, {"quantity": "7", "description": "Nights"}, status=422)
    assert "Somebody else has removed this line. Add it again if it is needed" in refused.errors
    form = f"form[action='{at(f'{invoice.id}/lines/add')}']"
    kept = filled_in(refused.page.select_one(form))
    assert (kept["quantity"], kept["description"], kept["item"]) == ("7", "Nights", str(item.id))
    finance.submit(refused, form=form, status=303)
    assert made.invoice_now(invoice).gross_pence == 9 * 2_310
    finance.get(f"{there}/change", status=404)
    answer = finance.post(f"{there}/remove", status=303)
    assert "Somebody else has removed the line already" in finance.follow(answer).words


@pytest.mark.parametrize(
    ("path", "typed", "after"), [("change", {"quantity": "7"}, 7 * 2_310), ("remove", {}, 0)], ids=["change", "remove"]
)
def test_of_a_line_that_was_changed_meanwhile_it_is_said_what_it_is_now(finance, at, care, path, typed, after):
    contract, item = care
    invoice = made.make_invoice(contract, asked(item))
    [own] = made.invoice_now(invoice).lines
    there = at(f"{invoice.id}/lines/{own.id}")
    page, other = finance.get(f"{there}/{path}"), finance.get(f"{there}/change")
    finance.submit(other, {"quantity": "3"}, status=303)
    refused = finance.submit(page, typed, status=422)
    assert any("Somebody else has changed this line since you opened it: it is for" in each for each in refused.errors)
    assert any("comes to £69.30 now" in each for each in refused.errors)
    assert made.invoice_now(invoice).gross_pence == 3 * 2_310
    assert filled_in(refused.page.select_one("main form")).get("quantity") == typed.get("quantity")
    finance.submit(refused, status=303)
    assert made.invoice_now(invoice).gross_pence == after


def test_a_form_of_a_line_does_not_change_another_that_took_its_number(finance, at, care):
    contract, item = care
    invoice = made.make_invoice(contract, asked(item))
    [own] = made.invoice_now(invoice).lines
    there = at(f"{invoice.id}/lines/{own.id}")
    page, bare = finance.get(f"{there}/change"), line(item, quantity="7")
    finance.submit(finance.get(f"{there}/remove"), status=303)
    finance.post(at(f"{invoice.id}/lines/add"), line(item, quantity="5"), status=303)
    [other] = made.invoice_now(invoice).lines
    assert other.id == own.id, "SQLite gives the number again"
    finance.submit(page, {"quantity": "7"}, status=422)
    finance.post(f"{there}/change", bare, status=422)
    assert made.invoice_now(invoice).gross_pence == 5 * 2_310


def test_a_line_is_not_offered_for_care_that_is_of_another_contract_now(finance, at, care, provider):
    contract, item = care
    draft = made.make_invoice(contract, asked(item))
    runs.change(item, contract_id=made.make_home_care(provider=provider)[0].id)
    assert finance.get(at(draft.id)).page.select(f"#item option[value='{item.id}']") == []
