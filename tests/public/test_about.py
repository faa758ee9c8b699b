"""The page that a council's own site may link to, or copy."""

from dataclasses import replace

import pytest

from tests.support.client import PortalClient


@pytest.fixture
def about(make_app, settings):
    council = replace(settings.council, paid_for="fostering and supported lodgings")
    return PortalClient(make_app(council=council)).get("/about")


@pytest.mark.covers("S4-009")
def test_it_leads_to_the_portal(client, about):
    assert about.heading == "Manage your fostering and supported lodgings payments online"
    assert client.get("/about").heading == "Manage your care payments online"
    link = about.page.find("a", string="Go to the Children's Provider Portal")
    assert client.get(link["href"]).page.find("a", string="Access secure services for providers")
    assert client.get("/").page.find("a", string="What you can do here, and how to register")["href"] == "/about"


@pytest.mark.covers("S4-010", "S4-011", "S4-012", "S4-013", "S4-014")
def test_it_says_what_one_can_do_there(about):
    said = [" ".join(each.get_text().split()) for each in about.page.select("main ul li")]
    assert "view your payments: scheduled, in process and already paid" in said
    assert "contact our finance team directly" in said
    assert "view remittance advice by time period" in said
    assert "view annual reports: payment totals by tax year or financial year" in said
    assert any(words.startswith("submit mileage claims") for words in said)


@pytest.mark.covers("S4-015", "S4-016", "S4-017")
def test_it_says_how_to_register_and_whom_to_ask(about):
    assert "Speak to your social worker, or contact us ." in about.words
    names = "the Provider Portal or the Children's Provider Portal"
    assert f"Once you have logged in, the site may be called {names}." in about.words
    link = about.page.find("a", string="contact us")
    shown = about.page.find(id=link["href"].lstrip("#")).find_next("dl").get_text(" ", strip=True)
    assert "finance@borsetshire.example" in shown
    assert "01632 960123" in shown


def test_nothing_in_it_leads_nowhere(client, about):
    for link in about.page.select("main a[href^='/']"):
        client.get(link["href"])
