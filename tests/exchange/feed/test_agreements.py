"""agreements.csv: what was agreed outside the portal, on paper or not."""

from datetime import date

import pytest

from exchange.feed import check_feed
from models.calendar import as_on
from models.correspondence.document import DocumentState
from models.payments.blocked import BlockedSum
from models.payments.offered import OfferedTerms
from models.permissions import CouncilRole
from models.records.agreement import Agreement
from models.records.care_package import CarePackageLineItem
from tests.exchange.feed.feeds import Feed
from tests.factories import make_staff
from tests.models.correspondence.test_documents import now, published
from tests.support.rows import every
from tests.support.runs import calculate

pytestmark = pytest.mark.postgres

TODAY = date(2019, 4, 16)
FILE = "agreements.csv"


def test_an_agreement_keeps_the_terms_that_the_feed_brings_with_it(feed: Feed):
    feed.load()
    first, second = every(Agreement)
    assert [each.rate_e4 for each in first.terms.prices] == [346_1500, 353_0800]
    assert [each.amount_pence for each in first.terms.allowances] == [18_602]
    assert (first.version, first.agreed_on, first.by_name) == (1, date(2018, 6, 1), "Dawn Stockton")
    assert (second.by_name, second.source, second.terms.quantities[0].quantity_e4) == ("", "paper", 127_500)
    assert feed.load().counts[FILE].unchanged == 2
    feed.change("item_prices.csv", "353.08", "363.08")
    feed.add(FILE, "I1,2,2019-04-10,")
    feed.load()
    assert [[each.rate_e4 for each in row.terms.prices][-1:] for row in every(Agreement) if row.version == 2] == [
        [363_0800]
    ]
    assert every(Agreement)[0].terms == first.terms


def test_a_gate_that_a_feed_begins_holds_nothing_that_was_agreed(feed: Feed):
    """K1 needs agreements from now on, and I1 is agreed in the same feed; without it three weeks at £333.06 wait."""
    agreements = feed.text(FILE)
    feed.write(FILE, agreements.splitlines()[0] + "\n")
    feed.load()
    calculate(TODAY)
    feed.change("contracts.csv", "K1,P1,Oak,2018-04-01,,none,no", "K1,P1,Oak,2018-04-01,,none,yes")
    with as_on(TODAY):
        effect = check_feed(feed.path).effect
        assert effect.begun.pence < -3 * 333_06
        feed.write(FILE, agreements)
        assert (effect := check_feed(feed.path).effect).begun.payments == 0
        assert effect.to_come.payments == 0
        feed.load()
    calculate(TODAY)
    assert every(BlockedSum) == []


@pytest.mark.parametrize(
    ("old", "new", "column", "reason"),
    [
        ("2018-06-01,Dawn", "2018-06-02,Dawn", "agreed_on", "It was 01/06/2018 when this version was recorded"),
        ("Dawn Stockton", "Ann Hill", "agreed_by", "What was agreed later is a version of its own"),
        ("I2,1,2019-02-20", "I2,2,2019-04-17", "agreed_on", "This day is still to come"),
        ("I2,1,2019-02-20", "I2,0,2019-02-20", "version", "whole number from 1"),
    ],
)
def test_what_is_agreed_is_not_changed_nor_agreed_ahead(feed: Feed, old, new, column, reason):
    feed.load()
    feed.change(FILE, old, new)
    with as_on(TODAY):
        [fault] = feed.faults()
    assert (fault.file, fault.column) == (FILE, column)
    assert reason in fault.reason


def test_a_version_may_be_agreed_today(feed: Feed):
    feed.change(FILE, "I2,1,2019-02-20", "I2,2,2019-04-16")
    with as_on(TODAY):
        assert feed.faults() == []


def test_what_the_feed_says_was_agreed_takes_the_place_of_a_document_that_waits(feed: Feed):
    feed.load()
    [item] = [each for each in every(CarePackageLineItem) if each.reference == "I1"]
    with as_on(TODAY):
        document = published(item, make_staff(CouncilRole.SERVICE_AGREEMENTS))
        feed.load()
        assert now(document).state is DocumentState.PUBLISHED, "nothing of it is news"
        feed.add(FILE, "I1,2,2019-04-10,")
        feed.load()
    gone = now(document)
    assert (gone.state, gone.decided_by_id) == (DocumentState.SUPERSEDED, None)
    assert gone.reason == "An agreement on paper of 10 April 2019 has taken its place"
    assert every(OfferedTerms) == []
