"""Whatever a file holds, an import either writes it or says what is wrong with it."""

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.feed import FILES, FeedFaults, check_feed
from tests.exchange.feed.feeds import FEED, Feed
from tests.exchange.feed.test_payments_sent import HEAD

fuzzed = settings(suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture])
"""One feed serves all examples of a test, which puts back what it changed in it."""

GOOD = FEED | {
    "payments_sent.csv": f"{HEAD}\nK1,2019-02-04,1,346.15,2019-02-11,,,,,\n",
    "acknowledgements.csv": "sequence,file,row,result,reason\n1,,,accepted,\n",
}
"""By name of file; the feed that the tests have says nothing of what was sent, since no run has paid, and nothing of
what was read, since nothing was exported.
"""
NAMES = st.sampled_from([file.name for file in FILES])
CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["2019-02-30", "0001-01-01", "9999-12-31", "0", "-1", "1e9", "£", ".", "yes", "weekly", '"', "\n"]),
    st.sampled_from(["monthly", "never", "K1", "K2", "C1", "C2", "I1", "P1", "P2", "WEEK", "2019/2020", "147", ""]),
    st.dates().map(str),
    st.integers().map(str),
)


def outcome(feed: Feed) -> None:
    """Nothing but FeedFaults comes out of it, its counts add up, and every fault can be printed."""
    try:
        counts, faults = check_feed(feed.path, is_foreseen=False).counts, None
    except FeedFaults as found:
        counts, faults = found.counts, found.faults
    assert faults != []
    for count in counts.values():
        assert count.read == count.new + count.changed + count.unchanged + count.rejected
        assert min(count.new, count.changed, count.unchanged, count.rejected) >= 0
    for fault in faults or ():
        assert str(fault).isprintable()
        str(fault).encode()


@fuzzed
@given(name=NAMES, content=st.binary(max_size=300))
def test_random_bytes(feed: Feed, name: str, content: bytes):
    feed.write(name, content)
    try:
        outcome(feed)
    finally:
        _put_back(feed, name)


@fuzzed
@given(name=NAMES, data=st.data())
def test_random_bytes_inside_a_good_file(feed: Feed, name: str, data: st.DataObject):
    content = bytearray(GOOD[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    feed.write(name, bytes(content))
    try:
        outcome(feed)
    finally:
        _put_back(feed, name)


@fuzzed
@given(name=NAMES, data=st.data())
def test_random_cells(feed: Feed, name: str, data: st.DataObject):
    rows = [line.split(",") for line in GOOD[name].splitlines()]
    for _ in range(data.draw(st.integers(1, 5))):
        row = data.draw(st.sampled_from(rows[1:]))
        row[data.draw(st.integers(0, len(row) - 1))] = _quoted(data.draw(CELLS))
    feed.write(name, "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass"))
    try:
        outcome(feed)
    finally:
        _put_back(feed, name)


def _put_back(feed: Feed, name: str) -> None:
    if name in FEED:
        feed.write(name, FEED[name])
    else:
        (feed.path / name).unlink()


@cache
def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@pytest.mark.parametrize("name", ["\udcff.csv", "a\nb.csv", "\x1b[31m.csv"])
def test_strange_file_names(feed: Feed, name: str):
    feed.write(name, b"")
    outcome(feed)
