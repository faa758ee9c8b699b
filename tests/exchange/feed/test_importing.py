"""What an import writes: everything once, all or nothing, and only what has changed."""

import hashlib
from datetime import date

import pytest
from sqlalchemy import select

from exchange.feed import Count, check_feed, import_feed
from models.audit import AuditEvent
from models.money import parse_e4
from models.payments.purchase_order import PurchaseOrder
from models.pricing import Unit
from models.records.care_package import Absence, CarePackageLineItem, Deduction, ItemPrice, ItemQuantity
from models.records.claim import ClaimItem
from models.records.client import Client
from models.records.contract import (
    CalendarOverride,
    Contract,
    IfQueried,
    IfUnconfirmed,
    PaymentMethod,
    ServiceLevel,
    VatCode,
)
from models.records.feed import FeedImport
from models.records.provider import Contact, Provider
from models.verify import ground
from tests.exchange.feed.feeds import FEED, everything
from tests.support.rows import every, reading

pytestmark = pytest.mark.postgres


def one(entity, **facts):
    (found,) = every(select(entity).filter_by(**facts))
    return found


def test_everything_in_the_feed_is_written(feed):
    report = feed.load()

    rows = {name: content.replace("\\\n", "").count("\n") - 1 for name, content in FEED.items()}
    assert {name: count.new for name, count in report.counts.items()} == rows
    unfed = {"payments_sent.csv": 0, "acknowledgements.csv": 0}
    assert {name: len(found) for name, found in everything().items()} == unfed | rows


def test_values_are_kept_as_the_portal_counts_them(feed):
    feed.load()

    level = one(ServiceLevel, reference="HOUR")
    assert (level.unit, level.vat_code, level.vat_basis_points) == (Unit.HOUR, VatCode.STANDARD, 2_000)
    assert one(Provider, reference="P1").address == "1 Oak Street\nDarlington"
    assert one(ItemPrice, starts_on=date(2019, 4, 1)).rate_e4 == parse_e4("353.08")
    quantity = one(ItemQuantity)
    assert quantity.quantity_e4 == sum(quantity.timetable_e4) == parse_e4("12.75")
    assert one(PaymentMethod, reference="M1").ends_on is None
    assert one(CarePackageLineItem, reference="I2").ends_on == date(2020, 3, 1)
    assert one(Contact).is_correspondence is True
    assert one(Deduction).is_assessed is False
    assert one(CalendarOverride).bank_on == date(2020, 1, 3)
    assert {(order.number, order.financial_year) for order in every(PurchaseOrder)} == {(147, 2019), (148, 2019)}


def test_what_becomes_of_silence_and_of_queries_is_the_contracts_own(feed):
    feed.load()
    contract = one(Contract, reference="K2")
    assert (contract.if_unconfirmed, contract.if_queried) == (IfUnconfirmed.PAY, IfQueried.HOLD)

    feed.only()
    feed.write(
        "contracts.csv",
        "contract_ref,provider_ref,name,starts_on,confirmation,agreement_required,if_unconfirmed,if_queried\n"
        "K2,P2,Elm,2018-04-01,required,no,confirm,pay\n",
    )
    feed.load()
    contract = one(Contract, reference="K2")
    assert (contract.if_unconfirmed, contract.if_queried) == (IfUnconfirmed.CONFIRM, IfQueried.PAY)


def test_every_row_belongs_to_the_provider_that_its_parents_have(feed):
    feed.load()

    first, second = one(Provider, reference="P1").id, one(Provider, reference="P2").id
    assert {price.provider_id for price in every(ItemPrice)} == {first}
    assert one(ItemQuantity).provider_id == second
    assert {item.provider_id for item in every(ClaimItem)} == {first}
    assert one(Contract, reference="K2").provider_id == second


def test_every_row_says_where_it_came_from(feed):
    feed.load()

    (found,) = every(FeedImport)
    assert found.name == "feed"
    assert found.counts["item_prices.csv"] == [2, 2, 0, 0]
    price = one(ItemPrice, starts_on=date(2019, 4, 1))
    assert (price.feed_import_id, price.feed_row) == (found.id, 3)


def test_an_import_is_one_audit_event_with_the_hash_of_what_was_read(feed):
    report = feed.load()

    (event,) = every(select(AuditEvent).where(AuditEvent.action == "feed.imported"))
    assert event.detail["sha256"] == report.sha256
    assert len(report.sha256) == hashlib.sha256().digest_size * 2
    assert event.subject == f"feed_import:{report.import_id}"


def test_the_same_directory_again_writes_nothing_at_all(feed):
    feed.load()
    before = everything()

    report = feed.load()

    assert report.import_id is None
    assert not report.is_news
    assert {(count.new, count.changed) for count in report.counts.values()} == {(0, 0)}
    assert everything() == before
    assert len(every(FeedImport)) == 1
    assert len(every(select(AuditEvent).where(AuditEvent.action == "feed.imported"))) == 1


def test_only_a_changed_row_is_written(feed):
    feed.load()
    feed.change("item_prices.csv", "I1,2019-04-01,,353.08", "I1,2019-04-01,,360")
    feed.add("item_prices.csv", "I2,2019-03-01,,21.50")

    report = feed.load()

    assert report.counts["item_prices.csv"] == Count(read=3, new=1, changed=1, unchanged=1, rejected=0)
    assert one(ItemPrice, starts_on=date(2019, 4, 1)).rate_e4 == parse_e4("360")
    assert [price.feed_import_id for price in every(ItemPrice)] == [1, 2, 2]
    assert {client.feed_import_id for client in every(Client)} == {1}


def test_a_row_that_is_absent_changes_nothing(feed):
    feed.load()
    feed.write("item_prices.csv", "item_ref,starts_on,ends_on,rate\nI1,2019-04-01,,360\n")
    feed.only("item_prices.csv")

    report = feed.load()

    assert list(report.counts) == ["item_prices.csv"]
    assert len(every(ItemPrice)) == 2
    assert len(every(Client)) == 2


def test_a_column_that_is_left_out_keeps_its_values_and_an_empty_cell_clears_them(feed):
    feed.load()
    feed.write("providers.csv", "provider_ref,name,kind,address,phone\nP1,Oaks,foster_carer,1 Oak Street,\n")

    feed.load()

    provider = one(Provider, reference="P1")
    assert (provider.name, provider.phone) == ("Oaks", "")
    assert provider.email == "oak@example.org"
    assert provider.organisation_id is not None


def test_an_empty_end_takes_the_end_away(feed):
    feed.load()
    feed.change("care_package_items.csv", "2019-03-01,2020-03-01,2019-03-01", "2019-03-01,,2019-03-01")

    feed.load()

    assert one(CarePackageLineItem, reference="I2").ends_on is None


def test_a_later_feed_may_refer_to_what_is_on_record(feed):
    feed.load()
    feed.only()
    feed.write("absences.csv", "absence_ref,item_ref,starts_on,ends_on,reason,pay_percent\nA2,I2,2019-09-01,,Ill,0\n")

    report = feed.load()

    assert report.counts["absences.csv"].new == 1
    absence = one(Absence, reference="A2")
    assert absence.provider_id == one(Provider, reference="P2").id
    assert absence.item_id == one(CarePackageLineItem, reference="I2").id


def test_a_check_says_the_same_and_writes_nothing(feed):
    before = everything()

    report = check_feed(feed.path)

    assert everything() == before
    assert report.import_id is None
    assert report.counts == import_feed(feed.path).counts


def test_accepted_amounts_follow_from_the_decision_where_they_are_not_given(feed):
    feed.load()
    assert one(ClaimItem, reference="CI1").accepted_pence == 5_805
    assert one(ClaimItem, reference="CI2").accepted_pence == 0

    feed.change("claims.csv", "Mileage,accepted", "Mileage,rejected")
    feed.load()
    assert one(ClaimItem, reference="CI1").accepted_pence == 0


def test_a_spreadsheets_habits_do_no_harm(feed):
    feed.write(
        "clients.csv",
        b'\xef\xbb\xbfborn_on,"first_name",surname,client_ref\r\n\r\n'
        b'10/05/2009, Bart ,"Simpson, the elder",C1\r\n,,,\r\n"","Zo\xc3\xab","O""Brien",C2\r\n,,,\r\n',
    )

    report = feed.load()

    assert report.counts["clients.csv"].read == 2
    first, second = every(Client)
    assert (first.surname, first.first_name, first.born_on) == ("Simpson, the elder", "Bart", date(2009, 5, 10))
    assert (second.surname, second.first_name, second.born_on) == ('O"Brien', "Zoë", None)
    assert (first.feed_row, second.feed_row) == (3, 5)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_will_do(feed, ending):
    for name in FEED:
        feed.write(name, feed.text(name).replace("\n", ending))

    assert feed.faults() == []


def test_accents_written_in_two_ways_are_the_same_name(feed):
    feed.change("clients.csv", "Bart", "Zoe\u0308")
    feed.load()
    feed.change("clients.csv", "Zoe\u0308", "Zo\u00eb")

    assert not feed.load().is_news


def test_names_are_folded_as_they_come_in_and_as_they_change(feed):
    feed.load()
    feed.change("clients.csv", "Simpson,Bart", "Świątkowski,Zoë")
    feed.change("contacts.csv", "Dawn Stockton", "Dawn O’Dea")
    feed.load()
    assert one(Client, folded_surname="swiatkowski").first_name == "Zoë"
    assert one(Contact, folded_name="dawn odea").name == "Dawn O’Dea"
    with reading():
        assert list(ground.names()) == []


def test_files_that_are_none_of_a_feeds_do_not_matter(feed):
    feed.write("settings.toml", "anything")
    feed.write("README.txt", "anything")
    feed.write(".providers.csv.swp", b"\0")

    assert feed.faults() == []


def test_ten_thousand_rows_are_read_in_a_handful_of_queries(feed, database):
    feed.only("services.csv", "providers.csv", "organisations.csv")
    feed.load()
    feed.write("clients.csv", "client_ref,surname,first_name\n" + "".join(f"X{n},S,F\n" for n in range(10_000)))
    statements = []

    import sqlalchemy as sa

    sa.event.listen(database, "before_cursor_execute", lambda *given: statements.append(given[2]))
    report = feed.load()

    assert report.counts["clients.csv"].new == 10_000
    assert len(statements) < 30
