"""The larger demonstration: feeds that the seeded generator writes, and a small council loaded from them."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from commands.demo import DEMONSTRATIONS
from commands.demonstrations.borsetshire import write
from commands.demonstrations.borsetshire.days import Timeline, is_bank_holiday, rhythms
from exchange.feed import check_feed, import_feed
from models.accounts.demonstration import accounts_here
from models.accounts.user import Membership, User
from models.base import scope
from models.calendar import Frequency, period_holding
from models.correspondence.action import Action
from models.correspondence.document import ContractDocument, DocumentState
from models.engine.component import Component
from models.payments import payment_run, run_progress
from models.payments.confirmation import Confirmation
from models.payments.owing import listed
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment, RunState
from models.pricing import Convention, DeductionKind
from models.records.care_package import (
    Absence,
    CarePackageLineItem,
    CollectedBy,
    Deduction,
)
from models.records.claim import Claim, ClaimStatus
from models.records.contract import (
    Calendar,
    ServiceLevel,
)
from models.records.feed import FeedImport
from models.records.provider import Provider, ProviderKind
from models.verify import check_all
from tests.support.rows import every, reading

TODAY = date(2026, 11, 21)
SMALL = 0.02
DAYS = [
    TODAY,
    date(2024, 2, 29),
    date(2028, 2, 29),
    date(2027, 3, 31),
    date(2027, 4, 1),
    date(2026, 1, 1),
    date(2026, 6, 12),
    date(2026, 8, 11),  # sixty days after the last late uplift
]


def feeds(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.csv"))}


def test_the_same_seed_and_day_give_the_same_bytes(tmp_path):
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        write(tmp_path / name, TODAY, seed=seed, size=0.1)
    assert feeds(tmp_path / "one") == feeds(tmp_path / "same")
    assert feeds(tmp_path / "one") != feeds(tmp_path / "other")


def test_its_calendar_runs():
    settings = tomllib.loads((DEMONSTRATIONS / "borsetshire" / "settings.toml").read_text("utf-8"))
    assert "today" not in settings


def test_what_was_written_before_is_gone(tmp_path):
    write(tmp_path / "feed", TODAY - timedelta(days=1), size=SMALL)
    write(tmp_path / "feed", TODAY, size=SMALL)
    assert len(list((tmp_path / "feed").iterdir())) == len(Timeline(TODAY).deliveries)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_delivery_has_no_fault_and_says_something_new(day, tmp_path, database, set_today):
    set_today(day)
    write(tmp_path / "feed", day, size=0.1)
    deliveries = sorted((tmp_path / "feed").iterdir())
    assert [path.name for path in deliveries] == [each.isoformat() for each in Timeline(day).deliveries]
    for path in deliveries:
        assert check_feed(path, is_foreseen=False).is_news
        import_feed(path, is_foreseen=False)
    assert [path.name for path in deliveries] == [each.name for each in every(FeedImport)]


def test_the_whole_council_has_no_fault_either(tmp_path, database, set_today):
    set_today(TODAY)
    write(tmp_path / "feed", TODAY)
    first = min((tmp_path / "feed").iterdir())
    counts = check_feed(first, is_foreseen=False).counts
    assert counts["care_package_items.csv"].new > 800
    assert counts["providers.csv"].new == 25 + 8 + 2 + 3 + 1 + 1 + 8 + 1


@pytest.mark.parametrize("day", [*DAYS, *(TODAY + timedelta(days=n) for n in range(1, 8))], ids=str)
def test_wherever_today_is_every_contract_has_a_current_payment_and_some_wait_to_be_confirmed(day):
    line = Timeline(day)
    for rhythm in rhythms(line).values():
        assert rhythm.first_period_from(line.begin) - line.begin < timedelta(days=32)
        period = period_holding(day, rhythm.frequency, rhythm.anchor_on)
        assert period.first <= day < period.first + timedelta(days=rhythm.finalise_days)
    homes = rhythms(line)["CARE-HOMES"]
    ended_on = homes.anchor_on - timedelta(days=1)
    confirm_by = homes.anchor_on - timedelta(days=28 - homes.confirm_by_days)
    assert ended_on < day <= confirm_by


def test_bank_holidays_are_those_of_england():
    found = [day for n in range(3 * 365) if is_bank_holiday(day := date(2025, 1, 1) + timedelta(days=n))]
    assert [f"{day:%d/%m}" for day in found] == [
        "01/01", "18/04", "21/04", "05/05", "26/05", "25/08", "25/12", "26/12",
        "01/01", "03/04", "06/04", "04/05", "25/05", "31/08", "25/12", "28/12",
        "01/01", "26/03", "29/03", "03/05", "31/05", "30/08", "27/12", "28/12",
    ]  # fmt: skip
    assert is_bank_holiday(date(2022, 9, 19))
    assert is_bank_holiday(date(2023, 5, 8))
    assert not is_bank_holiday(date(2022, 5, 30))


@pytest.fixture(scope="module")
def _loaded(_sqlite, settings, tmp_path_factory) -> str:
    """A small Borsetshire, loaded by the command, which is broken off in the middle of a run; to be read only."""
    instance = tmp_path_factory.mktemp("borsetshire")
    with _sqlite.kept("borsetshire") as url:
        app = create_app(replace(settings, database_url=url, instance=instance, today=TODAY))
        with _broken_off_after(runs=280), scope(app.extensions["portal"]):
            broken_off = _load(app, "--size", str(SMALL))
            assert [run.state for run in every(PaymentRun)][-2:] == [RunState.FINALISED, RunState.AUTHORISED]
            assert len(every(FeedImport)) == 2
        result, again = _load(app, "--if-empty"), _load(app, "--if-empty")
        app.extensions["portal"].engine.dispose()
    assert [broken_off.exit_code, result.exit_code, again.exit_code] == [1, 0, 0]
    assert result.stdout == "The demonstration borsetshire is loaded. Its today is 21/11/2026.\n"
    assert again.output == ""
    return url


def _load(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["demo", "load", "borsetshire", *words])


@contextmanager
def _broken_off_after(runs: int) -> Iterator[None]:
    finalise_some = payment_run.finalise_some
    left = iter(range(runs))

    def breaking_off(*what: object, **how: object) -> run_progress.RunProgress:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return finalise_some(*what, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payment_run, "finalise_some", breaking_off)
        yield


@pytest.fixture
def council(_loaded, own_portal) -> Iterator[None]:
    own_portal.change(today=TODAY)
    with own_portal.on(_loaded):
        yield


loaded = pytest.mark.usefixtures("council")


@loaded
def test_every_promise_holds():
    """Lines add up to their payments, none is below £0.00, slices say what lines say, a rerun changes nothing."""
    assert [each for each in check_all() if not each.is_warning] == []


@loaded
def test_each_feed_is_imported_once():
    """The last one says what the bank has done."""
    days = [day.isoformat() for day in Timeline(TODAY).deliveries]
    assert [each.name for each in every(FeedImport)] == [*days, "demonstration-bank"]


@loaded
def test_every_kind_of_provider_and_every_rhythm_is_there():
    assert {provider.kind for provider in every(Provider)} == set(ProviderKind)
    assert {calendar.frequency for calendar in every(Calendar)} == set(Frequency)
    assert {level.convention for level in every(ServiceLevel)} == set(Convention)
    used = set(every(select(ServiceLevel.convention).join(CarePackageLineItem)))
    assert used == set(Convention)


@loaded
def test_everything_that_payments_know_has_happened():
    with reading() as own:
        components = set(own.scalars(select(PaymentLine.component).where(PaymentLine.run_id.is_not(None))))
        vat = own.scalar(select(func.sum(PaymentLine.vat_pence)))
    assert components == set(Component) - {Component.ADJUSTMENT}
    assert vat > 0
    assert {deduction.kind for deduction in every(Deduction)} == set(DeductionKind)
    assert {deduction.collected_by for deduction in every(Deduction)} == set(CollectedBy)
    assert {absence.pay_percent for absence in every(Absence)} >= {0, 50, 80, 100}
    assert {claim.status for claim in every(Claim)} == set(ClaimStatus)
    items = every(CarePackageLineItem)
    assert any(item.is_suspended for item in items)
    assert any(item.authorised_on is None and item.starts_on < TODAY for item in items)
    assert any(item.authorised_on and item.authorised_on > item.starts_on for item in items)
    ended = {TODAY - item.ends_on for item in items if item.ends_on}
    assert min(ended) < timedelta(days=28) < max(ended)


@loaded
def test_two_years_are_paid_to_today():
    runs = every(PaymentRun)
    assert runs[0].as_on < TODAY - timedelta(days=700)
    assert TODAY - timedelta(days=7) < runs[-1].as_on <= TODAY
    late = every(
        select(ScheduledPayment).where(ScheduledPayment.finalise_on <= TODAY, ScheduledPayment.closed_run_id.is_(None))
    )
    in_run = every(select(RunPayment.payment_id).join(PaymentRun).where(PaymentRun.is_open))
    assert [each.id for each in late] == in_run, "one is paid now, in a run that waits for a manager"


@loaded
def test_some_payments_are_confirmed_and_some_wait():
    assert {payment.confirmation for payment in every(ScheduledPayment)} == {
        Confirmation.CONFIRMED,
        Confirmation.UNCONFIRMED,
    }
    assert any(payment.waiting_pence for payment in every(ScheduledPayment))


@loaded
def test_one_owes_what_its_payments_take_and_one_has_none_left():
    with reading() as own:
        found = {row.provider: (row.owed_pence > 0, row.has_more) for row in own.execute(listed())}
    assert found["Llŷr Prydderch, Tŷ'r Ŵyn"] == (True, True)
    assert found["Tamsin Hallworth, Supported Lodgings"] == (True, False)


@loaded
def test_its_documents_and_actions_are_in_every_state():
    found = every(ContractDocument)
    assert {each.state for each in found} == set(DocumentState)
    assert [each for each in found if each.is_deed]
    assert {each.is_open for each in every(Action)} == {True, False}


@loaded
def test_its_accounts_are_those_of_its_providers():
    assert {account.email.partition("@")[0] for account in accounts_here()} >= {
        "carer", "lodgings", "former-host", "agency", "care-home", "home-care", "direct-payments", "shared-lives",
        "administrator", "payments-officer", "payments-manager", "systems-administrator", "help-desk", "auditor",
        "procurement",
    }  # fmt: skip
    assert "Marian Oakshott" in {account.name for account in accounts_here()}
    query = (
        select(User.email, func.count(Membership.id)).join(Membership, Membership.user_id == User.id).group_by(User.id)
    )
    with reading() as own:
        places = dict(own.execute(query).all())
    assert (places["agency@demo.example"], places["care-home@demo.example"], places["administrator@demo.example"]) == (
        2,
        3,
        3,
    )
