"""The annual statement: by bank day, by child and by kind, with weeks of care; and qualifying care relief."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update

from models.base import DomainError
from models.calendar import FinancialYear, as_on
from models.payments.payment import ScheduledPayment
from models.payments.run import RunPayment
from models.payments.sent import SentPayment
from models.pricing import Unit
from models.records.care_package import ItemPrice
from models.records.client import Client
from models.reports import care_relief
from models.reports.annual_statement import statement_of, years_paid
from models.reports.care_relief import CareRelief
from models.tax_year import ReportYear, TaxYear
from tests.care_factories import make_allowance, make_client, make_contract, make_item, make_service_level
from tests.factories import make_provider, make_staff
from tests.support import runs
from tests.support.debts import owing
from tests.support.rows import every, reading, unit_of_work

pytestmark = pytest.mark.usefixtures("database")

DAY, WEEK = timedelta(days=1), timedelta(days=7)
TAX_2024 = ReportYear(TaxYear(2024))


def weekly(first, provider=None, **given):
    """A contract whose weeks begin on `first`, are finalised on their last day and in the bank five days later."""
    return make_contract(provider, calculate_from=first, **given)


def statement(contract, year, on=date(2025, 5, 1)):
    with as_on(on), reading(contract.provider_id):
        return statement_of(year)


def checked(year):
    colleague = make_staff()
    with unit_of_work() as session:
        session.scalars(CareRelief.of(TaxYear(year))).one().check(by=colleague)


@pytest.mark.parametrize(
    ("day", "tax", "financial"),
    [
        (date(2023, 3, 31), 2022, 2022),
        (date(2023, 4, 1), 2022, 2023),
        (date(2023, 4, 5), 2022, 2023),
        (date(2023, 4, 6), 2023, 2023),
        (date(2023, 4, 7), 2023, 2023),
    ],
)
def test_the_tax_year_begins_on_6_april_and_the_financial_year_on_the_1st(day, tax, financial):
    assert (TaxYear.of(day).starts_in, FinancialYear.of(day).starts_in) == (tax, financial)
    assert day in ReportYear(TaxYear(tax)).span
    assert ReportYear.named(f"tax-{tax}").words.startswith(f"Tax year {tax}/{tax + 1}, 6 April {tax} to 5 April")


@pytest.mark.parametrize("key", ["", "tax", "tax-", "tax-20", "tax-２０２３", "other-2023", "tax-2023-1"])
def test_what_names_no_year_is_refused(key):
    with pytest.raises(ValueError, match=rf"^{key}$"):
        ReportYear.named(key)


@pytest.mark.postgres
@pytest.mark.covers("S4-110")
@pytest.mark.covers("S4-111")
def test_a_payment_belongs_to_the_year_in_which_it_was_in_the_bank():
    """next.md 25: in the bank on 31 March 2023: tax year 2022/23; for 7 April, Good Friday, on 6 April 2023:
    2023/24.
    """
    contract = weekly(date(2023, 3, 20))  # 20 to 26 March is in the bank on Friday 31 March
    make_item(contract, starts_on=date(2023, 3, 20))
    runs.finalise_weeks(date(2023, 3, 20), date(2023, 4, 2))
    of_2022, of_2023 = (statement(contract, ReportYear(TaxYear(year))) for year in (2022, 2023))
    assert [each.bank_on for each in of_2022.payments] == [date(2023, 3, 31)]
    assert [each.bank_on for each in of_2023.payments] == [date(2023, 4, 6)]
    assert (of_2022.total_pence, of_2023.total_pence) == (35_308, 35_308)
    assert statement(contract, ReportYear(FinancialYear(2023))).total_pence == 35_308


def test_a_fee_stands_apart_from_the_allowance():
    """next.md 26: Kent, week of 5 July 2025 = 465.24 + 417.12 + 85.78 + 26.98 = £995.12."""
    first = date(2025, 6, 30)
    contract, child = weekly(first), make_client(born_on=date(2015, 1, 1))
    for name, rate in (("Maintenance", 4_652_400), ("Fee", 4_171_200), ("Holiday", 857_800), ("Clothing", 269_800)):
        make_item(contract, rate, child, starts_on=first, service_level_id=make_service_level(name=name).id)
    runs.finalise(first + 6 * DAY)
    found = statement(contract, ReportYear(TaxYear(2025)), on=date(2025, 8, 1))
    assert [(kind.name, kind.total_pence) for kind in found.kinds] == [
        ("Clothing", 2_698), ("Fee", 41_712), ("Holiday", 8_578), ("Maintenance", 46_524),
    ]  # fmt: skip
    assert found.total_pence == 99_512
    assert found.is_so_far
    [one] = found.children
    assert (one.younger_weeks, one.older_weeks) == (1, 0)


def test_a_child_of_five_all_year_qualifies_for_40_420_pounds():
    """next.md 28: 19,360 + 52 x 405."""
    first = date(2024, 4, 1)
    contract = weekly(first)
    make_item(contract, 4_000_000, make_client(born_on=date(2019, 1, 10)), starts_on=first)
    runs.finalise_weeks(first, date(2025, 4, 6))
    assert statement(contract, TAX_2024).missing.endswith("nobody has checked that row yet")
    checked(2024)
    found = statement(contract, TAX_2024)
    assert (found.younger_weeks, found.older_weeks, found.missing) == (52, 0, "")
    assert found.qualifying_pence == 4_042_000
    assert len(found.payments) == 52


def test_a_year_without_its_row_has_no_figure_and_says_which_row_is_missing():
    first = date(2024, 4, 15)
    contract = weekly(first)
    make_item(contract, starts_on=first)
    runs.finalise(first + 6 * DAY)
    with unit_of_work() as session:
        session.execute(delete(CareRelief).where(CareRelief.year == 2024))
    found = statement(contract, TAX_2024)
    assert found.qualifying_pence is None
    assert found.missing == "The figures of the tax year 2024/2025 are not on record: the council has to enter that row"
    assert "tax year" in statement(contract, ReportYear(FinancialYear(2024))).missing


def test_without_a_date_of_birth_there_is_no_figure_either():
    first = date(2024, 4, 15)
    contract = weekly(first)
    make_item(contract, client=make_client(reference="C7", surname="Doe", born_on=None), starts_on=first)
    runs.finalise(first + 6 * DAY)
    checked(2024)
    found = statement(contract, TAX_2024)
    assert found.qualifying_pence is None
    assert found.missing == "The date of birth is not on record of D, Bart (C7), so the weeks have no rate"


def test_a_week_counts_by_the_age_on_its_monday_and_from_the_eleventh_birthday_as_older():
    first = date(2024, 4, 15)
    contract = weekly(first)
    make_item(contract, client=make_client(born_on=date(2013, 4, 22)), starts_on=first)
    make_item(contract, client=make_client(born_on=date(2013, 4, 23)), starts_on=first)
    runs.finalise_weeks(first, first + 2 * WEEK - DAY)
    found = statement(contract, TAX_2024)
    assert sorted((child.younger_weeks, child.older_weeks) for child in found.children) == [(1, 1), (2, 0)]


def test_a_part_of_a_week_counts_whole_once_and_in_the_year_that_paid_it_first():
    """A month is cut within a week: both parts are one week. Of what is paid in the next year, nothing counts twice."""
    first = date(2024, 3, 25)
    contract = weekly(first)
    item = make_item(contract, 7_000_000, make_client(born_on=date(2019, 1, 1)), starts_on=first + 2 * DAY)
    runs.finalise(first + 6 * DAY)  # in the bank on 5 April 2024
    runs.change(item, starts_on=first)
    with unit_of_work() as session:
        session.execute(update(ItemPrice).values(starts_on=first))
    runs.finalise(first + 2 * WEEK - DAY)
    before, after = statement(contract, ReportYear(TaxYear(2023))), statement(contract, TAX_2024)
    assert (before.younger_weeks, before.total_pence) == (1, 50_000)
    assert (after.younger_weeks, after.total_pence) == (1, 20_000 + 70_000)


def test_weeks_that_were_taken_back_within_the_year_do_not_count():
    first = date(2024, 4, 15)
    contract = weekly(first)
    item = make_item(contract, client=make_client(born_on=date(2019, 1, 1)), starts_on=first)
    make_item(contract, 90_000_000, client=make_client(born_on=date(2019, 1, 1)), starts_on=first)
    runs.finalise_weeks(first, first + 2 * WEEK - DAY)
    runs.change(item, ends_on=first + 3 * DAY)
    runs.finalise(first + 3 * WEEK - DAY)
    assert sorted(child.younger_weeks for child in statement(contract, TAX_2024).children) == [1, 3]


def test_the_total_is_the_banks_sum_where_debts_are_taken_and_no_other_provider_is_in_it():
    contract = owing(5_000, make_provider())
    other = weekly(date(2019, 9, 2))
    make_allowance(make_item(other), date(2019, 9, 3))
    runs.finalise(date(2019, 9, 15))
    found = statement(contract, ReportYear(TaxYear(2019)))
    assert found.total_pence == sum(runs.banked(contract)) == 5_000
    assert sum(child.total_pence for child in found.children) == sum(kind.total_pence for kind in found.kinds) == 5_000
    assert [child.name for child in found.children if not child.reference] == ["What you owe"]


def test_years_are_offered_from_the_first_payment_to_this_one_tax_years_first():
    contract = weekly(date(2023, 3, 20))
    make_item(contract, starts_on=date(2023, 3, 20))
    runs.finalise(date(2023, 3, 26))
    with as_on(date(2024, 4, 5)), reading(contract.provider_id):
        assert [year.key for year in years_paid()] == [
            "tax-2023", "tax-2022", "financial-2024", "financial-2023", "financial-2022",
        ]  # fmt: skip
    with reading(make_provider().id):
        assert years_paid() == []


@pytest.mark.postgres
def test_one_person_enters_the_figures_of_a_year_and_another_checks_them():
    ola, max_ = make_staff(), make_staff()
    figures = {"fixed_pence": 2_000_000, "younger_pence": 42_000, "older_pence": 50_000, "instrument": "SI 2026/1"}
    with unit_of_work():
        row = care_relief.enter(2026, **figures, by=ola)
        with pytest.raises(DomainError, match="You entered these figures"):
            row.check(by=ola)
        row.check(by=max_)
        with pytest.raises(DomainError, match="just checked or changed"):
            row.check(by=max_)
        with pytest.raises(DomainError, match="on record already"):
            care_relief.enter(2026, **figures, by=max_)
        row.correct(**figures | {"older_pence": 50_100}, by=max_)
        assert not row.is_checked
    [found] = [each for each in every(CareRelief) if each.year == 2026]
    assert (found.older_pence, found.entered_by_id, found.checked_by_id) == (50_100, max_.id, None)


def test_the_portal_comes_with_figures_that_nobody_has_checked():
    rows = {row.year: (row.fixed_pence, row.younger_pence, row.older_pence) for row in every(CareRelief)}
    assert rows[2024] == (1_936_000, 40_500, 48_500)
    assert rows[2025] == (1_969_000, 41_500, 49_500)
    assert not any(row.is_checked for row in every(CareRelief))


def test_an_adult_counts_as_older():
    first = date(2024, 4, 15)
    contract = weekly(first)
    level = make_service_level(unit=Unit.NIGHT)
    make_item(contract, 1_000_000, make_client(born_on=date(1960, 1, 1)), starts_on=first, service_level_id=level.id)
    runs.finalise(first + 6 * DAY)
    with unit_of_work() as session:
        session.execute(update(Client).values(surname="Gone"))
    assert statement(contract, TAX_2024).older_weeks == 1


def bank_tells(contract, number, **given):
    """What the finance system tells of the contract's payment with that number, the first being 0."""
    mine = select(RunPayment, ScheduledPayment.first_on).join(ScheduledPayment).order_by(ScheduledPayment.first_on)
    with unit_of_work() as session:
        part, first_on = session.execute(mine.where(ScheduledPayment.contract_id == contract.id)).all()[number]
        session.add(
            SentPayment(
                provider_id=part.provider_id, contract_id=contract.id, payment_id=part.payment_id, run_id=part.run_id,
                period_first_on=first_on, amount_pence=part.paid_pence, sent_on=part.bank_on, **given,
            )
        )  # fmt: skip


@pytest.mark.postgres
def test_money_counts_in_the_year_in_which_it_came_as_the_bank_told_it_and_not_while_it_is_returned():
    contract = weekly(date(2023, 3, 20))
    make_item(contract, starts_on=date(2023, 3, 20))
    runs.finalise_weeks(date(2023, 3, 20), date(2023, 4, 2))
    bank_tells(contract, 0, in_bank_on=date(2023, 4, 6))
    bank_tells(contract, 1, returned_on=date(2023, 4, 8))
    of_2022, of_2023 = (statement(contract, ReportYear(TaxYear(year))) for year in (2022, 2023))
    assert (of_2022.total_pence, of_2022.children) == (0, [])
    assert [(each.bank_on, each.pence) for each in of_2023.payments] == [(date(2023, 4, 6), 35_308)]
    assert of_2023.children[0].weeks == {date(2023, 3, 20)}
    with as_on(date(2025, 5, 1)), reading(contract.provider_id):
        assert min(year.span.first for year in years_paid() if year.is_tax) == date(2023, 4, 6)
    with unit_of_work() as session:
        session.execute(
            update(SentPayment).where(SentPayment.returned_on.is_not(None)).values(paid_again_on=date(2024, 4, 8))
        )
    of_2023, of_2024 = (statement(contract, ReportYear(TaxYear(year))) for year in (2023, 2024))
    assert [each.weeks for found in (of_2023, of_2024) for each in found.children] == [
        {date(2023, 3, 20)}, {date(2023, 3, 27)},
    ]  # fmt: skip
    assert [each.bank_on for each in of_2024.payments] == [date(2024, 4, 8)]
