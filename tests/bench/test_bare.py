"""bench/bare: the pages that the portal is measured beside."""

import re

import pytest

from bench._places import place
from bench.bare.app import make_app
from bench.pages import PAGES, path_of, record

ONCE = re.compile(r'(name="(?:csrf_token|one_time_key)" value=")[^"]*')
"""What is different in each answer."""
BETWEEN = re.compile(r"\s*(<[^>]*>)\s*")


@pytest.fixture(scope="module")
def sent():
    """What the portal and the bare app send, by the name of a page."""
    with place(111, 1) as made:
        portal = {page.name: record(made.folder, page, 1).html for page in PAGES}
        bare = make_app(made.folder).test_client()
        yield portal, {page.name: bare.get(path_of(page, 1)).text for page in PAGES}


def told(html):
    """Its tags and its texts, with single blanks, and without what is different in each answer."""
    parts = BETWEEN.split(ONCE.sub(r"\1", html))
    return [re.sub(r"\s+>", ">", " ".join(each.split())) for each in parts if each.strip()]


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_bare_page_sends_what_the_portal_sends(sent, name):
    portal, bare = sent
    assert told(bare[name]) == told(portal[name])
