"""bench/bare: the pages that the portal is measured beside."""

import re

import pytest
import sqlalchemy as sa

from bench._places import place
from bench.bare.app import make_app
from bench.pages import PAGES, path_of, record

ONCE = re.compile(r'(name="(?:csrf_token|one_time_key)" value=")[^"]*')
"""What is different in each answer."""
TELLS = (
    "UPDATE client SET first_name = 'Zoë & <i> ' || id",
    "UPDATE purchase_order SET value_vat_pence = id * 7, spend_net_pence = spend_net_pence + id * 1100",
    "UPDATE provider SET name = 'R & D, ' || id, address = id || ' Old ''Elvet'''",
    "UPDATE contract SET name = 'Contract <' || id || '>', payment_terms = '30 days'",
    "UPDATE action_post SET text = 'Look: a < b & c, ' || id",
    "UPDATE action SET title = '<Query>'",
    "UPDATE claim_item SET amount_pence = amount_pence + id * 10000",
    "UPDATE actual SET comment = 'as \"usual\" ' || id, visits = id, version = id",
    "UPDATE service_level SET name = 'R & D'",
)
"""So that rows differ from each other, and some of their texts are none that HTML could take as they are."""
BETWEEN = re.compile(r"\s*(<[^>]*>)\s*")


@pytest.fixture(scope="module")
def sent():
    """What the portal and the bare app send, by the name of a page."""
    with place(140, 1) as made:  # 32 providers, whose payments are more than a page shows
        engine = sa.create_engine(f"sqlite:///{made.folder / 'bench.sqlite'}")
        with engine.begin() as connection:
            for each in TELLS:
                connection.exec_driver_sql(each)
        engine.dispose()
        portal = {name: sent.html for name, sent in record(made.folder).items()}
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
