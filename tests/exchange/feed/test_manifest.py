"""manifest.csv finds what was cut, lost or changed on its way, and is demanded once a council has sent one."""

import hashlib

import pytest

from exchange.feed.manifest import manifest_of
from models.records.feed import FeedImport
from tests.exchange.feed.feeds import FEED, Feed
from tests.support.rows import every

pytestmark = pytest.mark.postgres

NAME = "manifest.csv"


@pytest.fixture
def sent(feed: Feed) -> Feed:
    """The feed with its manifest."""
    feed.write(NAME, manifest_of(feed.path))
    return feed


def reasons(feed: Feed) -> list[tuple[str, str]]:
    return [(fault.file, fault.reason) for fault in feed.faults()]


def test_it_has_a_row_for_each_file_and_column_of_money(feed: Feed):
    lines = manifest_of(feed.path).splitlines()
    sha256 = {name: hashlib.sha256(content.encode()).hexdigest() for name, content in FEED.items()}
    assert lines[0] == "file,rows,sha256,column,sum"
    assert f"clients.csv,2,{sha256['clients.csv']},," in lines
    assert f"item_prices.csv,2,{sha256['item_prices.csv']},rate,699.2300" in lines
    assert f"claim_items.csv,2,{sha256['claim_items.csv']},rate,150.3770" in lines
    assert f"claim_items.csv,2,{sha256['claim_items.csv']},amount,208.0400" in lines
    assert f"claim_items.csv,2,{sha256['claim_items.csv']},accepted_amount,0.0000" in lines
    assert {line.split(",")[0] for line in lines[1:]} == set(FEED)


def test_a_feed_that_is_as_its_manifest_says_goes_in(sent: Feed):
    report = sent.load()
    assert report.import_id == 1
    assert every(FeedImport)[0].has_manifest
    assert NAME not in report.counts


def test_a_file_that_was_cut_at_the_end_of_a_line(sent: Feed):
    sent.change("item_prices.csv", "I1,2019-04-01,,353.08\n", "")
    [(file, reason)] = reasons(sent)
    assert file == "item_prices.csv"
    assert "It has 1 row, and manifest.csv says 2. rate adds up to 346.1500, and manifest.csv says 699.2300." in reason


def test_another_sum_and_another_content(sent: Feed):
    sent.change("item_prices.csv", "353.08", "353.80")
    sent.change("clients.csv", "Bart", "Burt")
    [(first, content), (second, total)] = reasons(sent)
    assert (first, second) == ("clients.csv", "item_prices.csv")
    assert content.startswith("Its content is not what manifest.csv was made of")
    assert total.startswith("rate adds up to 699.9500, and manifest.csv says 699.2300.")


def test_a_missing_file_and_one_that_nobody_announced(sent: Feed):
    absences = FEED["absences.csv"]
    (sent.path / "absences.csv").unlink()
    assert reasons(sent) == [("absences.csv", "It is missing. manifest.csv names it. Send the whole feed again")]
    text = sent.text(NAME)
    sent.write("absences.csv", absences)
    sent.write(NAME, "".join(line for line in text.splitlines(True) if not line.startswith("absences")))
    [(file, reason)] = reasons(sent)
    assert (file, reason[:42]) == ("absences.csv", "manifest.csv does not name this file. Send")


BROKEN = {
    "no sum": ("item_prices.csv", lambda line: line.replace(",rate,699.2300", ",,"), "does not say the sum of rate"),
    "sum of no money": ("clients.csv", lambda line: line.replace(",,\n", ",surname,1\n"), "no column of money here"),
    "no such file": ("clients.csv", lambda line: line.replace("clients", "kids"), "A feed has no such file"),
    "no hash": ("clients.csv", lambda line: line.replace(line.split(",")[2], "abc"), "64 digits and letters"),
    "another hash": ("clients.csv", lambda line: line.replace(line.split(",")[2], "0" * 64), "Its content is not"),
    "no number": ("clients.csv", lambda line: line.replace(",2,", ",two,"), "a whole number"),
}


@pytest.mark.parametrize(("name", "spoil", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_manifest_that_is_wrong(sent: Feed, name: str, spoil, reason: str):
    lines = sent.text(NAME).splitlines(True)
    sent.write(NAME, "".join(spoil(line) if line.startswith(name) else line for line in lines))
    assert any(reason in found for _, found in reasons(sent))


def test_a_hash_in_capitals_will_do(sent: Feed):
    head, rest = sent.text(NAME).split("\n", 1)
    lines = [line.split(",") for line in rest.splitlines()]
    sent.write(NAME, head + "\n" + "".join(f"{a},{b},{c.upper()},{d},{e}\n" for a, b, c, d, e in lines))
    assert sent.faults() == []


def test_once_sent_it_is_demanded(sent: Feed):
    sent.load()
    (sent.path / NAME).unlink()
    [(file, reason)] = reasons(sent)
    assert (file, reason[:14]) == (NAME, "It is missing,")
    sent.change("clients.csv", "Bart", "Burt")
    sent.write(NAME, manifest_of(sent.path))
    assert sent.load().is_news


def test_it_is_not_demanded_of_a_council_that_never_sent_one(feed: Feed):
    feed.load()
    assert feed.faults() == []
    assert not every(FeedImport)[0].has_manifest
