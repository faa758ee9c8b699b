import pytest
from sqlalchemy.exc import OperationalError

from models.accounts.account_policy import Step

PAGES = ["/", "/help", "/privacy", "/cookies", "/accessibility", "/logged-out"]


@pytest.mark.covers(
    "S4-019", "S4-022", "S4-023", "S4-024", "S4-025", "S4-026", "S4-027", "S4-028", "S4-029", "S4-030", "S1-003"
)
def test_the_landing_page_says_what_the_guide_shows(client):
    answer = client.get("/")
    assert answer.heading == "Welcome to the Borsetshire Council Children's Provider Portal"
    assert "Borsetshire Council" in answer.page.header.get_text()
    assert "Children's Provider Portal" in answer.page.select_one(".govuk-service-navigation").get_text()
    for words in (
        "Provider web interface for Borsetshire Council Children's social services",
        "It is a means to view and interact with contract and service delivery information",
        "in a simple online form, or upload a spreadsheet",
        "The electronic record of the invoices and credit notes",
        "Create and submit invoices for your actuals online",
        "all purchase orders are available to view and download",
        "Reporting tools to help generate returns",
        "All communications are encrypted",
    ):
        assert words in answer.words
    panels = [heading.get_text() for heading in answer.page.select(".tile h3")]
    assert panels == [
        "Submit Actuals", "Invoice Management", "Payments", "Confirm and query", "Purchase Orders", "Claims",
        "Reporting", "Actions and documents", "Contracts and details",
    ]  # fmt: skip
    start = answer.page.find("h2", string="Start...").find_parent("section")
    link = start.find("a", string="Access secure services for providers")
    assert client.get(link["href"]).heading == "Log in to your Provider Portal"


@pytest.mark.covers("S4-020", "S4-021")
def test_a_visitor_may_go_home_and_to_the_help(client):
    for path in PAGES:
        menu = client.get(path).page.select("nav[aria-label=Menu] a")
        assert [(link.get_text(strip=True), link["href"]) for link in menu] == [("Home", "/"), ("Help", "/help")]


def test_the_menu_says_where_one_is(client):
    assert client.get("/help").page.select_one("nav [aria-current=page]").get_text(strip=True) == "Help"
    assert client.get("/privacy").page.select_one("nav[aria-label=Menu] [aria-current]") is None


@pytest.mark.covers("S0-017", "S1-002", "S4-008")
def test_the_help_says_how_to_log_in_read_payments_and_whom_to_ask(client):
    answer = client.get("/help")
    for words in ("Chrome", "Enter your e-mail address and your password", "How this was worked out", "Log out"):
        assert words in answer.words
    contact = answer.page.find("h2", id="contact").find_next("dl").get_text(" ", strip=True)
    for words in ("Children's Provider Portal", "Children's Services Finance Team", "01632 960123"):
        assert words in contact
    assert answer.page.find("a", href="mailto:finance@borsetshire.example")


def test_the_help_says_how_to_claim_read_remittances_and_agree(client):
    answer = client.get("/help")
    for anchor, words in (
        ("claims", "Choose New Claim"), ("reports", "a remittance advice says what a payment to your bank was made of"),
        ("documents", "choose Agree or Reject"),
    ):  # fmt: skip
        assert words in answer.page.find(id=anchor).find_next("p").get_text()


def test_every_page_leads_to_help_contact_privacy_cookies_and_accessibility(client):
    for path in PAGES:
        links = [link["href"] for link in client.get(path).page.select("footer a")]
        assert links[:5] == ["/help", "/help#contact", "/privacy", "/cookies", "/accessibility"]


def test_no_link_leads_nowhere(client):
    for path in PAGES:
        for link in client.get(path).page.select("a[href^='/']"):
            target = client.get(link["href"].partition("#")[0])
            anchor = link["href"].partition("#")[2]
            assert not anchor or target.page.find(id=anchor)


def test_the_cookies_page_names_the_cookie_that_is_really_set(client):
    cookie = client.get("/log-in").headers["Set-Cookie"].partition("=")[0]
    assert cookie in client.get("/cookies").words


def test_the_portal_says_that_it_is_well(client):
    assert client.get("/healthz").text == "ok\n"


def test_the_portal_says_that_its_database_is_not(client, database, caplog, monkeypatch):

    def broken(*_):
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr("blueprints.public.machinery.session.execute", broken)
    client.get("/healthz", status=503)


def test_nothing_is_fetched_from_elsewhere(client):
    for path in PAGES:
        page = client.get(path).page
        for tag in page.select("script[src], link[href], img[src]"):
            address = tag.get("src") or tag["href"]
            assert address.startswith(("/", "data:")), tag


@pytest.mark.covers("S0-021")
def test_who_cannot_log_in_is_led_to_resetting_the_password(client):
    answer = client.get("/log-in")
    assert "If you cannot log in, see Reset your password ." in answer.words
    assert answer.page.find("a", string="Reset your password")["href"] == "/help#reset"
    assert "Choose Forgotten password on the log-in page" in client.get("/help").words


def test_help_explains_the_second_steps_that_the_council_uses(client, policy):
    words = client.get("/help").words
    assert "A code by e-mail." in words
    assert "Your security code." not in words
    policy(carers=Step.SECURITY_CODE, organisations=Step.SECURITY_CODE)
    words = client.get("/help").words
    assert "A code by e-mail." not in words
    assert "Your security code." in words
