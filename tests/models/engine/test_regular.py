"""The sum that an agreement names: a week or a month that nothing disturbs."""

from datetime import date
from types import SimpleNamespace

import pytest

from models.engine.facts import ContractFacts, Dated, ItemFacts, Terms
from models.engine.regular import basis_of, regular_pence
from models.pricing import Basis, Unit

APRIL, MAY, JUNE = date(2019, 4, 1), date(2019, 5, 1), date(2019, 6, 1)


def item(*prices, starts_on=APRIL, ends_on=date(2019, 12, 31), unit=Unit.WEEK, **given):
    dated = tuple(Dated(first, last, rate_e4) for first, last, rate_e4 in prices)
    terms = Terms(starts_on, ends_on, unit=unit, prices=dated, **given)
    return ItemFacts(1, 1, "Care", terms, (), [], APRIL, False)


@pytest.mark.parametrize(
    ("as_on", "pence"),
    [(date(2019, 3, 1), 100_00), (APRIL, 100_00), (date(2019, 4, 23), 100_00), (MAY, 120_00),
     (date(2019, 12, 31), 120_00), (date(2020, 1, 1), 100_00)],
)  # fmt: skip
def test_it_is_that_of_the_day_or_of_the_first_one_where_the_care_has_not_begun_or_has_ended(as_on, pence):
    """A week from 31 December on still counts whole: the last day leaves it as it is."""
    own = item((APRIL, date(2019, 4, 30), 100_0000), (MAY, date(9999, 12, 31), 120_0000))
    assert regular_pence(own, Basis.GROSS, as_on) == pence


def test_it_begins_with_the_care_or_the_price_whichever_is_later():
    later_price = item((MAY, date(9999, 12, 31), 120_0000))
    assert regular_pence(later_price, Basis.GROSS, date(2019, 3, 1)) == 120_00
    later_care = item((APRIL, date(2019, 4, 30), 100_0000), (MAY, date(9999, 12, 31), 120_0000), starts_on=JUNE)
    assert regular_pence(later_care, Basis.GROSS, date(2019, 3, 1)) == 120_00


def test_vat_is_added():
    taxed = item((APRIL, date(9999, 12, 31), 100_0000), vat_basis_points=2_000)
    assert regular_pence(taxed, Basis.GROSS, APRIL) == 120_00


@pytest.mark.parametrize(("as_on", "pence"), [(APRIL, 100_00), (date(2019, 4, 2), 120_00), (date(2019, 5, 31), 140_00)])
def test_a_month_is_the_whole_one_that_begins_then_or_next(as_on, pence):
    own = item(
        (APRIL, date(2019, 4, 30), 100_0000), (MAY, date(2019, 5, 31), 120_0000), (JUNE, date(9999, 12, 31), 140_0000),
        unit=Unit.MONTH,
    )  # fmt: skip
    assert regular_pence(own, Basis.GROSS, as_on) == pence


def methods(*ends):
    made = [SimpleNamespace(basis=basis, ends_on=end) for basis, end in ends]
    return ContractFacts(1, 1, None, made)


@pytest.mark.parametrize(
    ("as_on", "starts_on", "basis"),
    [(APRIL, APRIL, Basis.NET), (date(2019, 4, 30), APRIL, Basis.NET), (MAY, APRIL, Basis.GROSS),
     (APRIL, MAY, Basis.GROSS), (JUNE, APRIL, Basis.NET)],
)  # fmt: skip
def test_the_basis_is_that_of_the_method_that_pays_or_will_or_did_last(as_on, starts_on, basis):
    contract = methods((Basis.NET, date(2019, 4, 30)), (Basis.GROSS, date(2019, 5, 15)), (Basis.NET, date(2019, 5, 20)))
    assert basis_of(contract, item((APRIL, MAY, 1), starts_on=starts_on), as_on) is basis
