"""The rules that every answer in every test is held to find what they are for."""

import pytest
from bs4 import BeautifulSoup
from flask import Response

from tests.support import house_rules

PAGE = """<!doctype html>
<html lang="en-GB"><head><title>Payments - Portal</title></head>
<body><main><h1>Payments</h1>{}</main></body></html>
"""
GOOD = '<form action="/a" method="post"><input type="hidden" name="csrf_token" value="1">{}<button>Send</button></form>'

FAULTS = {
    "not valid HTML": '<table><tr><td><p class="a" class="b">Two</p></td></tr></table>',
    "used as id": '<p id="a">One</p><p id="a">Two</p>',
    "a label for": '<label for="nobody">Name</label>',
    "no label": '<select name="a"><option>One</option></select>',
    "no label: <input": '<input type="text" id="a" name="a">',
    "no label: <textarea": '<textarea name="a"></textarea>',
    "a button without words": '<button type="submit"> </button>',
    "a form without action": "<form><button>Send</button></form>",
    "no CSRF field": '<form action="/a" method="post"><button>Send</button></form>',
    "does nothing without JavaScript": '<div data-hx-get="/a">Row</div>',
    "has one one-time key": GOOD.format(""),
    "<style>": "<style>p {}</style>",
    "<script>": "<script>1</script>",
    "'style'": '<p style="color: red">One</p>',
    "'onclick'": '<p onclick="go()">One</p>',
    "'hx-on'": '<p hx-on="click: go()">One</p>',
    "javascript:": '<p><a href="javascript:go()">One</a></p>',
    "shows something of the providers {12}": "<p>Oak House zq12qz</p>",
    "a page has one h1": "<h1>Another</h1>",
}


def check(body, own_providers=frozenset(), **given):
    text = PAGE.format(body)
    how = {"is_partial": False, "is_signed_in": True, "own_providers": set(own_providers)} | given
    house_rules.check_html(_Answer(text), BeautifulSoup(text, "html.parser"), **how)


class _Answer(Response):
    """As the test client's answers are."""

    @property
    def text(self):
        return self.get_data(as_text=True)


@pytest.mark.parametrize("says", FAULTS)
def test_a_page_with_a_fault_is_refused(says):
    check("<p>Nothing is wrong</p>")
    with pytest.raises(AssertionError) as refused:
        check(FAULTS[says])
    assert says in str(refused.value)


def test_a_page_without_fault_passes():
    check('<label for="a">Name</label><input id="a" name="a"><label>Sum <input type="text" name="b"></label>')
    check('<input type="hidden" name="a"><button aria-label="Close"></button>')
    check('<div><form action="/a"><input data-hx-get="/a" aria-label="Find"><button>Find</button></form></div>')
    check("<p>Oak House zq12qz</p>", own_providers={12})
    check(GOOD.format(""), is_signed_in=False)


FIRST = '<table><tr><td class="a">Ann Bee</td><td>1</td></tr></table><p>&amp; more</p><input type="hidden" name="a">'


@pytest.mark.parametrize(
    "other",
    [
        FIRST.replace("Ann Bee", "Cy &copy Dee"),
        FIRST.replace("Ann Bee", "Cy\x0bDee"),
        FIRST.replace('class="a"', 'class="a&copy"'),
        FIRST.replace('class="a"', 'class="a\x0b"'),
        FIRST.replace('class="a"', 'class="a" class="b"'),
        FIRST.replace('class="a"', "class=a'b"),
        FIRST.replace("<tr>", "<b>Words</b><tr>"),
        FIRST.replace("</td><td>1", "<td>1</b>"),
        FIRST.replace("&amp; more", "&amp more"),
        FIRST.replace("<p>", "<!-- a --! b --><p>"),
        FIRST.replace("</table>", '<input type="hidden" name="b"></table>'),
    ],
)
def test_a_page_like_a_good_one_is_asked_for_its_own_faults(other):
    check(FIRST)
    with pytest.raises(AssertionError, match="not valid HTML"):
        check(other)


def test_pages_that_differ_in_words_and_values_have_one_skeleton():
    other = FIRST.replace("Ann Bee", "Cy O’Dee, 12").replace('class="a"', 'class="b c"').replace("&amp;", "&lt;")
    assert house_rules.skeleton(other) == house_rules.skeleton(FIRST)
    for part in ("Ann Bee", "1</td>", "&amp; more"):
        assert house_rules.skeleton(FIRST.replace(part, "")) != house_rules.skeleton(FIRST)
    check(FIRST)
    check(other)
