"""docs/security.md names a test for each control, and each of them is there."""

import re

import pytest

NAMED = re.compile(r"`(test_\w+)`")


@pytest.fixture
def page(repository):
    return (repository / "docs" / "security.md").read_text("utf-8")


def test_every_test_that_is_named_exists(repository, page):
    files = (repository / "tests").rglob("test_*.py")
    there = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)}
    assert set(NAMED.findall(page)) - there == set()


def test_every_control_of_logging_in_names_one(page):
    rows = re.findall(r"^\| (A\d+) \|.*$", page, re.MULTILINE)
    assert rows == [f"A{n}" for n in range(1, 16)]
    without = [row for row in re.findall(r"^\| A\d+ \|.*$", page, re.MULTILINE) if not NAMED.search(row)]
    assert without == []
