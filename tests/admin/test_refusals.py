"""A rule that says no to staff takes them to no other page: it stands on the one they are on, with what they typed."""

from sqlalchemy import select

from models.payments.adjustment import RecoveryPlan
from models.payments.hold import Hold
from tests.admin.conftest import MONDAY, SUNDAY, WEEK
from tests.admin.payments.acts import make_it_owe
from tests.care_factories import make_item
from tests.support.addresses import methods_of, rules_of
from tests.support.rows import every
from tests.support.runs import calculate, change

RUNS = "/council/payment-runs"


def test_a_refused_form_keeps_what_was_typed_and_says_why(desk):
    plan = {"amount": "50.00", "reason": "Agreed with Ms Bowen"}
    path = f"{desk.payment}/instalments"
    make_it_owe(desk)
    for_the_first, late = desk.officer.get(path), desk.officer.get(path)
    desk.officer.submit(for_the_first, plan, status=303)
    refused = desk.officer.submit(late, plan, status=409)
    assert refused.heading == "Agree instalments"
    assert refused.page.title.text.startswith("Error: ")
    assert refused.errors == ["This contract has an instalment plan already. End it before you agree another"]
    assert refused.page.select_one("textarea").text.strip() == plan["reason"]
    assert refused.page.select_one("input[name=amount]")["value"] == "50.00"
    assert len(every(select(RecoveryPlan))) == 1


def test_all_faults_are_told_at_once(desk):
    refused = desk.officer.post(f"{desk.payment}/send-back", {"answer_by": ["99", "x", ""]}, status=422)
    assert len(refused.errors) == 2


def test_nothing_of_the_refused_act_stays_and_the_same_form_can_be_sent_again(desk):
    change(desk.contract, confirmation="required")
    page = desk.officer.get(f"{desk.payment}/send-back")
    refused = desk.officer.submit(page, {"comment": "Put right"}, status=409)
    assert "not rejected" in refused.errors[0]
    assert refused.page.select_one("textarea").text.strip() == "Put right"
    again = desk.officer.submit(refused, {"comment": "Put right"}, status=409)
    assert again.errors == refused.errors
    assert not every(Hold)


def test_a_refused_button_stays_on_its_page(desk):
    make_item(desk.contract, rate_e4=9_000_000, starts_on=MONDAY + WEEK)
    calculate(SUNDAY)
    number = desk.prepare()
    refused = desk.manager.post(f"{RUNS}/{number}/authorise", status=409)
    assert refused.heading == f"Payment run {number}"
    assert "Still to tick" in refused.errors[0]
    assert refused.page.select_one(".govuk-error-summary h2").text.strip() == "Nothing was done"
    by_htmx = desk.manager.post(f"{RUNS}/{number}/authorise", status=409, htmx=True)
    assert "Still to tick" in by_htmx.words
    assert by_htmx.page.select_one("main") is None


def test_one_unknown_name_of_four_is_named_and_the_others_stay(desk):
    page = desk.officer.get(f"{RUNS}/prepare?due=today")
    names = "\r\n".join(("Rowan", "Nobody of that name", desk.contract.reference, "Elm"))
    refused = desk.officer.submit(page, {"who": "named", "named": names, "note": "Early"}, status=422)
    assert any("Nobody of that name" in each for each in refused.errors)
    assert refused.page.select_one("input[name=who][checked]")["value"] == "named"
    assert refused.page.select_one("input[name=due][checked]")["value"] == "today"
    assert refused.page.select_one("textarea").text.split() == names.split()
    assert refused.page.select_one("input[name=note]")["value"] == "Early"


def test_every_button_of_the_councils_has_a_page_or_a_form_to_stay_on(app):
    """A view that takes no GET draws no form of its own, unless it is known to."""
    draw_it_themselves = {
        "admin.search.find",
        "admin.actions.give",
        "admin.actions.note",
        "admin.actions.write",
        "admin.claims.decide",
        "admin.actuals.agree_rule",
        "admin.gates.begin",
        "admin.invoices.approve",
        "admin.payment_runs.tick",
        "admin.payment_runs.exception_ask",
        "admin.payment_runs.exception_hold",
        "admin.home.take",
        "admin.home.let_go",
    }
    buttons = {
        rule.endpoint for rule in rules_of(app)
        if rule.endpoint.startswith("admin.") and methods_of(rule) == ["POST"]
    }  # fmt: skip
    without = {each for each in buttons - draw_it_themselves if not hasattr(app.view_functions[each], "stays_on")}
    assert not without, "say with @stays_on on which page the button stands (blueprints/refusals.py)"
    for each in buttons - draw_it_themselves:
        page = app.view_functions[each].stays_on
        assert {rule.endpoint for rule in rules_of(app) if "GET" in methods_of(rule)} >= {page}


def test_words_for_staff_never_tell_them_to_contact_themselves(desk, client):
    refused = desk.manager.get(f"{RUNS}/prepare", status=403)
    assert "Ask a systems administrator if it should" in refused.words
    for page in (refused, desk.officer.get("/council/nothing", status=404), desk.officer.get("/council/")):
        assert "ontact us" not in page.words
        assert "Contact the" not in page.words
    assert "Contact the" in client.get("/").words
