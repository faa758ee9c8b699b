"""`./portal feed`: counts on success, all faults and a status other than 0 otherwise."""

from pathlib import Path

import pytest
from flask import Flask

from config import Mode
from exchange.feed import FILES
from models.audit import AuditEvent
from models.records.client import Client
from tests.exchange.feed.feeds import FEED, Feed
from tests.support.rows import every


@pytest.fixture
def feed(tmp_path: Path, database: object) -> Feed:
    return Feed(tmp_path / "feed")


def run(app: Flask, command: str, *words: object):
    said = ["--made-up"] if command == "import" else []
    return app.test_cli_runner().invoke(args=["feed", command, *said, *map(str, words)])


def test_an_import_counts_what_it_has_read(app, feed):
    result = run(app, "import", feed.path)

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["read", "new", "changed", "unchanged", "rejected"]
    assert [line.split()[0] for line in lines[1:23]] == [file.name for file in FILES if file.name in FEED]
    assert "item_prices.csv                2         2         0         0         0" in lines
    assert lines[23].split() == ["Total", "38", "38", "0", "0", "0"]
    assert lines[24].startswith("35 payments change by +£11,"), "what is said of the money, before what was done"
    assert lines[-1] == "Import 1 is written."
    first, weekly, monthly, unpriced = result.stderr.splitlines()  # no bar where nobody looks
    assert first == "3 warnings. They stop no import."
    assert weekly.startswith(
        'calendars.csv, row 2, bank_days "11": Bank days of the coming year are Saturdays, Sundays'
    )
    assert monthly.startswith('calendars.csv, row 3, bank_days "32": Bank days')
    assert unpriced == (
        'care_package_items.csv, row 3, item_ref "I2": It is paid, and has no price: £0.00. '
        "I2: 01/03/2019 to 01/03/2020"
    )


def test_the_same_again_says_so(app, feed):
    run(app, "import", feed.path)

    result = run(app, "import", feed.path)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2].split() == ["Total", "38", "0", "0", "38", "0"]
    assert result.stdout.splitlines()[-1] == "All of this is on record already. Nothing was written."


def test_a_check_writes_nothing(app, feed):
    result = run(app, "check", feed.path)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "No faults. It can be imported."
    assert every(Client) == []


def test_above_a_limit_somebody_has_to_say_so(app, feed, limits):
    limits(feed_pence=100_00)
    checked, refused = run(app, "check", feed.path), run(app, "import", feed.path)

    above = "above a limit: payments change by more than £100"
    assert (checked.exit_code, refused.exit_code) == (0, 1)
    assert checked.stdout.splitlines()[-1] == f"No faults. It is {above}. Only --above-limits imports it."
    assert refused.stderr.splitlines()[-1] == (
        f"Error: The feed is {above}. Nothing was written. Look at it and, if it is right, give --above-limits."
    )
    assert "35 payments change by" in refused.stdout
    assert every(Client) == []
    assert run(app, "import", feed.path, "--above-limits").exit_code == 0


@pytest.mark.parametrize("command", ["check", "import"])
def test_faults_are_listed_and_nothing_is_written(app, feed, command):
    feed.change("clients.csv", "2009-05-10", "2009-02-30")
    feed.change("item_prices.csv", "353.08", "lots")

    result = run(app, command, feed.path)

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        'clients.csv, row 2, born_on "2009-02-30": There is no such day. Enter a date like 2020-03-31 or 31/03/2020, '
        "the day before the month",
        'item_prices.csv, row 3, rate "lots": Enter a rate like 353.08 or 0.387. It must be a number, like 1,234.50',
        "Error: The feed has 2 faults. Nothing was written.",
    ]
    assert "clients.csv                    2         1         0         0         1" in result.stdout
    assert every(Client) == []


def test_equal_faults_are_one_line_that_counts_them(app, feed):
    feed.add("contacts.csv", *(f"X{n},P1,,,,," for n in range(501)))
    feed.change("clients.csv", "2009-05-10", "2009-02-30")

    result = run(app, "check", feed.path)

    assert result.stderr.splitlines() == [
        "contacts.csv, 501 rows (3, 4, 5, 6, 7 ...), name: Enter a value; this must not be empty",
        'clients.csv, row 2, born_on "2009-02-30": There is no such day. Enter a date like 2020-03-31 or 31/03/2020, '
        "the day before the month",
        "Error: The feed has 502 faults. Nothing was written.",
    ]


def test_a_group_shows_the_first_values_that_its_rows_have(app, feed):
    feed.add("clients.csv", *(f"X{n},S,F,day {n}" for n in range(4)))

    [line, _] = run(app, "check", feed.path).stderr.splitlines()

    assert line.startswith('clients.csv, 4 rows (4, 5, 6, 7), born_on "day 0", "day 1", "day 2" ...: Enter a date')


def test_three_equal_faults_are_told_one_by_one(app, feed):
    feed.add("contacts.csv", *(f"X{n},P1,,,,," for n in range(3)))
    assert len(run(app, "check", feed.path).stderr.splitlines()) == 4


def test_a_long_list_of_faults_is_cut_and_the_rest_counted(app, feed):
    feed.add("contacts.csv", *(f"X{n},P1,,,,," for n in range(120)))

    first = run(app, "import", feed.path, "--each").stderr.splitlines()
    assert (len(first), first[100]) == (102, "... and 20 lines more.")
    assert first[-1] == "Error: The feed has 120 faults. Nothing was written."

    assert len(run(app, "import", feed.path, "--each", "--show", 5).stderr.splitlines()) == 7
    assert len(run(app, "import", feed.path, "--each", "--show", 500).stderr.splitlines()) == 121


def test_a_directory_that_is_missing_says_so(app, tmp_path):
    result = run(app, "import", tmp_path / "nowhere")

    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_the_format_can_be_printed(app):
    assert "### purchase_orders.csv" in run(app, "format").stdout


def test_a_demonstration_takes_what_is_said_to_be_made_up(app, feed, make_app):
    """And production takes no made-up data: the word would be wrong there."""
    plain = app.test_cli_runner().invoke(args=["feed", "import", str(feed.path)])
    assert plain.exit_code == 1
    assert "If these files are made up, say so with --made-up." in plain.stderr
    assert every(Client) == []
    refused = run(make_app(mode=Mode.PRODUCTION), "import", feed.path)
    assert refused.stderr == "Error: This is no demonstration: made-up data are not imported here.\n"
    assert run(app, "import", feed.path).exit_code == 0
    assert [event.action for event in every(AuditEvent)] == ["portal.made_up", "feed.imported"]
