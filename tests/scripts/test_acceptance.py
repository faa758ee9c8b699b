"""The list of what must be covered, and the script that compares it with the tests."""

import re

from scripts import acceptance


def test_the_list_has_every_capability_once():
    rows = acceptance.read_rows()
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids)) == 364
    assert all(re.fullmatch(r"S[0-4]-\d{3}", each) for each in ids)
    assert all(row["area"] and row["capability"] for row in rows)


def test_tests_name_only_rows_that_exist():
    known = {row["id"] for row in acceptance.read_rows()}
    assert acceptance.marked_ids(acceptance.ROOT / "tests") - known == set()


def test_marks_are_found_on_functions_and_on_classes(tmp_path):
    (tmp_path / "test_some.py").write_text(
        'import pytest\n@pytest.mark.covers("S0-001", "S0-002")\ndef test_one(): ...\n'
        '@pytest.mark.covers("S0-003")\nclass TestTwo: ...\n'
    )
    assert acceptance.marked_ids(tmp_path) == {"S0-001", "S0-002", "S0-003"}
