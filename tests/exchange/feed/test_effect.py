"""What a feed changes in money: foreseen without keeping anybody waiting, kept with the import, held to the limits."""

from datetime import date

import pytest
from sqlalchemy import select

from exchange.feed import AboveLimits, FeedFaults, check_feed, import_feed, importing
from models.calendar import as_on
from models.payments import working_out
from models.payments.limits import Limit, MoneyLimits
from models.payments.payment import PaymentLine, ScheduledPayment
from models.records.care_package import ItemPrice
from models.records.feed import Effect, FeedImport, Moved, MovedPayment
from models.records.provider import Provider
from models.reports.feed_effect import effect_words
from tests.exchange.feed.feeds import Feed, everything
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, finalise

pytestmark = pytest.mark.postgres

TODAY = date(2019, 4, 16)
"""In the third week at £353.08: 1 to 7, 8 to 14 and 15 to 21 April have begun."""


@pytest.fixture
def feed(tmp_path, database):
    """K1 pays £353.08 a week from April 2019, less £20.02; K2 has hours without a price. Calculated on TODAY."""
    feed = Feed(tmp_path / "feed")
    feed.load()
    calculate(TODAY)
    with as_on(TODAY):
        yield feed


def test_a_dearer_week_is_told_by_payment_and_sum(feed):
    feed.change("item_prices.csv", "353.08", "363.08")
    effect = check_feed(feed.path).effect
    assert effect.begun == Moved(3, 3_000)
    assert effect.largest[0] == MovedPayment("K1", date(2019, 4, 1), date(2019, 4, 7), 33_306, 34_306)
    assert len(effect.largest) == 3
    assert effect.to_come == Moved(102, 101_500), "to the end of March 2021; of a week in August half is paid"
    assert effect_words(effect)[0] == (
        "3 payments change by +£30.00; the largest is contract K1, 1 to 7 April 2019: £333.06, now £343.06."
    )


def test_what_is_foreseen_is_what_the_next_calculation_changes(feed):
    feed.change("item_prices.csv", "353.08", "303.08")
    feed.add("absences.csv", "A2,I1,2019-04-03,2019-04-09,Hospital,0")
    report = import_feed(feed.path)
    before = {row.id: row.total_pence for row in payments()}
    calculate(TODAY)
    changed = [row.total_pence - before[row.id] for row in payments() if row.total_pence != before[row.id]]
    assert report.effect.begun.pence + report.effect.to_come.pence == sum(changed) < 0
    assert report.effect.begun.payments + report.effect.to_come.payments == len(changed)
    assert every(FeedImport)[-1].effect == report.effect


def test_days_that_pass_are_no_effect_of_a_feed(feed):
    """A week later another payment has begun, and nobody has calculated."""
    feed.add("clients.csv", "C3,New,Client,")
    feed.add("absences.csv", "A2,I2,2019-05-03,2019-05-09,Hospital,100")
    with as_on(date(2019, 4, 23)):
        assert check_feed(feed.path).effect == Effect()
    assert effect_words(Effect()) == ["No payment changes."]


def test_a_finalised_week_is_foreseen_as_a_difference(feed):
    finalise(date(2019, 4, 14))
    feed.change("item_prices.csv", "353.08", "353.09")
    with as_on(date(2019, 4, 15)):
        effect = check_feed(feed.path).effect
    assert effect.begun == Moved(1, 3), "a penny for each of two weeks that are paid and one that is open"
    assert effect.largest[0].before_pence == 33_306


def test_the_end_of_a_contract_takes_its_payments_to_come(feed):
    feed.change("contracts.csv", "K1,P1,Oak,2018-04-01,", "K1,P1,Oak,2018-04-01,2019-04-14")
    effect = check_feed(feed.path).effect
    assert effect.begun == Moved(1, -33_306)
    assert effect.to_come.pence < -100_000


def test_a_payment_to_come_alone_is_named(feed):
    feed.change("item_prices.csv", "I1,2019-04-01,,353.08", "I1,2019-04-01,2019-05-05,353.08\nI1,2019-05-06,,360.08")
    effect = check_feed(feed.path).effect
    assert (effect.begun, effect.largest[0].pence) == (Moved(), 700)
    assert effect_words(effect)[0].startswith(f"{effect.to_come.payments} payments to come change by +£")


def test_a_check_writes_nothing_and_keeps_no_copy(feed):
    feed.change("item_prices.csv", "353.08", "363.08")
    before, lines, files = everything(), len(every(PaymentLine)), sorted(feed.path.parent.iterdir())
    check_feed(feed.path)
    assert (everything(), len(every(PaymentLine))) == (before, lines)
    assert sorted(feed.path.parent.iterdir()) == files


def test_others_write_while_a_feed_is_read_and_foreseen(feed, monkeypatch):
    feed.change("item_prices.csv", "353.08", "363.08")
    foreseen = importing.foresee_effect

    def meanwhile(*given):
        found = foreseen(*given)
        with unit_of_work() as session:
            session.scalars(select(Provider).order_by(Provider.id)).first().name = "Renamed meanwhile"
        return found

    monkeypatch.setattr(importing, "foresee_effect", meanwhile)
    assert import_feed(feed.path).import_id == 2
    assert every(Provider)[0].name == "Renamed meanwhile", "the feed brings no new row of that provider"


def test_an_import_that_came_between_is_compared_anew(feed, monkeypatch):
    other = Feed(feed.path.parent / "other")
    for each in (feed, other):
        each.change("item_prices.csv", "353.08", "363.08")
    monkeypatch.setattr(importing, "foresee_effect", once_before(lambda: import_feed(other.path), importing))
    report = import_feed(feed.path)
    assert (report.import_id, report.is_news) == (None, False), "the other one has written it"
    assert [row.rate_e4 for row in every(ItemPrice)] == [3_461_500, 3_630_800]


def test_an_import_that_came_between_counts_in_effect_and_limits(feed, monkeypatch, limits):
    """Each alone is below the limit. Together they pay twice as much for twice as many."""
    limits(feed_pence=150_000)
    other = Feed(feed.path.parent / "other")
    other.add("item_quantities.csv", "I1,2019-04-01,,2,,,,,,,")
    feed.change("item_prices.csv", "353.08", "706.16")
    assert (check_feed(feed.path).above, check_feed(other.path).above) == ([], [])
    monkeypatch.setattr(importing, "foresee_effect", once_before(lambda: import_feed(other.path), importing))
    with pytest.raises(AboveLimits) as found:
        import_feed(feed.path)
    assert found.value.report.effect.begun == Moved(3, 3 * 70_616)
    assert len(every(FeedImport)) == 2


def test_what_a_feed_changes_in_a_contract_that_nobody_can_calculate_is_not_known(feed, monkeypatch):
    reckon = working_out.reckon

    def refuse(contract, *given):
        if contract.reference == "K1":
            raise KeyError(contract.id)
        return reckon(contract, *given)

    monkeypatch.setattr(working_out, "reckon", refuse)
    feed.change("item_prices.csv", "353.08", "3530.80")
    effect = check_feed(feed.path).effect
    assert effect == Effect(unknown=("K1",)) == Effect.from_dict(effect.as_dict())
    assert effect_words(effect) == ["1 contract cannot be calculated, so what changes there is not known: K1."]


def test_ten_times_the_rate_from_the_next_week_is_above_the_limits(feed):
    feed.change("item_prices.csv", "I1,2019-04-01,,353.08", "I1,2019-04-01,2019-04-21,353.08\nI1,2019-04-22,,35308")
    report = check_feed(feed.path)
    assert report.effect.begun == Moved()
    assert report.above == ["the payments that it changes come to more than 100 % more"]


def test_what_was_finalised_meanwhile_is_frozen(feed, monkeypatch):
    feed.change("payment_methods.csv", "M1,K1,WEEKLY,never,net", "M1,K1,WEEKLY,never,gross")
    monkeypatch.setattr(importing, "foresee_effect", once_before(lambda: finalise(date(2019, 4, 14)), importing))
    with pytest.raises(FeedFaults) as found:
        import_feed(feed.path)
    assert "It was net when payments were finalised" in str(found.value.faults[0])
    assert len(every(FeedImport)) == 1


def once_before(act, module):
    """What foresees a feed, and does something else first."""
    foreseen, waiting = module.foresee_effect, [act]

    def work(*given):
        if waiting:
            waiting.pop()()
        return foreseen(*given)

    return work


@pytest.mark.parametrize("asked", [check_feed, import_feed])
def test_above_a_limit_a_feed_is_told_and_not_imported(feed, limits, asked):
    limits(feed_pence=2_999)
    feed.change("item_prices.csv", "353.08", "363.08")
    if asked is check_feed:
        assert check_feed(feed.path).above == ["payments change by more than £29"]
        return
    with pytest.raises(AboveLimits, match="above a limit"):
        import_feed(feed.path)
    assert len(every(FeedImport)) == 1
    assert import_feed(feed.path, above_limits=True).import_id == 2


@pytest.mark.parametrize(
    ("limit", "at", "above"),
    [
        (Limit.PAYMENT, {"largest_pence": 100_000}, {"largest_pence": 100_001}),
        (Limit.FEED, {"moved_pence": 50_000}, {"moved_pence": 50_001}),
        (Limit.CHANGE, {"now_pence": 4_000_000}, {"now_pence": 4_000_001}),
        (
            Limit.CHANGE,
            {"coming_before_pence": 2_000_000, "coming_now_pence": 4_000_000},
            {"coming_before_pence": 2_000_000, "coming_now_pence": 4_000_001},
        ),
    ],
)
def test_a_feed_may_reach_each_limit_and_not_pass_it(limit, at, above):
    limits = MoneyLimits(payment_pence=100_000, change_percent=100, feed_pence=50_000)
    usual = {"largest_pence": 1, "moved_pence": 1, "now_pence": 2_000_000, "before_pence": 2_000_000}
    assert limits.passed_by_feed(**usual | at) == []
    assert limits.passed_by_feed(**usual | above) == [limit]


def test_a_rise_below_ten_thousand_pounds_or_from_nothing_is_above_no_percentage():
    limits = MoneyLimits(feed_pence=0, payment_pence=0)
    for now, before, above in ((1_999_999, 1_000_000, False), (2_000_001, 1_000_000, True), (9_000_000, 0, False)):
        found = limits.passed_by_feed(largest_pence=1, moved_pence=1, now_pence=now, before_pence=before)
        assert (found == [Limit.CHANGE]) is above


def test_hours_at_a_million_pounds_are_above_the_limit_of_a_payment(feed):
    """Not begun yet, so no payment that has begun changes: the payment to come is looked at as well."""
    feed.add("item_prices.csv", "I2,2019-05-01,,1000000")
    with pytest.raises(AboveLimits, match="a payment of more than £250,000"):
        import_feed(feed.path)


def test_new_care_counts_towards_the_limit_of_a_feed(feed, limits):
    """Nothing is paid for it yet, so per cent say nothing: the next payment of the contract is what it moves."""
    limits(feed_pence=400_00)
    feed.add("care_package_items.csv", "I9,K1,C2,WEEK,2019-05-06,,2019-04-16,no")
    feed.add("item_prices.csv", "I9,2019-05-06,,400.01")
    assert check_feed(feed.path).above == ["payments change by more than £400"]
    limits(feed_pence=400_01)
    assert check_feed(feed.path).above == []


def test_what_cannot_be_foreseen_is_not_imported_by_itself(feed):
    finalise(date(2019, 4, 21))
    feed.change("item_prices.csv", "353.08", "353.09")
    with pytest.raises(AboveLimits, match="what it changes in money cannot be said"):
        import_feed(feed.path)
    assert import_feed(feed.path, above_limits=True).import_id == 2


def payments():
    return every(ScheduledPayment)
