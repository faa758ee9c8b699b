"""What every answer of the portal must be like. The test client holds each one to it."""

import re
from collections import Counter

import html5lib
from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from blueprints.security import FILE_POLICY, HEADERS
from models.accounts.press import FIELD, is_key

CANARY = re.compile(r"zq(\d+)qz")
UNLABELLED = ("hidden", "submit", "button")
"""Kinds of input that need no label."""
ASKS = {"hx-get", "hx-post", "data-hx-get", "data-hx-post", "data-working"}
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
    tags = [each for each in soup.descendants if isinstance(each, Tag)]
    _ids_are_unique(tags)
    _inputs_are_labelled(tags)
    _forms_are_safe_and_work_without_script(tags)
    if is_signed_in:
        _forms_have_a_one_time_key(soup)
    _nothing_is_inline(tags)
    if 300 <= response.status_code < 400:
        return  # it repeats the address that was asked for
    strangers = {int(number) for number in CANARY.findall(response.text)} - own_providers
    assert not strangers, f"this page shows something of the providers {strangers}"


def _is_valid_html(text: str, is_partial: bool) -> None:
    """Pages that differ in their words only are parsed once: html5lib takes longer than most pages take to make."""
    first = re.match(r"\s*<(\w+)", text) if is_partial else None
    container = CONTAINERS.get(first[1] if first else "", "div") if is_partial else ""
    known = container, hash(skeleton(text))
    if known in _VALID:
        return
    parser = html5lib.HTMLParser(strict=True)
    try:
        if is_partial:
            parser.parseFragment(text, container=container)
        else:
            parser.parse(text)
    except html5lib.html5parser.ParseError as fault:
        (line, column), *_ = parser.errors[0]
        near = "\n".join(text.splitlines()[max(0, line - 3) : line + 1])
        raise AssertionError(f"not valid HTML, line {line}, column {column}: {fault}\n{near}") from None
    _VALID.add(known)


_VALID: set[tuple[str, int]] = set()
_CONTROL = "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ufdd0-\\ufdef\\ufffe\\uffff"
_SAFE = re.compile("&(?:amp|lt|gt|quot|#34|#39);")
_VALUE = re.compile(rf' (?!type=|content=|charset=)([a-z][a-z0-9-]*)="[^"&<>{_CONTROL}]*"')
_WORDS = re.compile(rf">\s*[^\s<>&{_CONTROL}][^<>&{_CONTROL}]*<")


def skeleton(text: str) -> str:
    """The tags with the names of their attributes, and where words stand. Of words and of values in double quotes no
    rule of HTML asks more than that, where they have no `&`, tags and control characters; those stay as they are, and
    so does a page with a comment.
    """
    if "<!--" in text:
        return text
    return _WORDS.sub(">w<", _VALUE.sub(r" \1=v", _SAFE.sub(".", text)))


def _has_heading_and_title(soup: BeautifulSoup, status: int) -> None:
    headings = [_text(heading) for heading in soup.find_all("h1")]
    assert len(headings) == 1, f"a page has one h1, this one has {headings}"
    title = _text(soup.title)
    is_refused = status == 409 and soup.select_one(".govuk-error-summary") is not None
    prefix = "Error: " if status == 422 or is_refused else ""
    assert title.startswith(prefix + headings[0]), f"the title {title!r} does not begin with {prefix + headings[0]!r}"
    assert soup.html.get("lang", "").startswith("en")


def _ids_are_unique(tags: list[Tag]) -> None:
    ids = Counter(tag["id"] for tag in tags if tag.has_attr("id"))
    doubles = {each for each, times in ids.items() if times > 1}
    assert not doubles, f"used as id more than once: {doubles}"
    for label in tags:
        if label.name == "label" and label.has_attr("for"):
            assert label["for"] in ids, f"a label for {label['for']!r}, which is not there"


def _inputs_are_labelled(tags: list[Tag]) -> None:
    labelled = {tag.get("for") for tag in tags if tag.name == "label"}
    for tag in tags:
        is_typed = tag.name == "input" and tag.get("type", "").lower() not in UNLABELLED
        if is_typed or tag.name in ("select", "textarea"):
            label = tag.get("id") and tag["id"] in labelled
            named = label or tag.find_parent("label") or tag.get("aria-label") or tag.get("aria-labelledby")
            assert named, f"no label: {tag}"
        if tag.name == "button":
            assert _text(tag) or tag.get("aria-label"), f"a button without words: {tag}"


def _forms_are_safe_and_work_without_script(tags: list[Tag]) -> None:
    for form in tags:
        if form.name != "form":
            continue
        assert form.get("action"), f"a form without action: {str(form)[:200]}"
        if form.get("method", "get").lower() == "post":
            assert form.find("input", attrs={"name": "csrf_token"}), f"no CSRF field: {str(form)[:200]}"
    for tag in filter(_asks_by_htmx, tags):
        assert _works_without_script(tag), f"does nothing without JavaScript: {str(tag)[:200]}"


def _forms_have_a_one_time_key(soup: BeautifulSoup) -> None:
    """By which a second press does nothing: `{{ csrf() }}` of components/form.html draws it."""
    for form in soup.select("form[method=post]"):
        keys = [each.get("value", "") for each in form.find_all("input", attrs={"name": FIELD})]
        assert len(keys) == 1, f"a form has one one-time key: {str(form)[:200]}"
        assert is_key(keys[0]), f"no one-time key: {keys[0]!r}"


def _asks_by_htmx(tag: Tag) -> bool:
    return not ASKS.isdisjoint(tag.attrs)


def _works_without_script(tag: Tag) -> bool:
    """It is a link, is in a form, or holds a link to the address that it asks."""
    if tag.name == "a":
        return tag.has_attr("href")
    if tag.name == "details" and tag.find("a", href=tag.get("data-working")):
        return True
    return tag.name == "form" or tag.find_parent("form") is not None


def _nothing_is_inline(tags: list[Tag]) -> None:
    for tag in tags:
        assert tag.name != "style", tag
        assert tag.name != "script" or tag.has_attr("src"), tag
        assert not str(tag.get("href", "")).startswith("javascript:"), tag
        handlers = [name for name in tag.attrs if name.startswith("on") or name in ("style", "hx-on")]
        assert not handlers, f"{handlers} on {str(tag)[:200]}"


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text().split()) if tag else ""
