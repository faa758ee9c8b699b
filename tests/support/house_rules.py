"""What every answer of the portal must be like. The test client holds each one to it."""

import re

import html5lib
from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from blueprints.security import FILE_POLICY, HEADERS
from models.accounts.press import FIELD, is_key

CANARY = re.compile(r"zq(\d+)qz")
LABELLED = "input:not([type=hidden]):not([type=submit]):not([type=button]), select, textarea"
FORBIDDEN = "script:not([src]), style, [style], [hx-on], [href^='javascript:']"
CONTAINERS = {"tr": "tbody", "td": "tr", "th": "tr", "tbody": "table", "option": "select", "li": "ul"}


def check_headers(response: TestResponse) -> None:
    policy = {"Content-Security-Policy": FILE_POLICY} if "sandbox" in str(response.headers) else {}
    if policy:
        assert response.headers["Content-Disposition"].startswith("attachment;")
    for name, value in (HEADERS | policy).items():
        assert response.headers.get(name) == value, f"{name}: {response.headers.get(name)!r}"
    assert "HX-Request" in response.headers.get("Vary", "") or response.request.path.startswith("/static/")
    assert response.headers.get("Cache-Control"), "every answer says whether it may be kept"
    for cookie in response.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie, cookie
        assert "SameSite=Lax" in cookie, cookie
        assert "Path=/" in cookie, cookie
        assert "Domain=" not in cookie, cookie
        assert len(cookie) <= 4096, cookie


def check_html(
    response: TestResponse, soup: BeautifulSoup, *, is_partial: bool, is_signed_in: bool, own_providers: set[int]
) -> None:
    if response.data:
        _is_valid_html(response.text, is_partial)
    if is_partial:
        assert not soup.find("html"), "a part of a page came with a whole page around it"
    else:
        _has_heading_and_title(soup, response.status_code)
    _ids_are_unique(soup)
    _inputs_are_labelled(soup)
    _forms_are_safe_and_work_without_script(soup)
    if is_signed_in:
        _forms_have_a_one_time_key(soup)
    _nothing_is_inline(soup)
    if 300 <= response.status_code < 400:
        return  # it repeats the address that was asked for
    strangers = {int(number) for number in CANARY.findall(response.text)} - own_providers
    assert not strangers, f"this page shows something of the providers {strangers}"


def _is_valid_html(text: str, is_partial: bool) -> None:
    parser = html5lib.HTMLParser(strict=True)
    try:
        if is_partial:
            first = re.match(r"\s*<(\w+)", text)
            parser.parseFragment(text, container=CONTAINERS.get(first[1] if first else "", "div"))
        else:
            parser.parse(text)
    except html5lib.html5parser.ParseError as fault:
        (line, column), *_ = parser.errors[0]
        near = "\n".join(text.splitlines()[max(0, line - 3) : line + 1])
        raise AssertionError(f"not valid HTML, line {line}, column {column}: {fault}\n{near}") from None


def _has_heading_and_title(soup: BeautifulSoup, status: int) -> None:
    headings = [_text(heading) for heading in soup.find_all("h1")]
    assert len(headings) == 1, f"a page has one h1, this one has {headings}"
    title = _text(soup.title)
    is_refused = status == 409 and soup.select_one(".govuk-error-summary") is not None
    prefix = "Error: " if status == 422 or is_refused else ""
    assert title.startswith(prefix + headings[0]), f"the title {title!r} does not begin with {prefix + headings[0]!r}"
    assert soup.html.get("lang", "").startswith("en")


def _ids_are_unique(soup: BeautifulSoup) -> None:
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    doubles = {each for each in ids if ids.count(each) > 1}
    assert not doubles, f"used as id more than once: {doubles}"
    for label in soup.select("label[for]"):
        assert label["for"] in ids, f"a label for {label['for']!r}, which is not there"


def _inputs_are_labelled(soup: BeautifulSoup) -> None:
    for field in soup.select(LABELLED):
        label = soup.find("label", attrs={"for": field.get("id")}) if field.get("id") else None
        named = label or field.find_parent("label") or field.get("aria-label") or field.get("aria-labelledby")
        assert named, f"no label: {field}"
    for button in soup.find_all("button"):
        assert _text(button) or button.get("aria-label"), f"a button without words: {button}"


def _forms_are_safe_and_work_without_script(soup: BeautifulSoup) -> None:
    for form in soup.find_all("form"):
        assert form.get("action"), f"a form without action: {str(form)[:200]}"
        if form.get("method", "get").lower() == "post":
            assert form.find("input", attrs={"name": "csrf_token"}), f"no CSRF field: {str(form)[:200]}"
    for tag in soup.find_all(_asks_by_htmx):
        assert _works_without_script(tag), f"does nothing without JavaScript: {str(tag)[:200]}"


def _forms_have_a_one_time_key(soup: BeautifulSoup) -> None:
    """By which a second press does nothing: `{{ csrf() }}` of components/form.html draws it."""
    for form in soup.select("form[method=post]"):
        keys = [each.get("value", "") for each in form.find_all("input", attrs={"name": FIELD})]
        assert len(keys) == 1, f"a form has one one-time key: {str(form)[:200]}"
        assert is_key(keys[0]), f"no one-time key: {keys[0]!r}"


def _asks_by_htmx(tag: Tag) -> bool:
    return any(tag.has_attr(prefix + verb) for prefix in ("hx-", "data-hx-") for verb in ("get", "post"))


def _works_without_script(tag: Tag) -> bool:
    """It is a link, is in a form, or holds a link to the address that it asks."""
    if tag.name == "a":
        return tag.has_attr("href")
    if tag.name == "details" and tag.find("a", href=tag.get("data-hx-get")):
        return True
    return tag.name == "form" or tag.find_parent("form") is not None


def _nothing_is_inline(soup: BeautifulSoup) -> None:
    assert not soup.select(FORBIDDEN), soup.select(FORBIDDEN)
    for tag in soup.find_all(True):
        handlers = [name for name in tag.attrs if name.startswith("on")]
        assert not handlers, f"{handlers} on {str(tag)[:200]}"


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text().split()) if tag else ""
