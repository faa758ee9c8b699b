"""Records in columns: what many rows of a feed are kept in."""

import pytest

from exchange.feed.table import Cells, Groups, Several, Table


def test_a_record_is_put_together_from_its_columns():
    table = Table(["reference", "surname"])
    table.add("C1", ["C1", "Stockton"])
    table.add("C2", ["C2", "Ash"])
    assert table.values(table.positions["C2"]) == {"reference": "C2", "surname": "Ash"}
    assert list(table.picked(["surname"])) == [("C1", "Stockton"), ("C2", "Ash")]


def test_the_record_that_was_added_last_can_be_taken_back():
    table = Table(["surname"])
    table.add("C1", ["Stockton"])
    table.add("C2", ["Ash"])
    table.take_back()
    table.add("C3", ["Wren"])
    assert list(table.picked(["surname"])) == [("C1", "Stockton"), ("C3", "Wren")]
    assert table.values(1) == {"surname": "Wren"}


@pytest.mark.parametrize("count", [1, Cells.BLOCK - 1, Cells.BLOCK, Cells.BLOCK + 1, 3 * Cells.BLOCK + 7])
def test_the_cells_of_every_row_are_found_by_its_number(count):
    cells, numbers = Cells(), [2 + 3 * n for n in range(count)]  # blank lines between rows have numbers too
    for number in numbers:
        cells.add(number, [str(number), "\udce9 Ŵyn"])
    for number in (*numbers, *reversed(numbers)):
        assert cells.of(number) == [str(number), "\udce9 Ŵyn"]
    assert [row[0] for row in cells] == list(map(str, numbers))


def test_groups_of_several_are_told_from_single_ones():
    groups = Groups()
    for shared, key in (("K1", "I1"), ("K2", "I2"), ("K1", "I3"), ("K1", "I4")):
        groups.add(shared, key)
    assert list(groups.of("K1")) == ["I1", "I3", "I4"]
    assert list(groups.of("K2")) == ["I2"]
    assert list(groups.of("K3")) == []
    assert [list(each) for each in groups.of_many()] == [["I1", "I3", "I4"]]


def test_a_group_may_be_of_keys_of_several_parts():
    groups = Groups()
    groups.add("I1", ("I1", 1))
    groups.add("I1", ("I1", 2))
    groups.add("I2", ("I2", 1))
    assert list(groups.of("I1")) == [("I1", 1), ("I1", 2)]
    assert list(groups.of("I2")) == [("I2", 1)]


def test_things_are_made_whenever_they_are_gone_through():
    made: list[int] = []
    several = Several([1, 2], lambda key: made.append(key) or key * 10)
    assert (list(several), list(several), len(several)) == ([10, 20], [10, 20], 2)
    assert made == [1, 2, 1, 2]
