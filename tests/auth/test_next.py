"""Where the log-in page sends people afterwards: only to pages of this portal."""

import pytest
from sqlalchemy import select

from models.accounts.user import Membership
from tests.auth.journey import mailed_code
from tests.factories import PASSWORD, make_user
from tests.support.rows import every

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "\n//evil.example",
    "\r\n//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%2f/evil.example",
    "/%2Fevil.example",
    "%2f%2fevil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://evil.example",
    "evil.example",
    "evil.example/log-in",
    "@evil.example",
    "/@evil.example",
    "//portal.example@evil.example",
    "//portal.example.evil.example",
    "http://portal.example@evil.example/",
    "/.evil.example",
    "/..//evil.example",
    "/../evil.example",
    "/./evil.example",
    "/;@evil.example",
    "/;//evil.example",
    "//evil.example/providers",
    "///evil.example/providers",
    "/help/..//evil.example",
    "/help//evil.example",
    "//help",
    "/\u2028/evil.example",
    "/\u00a0/evil.example",
    "/\u200b/evil.example",
    "\u200b//evil.example",
    "/\x00/evil.example",
    "/\x7f/evil.example",
    "\uff0f\uff0fevil.example",
    "/\uff0fevil.example",
    "〱evil.example",
    "/nowhere",
    "/log-out",
    "?next=/",
    "#",
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_address_but_one_of_ours_is_followed(client, database, target):
    user = make_user()
    assert after_log_in(client, user, target).location == "/providers"


@pytest.mark.parametrize("target", ["/help", "/help?a=b&c=d", "/providers/{}/", "/providers/{}/payments/?year=2019"])
def test_the_page_that_was_asked_for_is_shown_after_all(client, database, target):
    user = make_user()
    [provider_id] = every(select(Membership.provider_id))
    target = target.format(provider_id)
    assert after_log_in(client, user, target).location == target


def test_it_survives_a_wrong_password(client, database):
    user = make_user()
    page = client.get("/log-in", query_string={"next": "/help"})
    page = client.submit(page, {"email": user.email, "password": "Wrong-Password-1"}, status=422)
    page = client.follow(client.submit(page, {"email": user.email, "password": PASSWORD}, status=303))
    assert client.submit(page, {"code": mailed_code()}, status=303).location == "/help"


def after_log_in(client, user, target):
    page = client.get("/log-in", query_string={"next": target})
    page = client.follow(client.submit(page, {"email": user.email, "password": PASSWORD}, status=303))
    return client.submit(page, {"code": mailed_code()}, status=303)


@pytest.mark.parametrize("page", ["/log-in/code", "/log-in/security-code", "/log-in/continue"])
def test_a_page_in_the_middle_of_logging_in_leads_somewhere_with_nobody_on_the_way_in(client, database, page):
    assert client.get(page, status=303).location == "/log-in"
    user = make_user()
    client.user = user
    assert after_log_in(client, user, page).location == page
    assert client.get(page, status=303).location == "/providers"
