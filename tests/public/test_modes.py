"""What exists in a demonstration only."""

from config import Mode
from tests.auth.journey import code_page, mailed_code
from tests.factories import make_user
from tests.support.client import PortalClient


def test_a_demonstration_shows_the_mail_it_would_have_sent(client):
    page = code_page(client, make_user())
    mail = client.get(page.page.find("a", string="read the e-mail here")["href"])
    assert mailed_code() in mail.words
    assert "Your code to log in" in mail.words


def test_a_demonstration_says_so_on_every_page_and_which_day_it_is(client):
    for path in ("/", "/log-in", "/nowhere"):
        bar = client.get(path, status=None).page.select_one(".demo-bar").get_text()
        assert "Demonstration" in bar
        assert "2019" in bar


def test_in_production_there_is_no_trace_of_it(make_app):
    make_user(email="carer@demo.example")
    client = PortalClient(make_app(mode=Mode.PRODUCTION, https=True))
    client.get("/demo/mail", status=404)
    for path in ("/", "/log-in", "/help"):
        text = client.get(path).text
        assert "demo" not in text.lower()
    page = code_page(client, make_user())
    assert "demo" not in page.text.lower()
