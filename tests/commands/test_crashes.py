"""A command that is killed at any statement, and given again, ends where it would have ended undisturbed."""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from config import Schedule
from models import verify
from models.base import scope
from models.job import JobKind
from models.payments import batching
from models.payments.open_runs import Waits, open_runs
from tests.support import crash_office as office
from tests.support.crashes import COMMIT, Machine, Rows, differences, on_record, spread
from tests.support.rows import reading
from tests.support.runs import calculate

CAMPAIGN = bool(os.environ.get("CAMPAIGN"))
POINTS = 6
"""At so many places beside those after each commit a command is killed. In a campaign at all there are."""
TWICE = 600 if CAMPAIGN else 4
"""So many pairs of places: killed, given again, killed again."""
BROKEN_OFF = "a run that was broken off is gone on with"


def imported(folder: Path) -> None:
    office.second_feed(folder / "second").load()


def calculated(folder: Path) -> None:
    imported(folder)
    calculate(office.SUNDAY)


def with_run(folder: Path) -> None:
    calculated(folder)
    office.ask_for(JobKind.FINALISE, office.prepare_run().id)


def with_calculation(folder: Path) -> None:
    imported(folder)
    office.ask_for(JobKind.CALCULATE)


def with_preparation(folder: Path) -> None:
    imported(folder)
    office.ask_for(JobKind.PREPARE)


def with_something_to_tell(folder: Path) -> None:
    calculated(folder)
    (folder / "feed-out").mkdir()


def with_daily_work(folder: Path) -> None:
    office.second_feed(folder / "second")
    for kind in (JobKind.FEED, JobKind.DIGEST, JobKind.REMINDERS, JobKind.VERIFY):
        office.ask_for(kind)


@dataclass(frozen=True)
class Case:
    """A command, and what is on record before it."""

    before: Callable[[Path], object]
    words: tuple[str, ...]
    exit_code: int = 0


CASES = {
    "import": Case(lambda folder: office.second_feed(folder / "second"), ("feed", "import", "--made-up", "second")),
    "calculate": Case(imported, ("payments", "calculate")),
    "finalise": Case(imported, ("payments", "finalise", "--yes"), exit_code=1),  # a payment is rejected
    "worker calculates": Case(with_calculation, ("worker", "--once")),
    "worker prepares": Case(with_preparation, ("worker", "--once")),
    "worker finalises": Case(with_run, ("worker", "--once")),
    "worker works daily": Case(with_daily_work, ("worker", "--once")),
    "export": Case(with_something_to_tell, ("feed", "export")),
    "verify": Case(calculated, ("verify",)),
}


class Office:
    """A database as it was before, again and again, and a command on it."""

    def __init__(self, app, machine: Machine, copies, case: Case) -> None:
        self.app, self.machine, self.copies, self.case = app, machine, copies, case

    def renew(self) -> None:
        self.machine.engine.dispose()
        self.copies.renew()
        for path in Path("feed-out").glob("*"):
            path.unlink()

    def run(self, kill_at: int | None = None):
        """Give the command to a new process, which may be killed; what it has sent, and how it ended."""
        result = None
        with self.machine.process(kill_at) as found:
            result = self.app.test_cli_runner().invoke(args=self.case.words)
        assert found.is_dead == (result is None)
        assert result is None or not result.exception or isinstance(result.exception, SystemExit), result.exc_info
        return found, result

    def rows(self) -> Rows:
        with self.machine.engine.connect() as connection:
            return on_record(connection)


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture
def crashing(make_app, database, tmp_path, monkeypatch, set_today, case):
    monkeypatch.setattr(batching, "BATCH", 1)
    monkeypatch.chdir(tmp_path)
    set_today(office.SUNDAY)
    office.open_office(tmp_path)
    case.before(tmp_path)
    schedule = Schedule(feed_directory="second", reminder_days=5, export_directory="feed-out")
    app = make_app(instance=tmp_path, today=office.SUNDAY, schedule=schedule)
    with office.copies(database) as copies:
        yield Office(app, Machine(database), copies, case)


def undisturbed(crashing: Office) -> tuple[list[str], Rows, str]:
    crashing.renew()
    found, result = crashing.run()
    assert result.exit_code == crashing.case.exit_code, result.output
    return found.points, crashing.rows(), broken(crashing)


def broken(crashing: Office) -> str:
    with scope():
        return "\n".join(sorted({each.promise for each in verify.check_all() if not each.is_warning}))


def after(crashing: Office, *kills: int) -> list[str]:
    """What differs from the undisturbed end after these kills, each of the same command given again."""
    crashing.renew()
    for kill_at in kills:
        crashing.run(kill_at)
        office.let_workers_fall_silent()
        assert_that_what_is_open_says_so(crashing)
    _, result = crashing.run()
    assert result.exit_code == crashing.case.exit_code, result.output
    return crashing.rows()


def assert_that_what_is_open_says_so(crashing: Office) -> None:
    """A run that is open is prepared whole, or the worker's, whose job waits in the queue; or it is broken off, and
    verify names it.
    """
    with reading():
        waits = {run.waits for run in open_runs()}
    assert waits <= {Waits.AUTHORISATION, Waits.WORKER, Waits.BROKEN_OFF}
    assert Waits.BROKEN_OFF not in waits or BROKEN_OFF in broken(crashing)


@pytest.mark.filterwarnings("ignore:<psycopg.ServerCursor:ResourceWarning")  # which a killed process leaves behind
@pytest.mark.filterwarnings("ignore:.*ServerCursor:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.postgres
def test_it_ends_where_it_would_have_ended(crashing):
    points, wanted, promises = undisturbed(crashing)
    chosen = range(1, len(points) + 1) if CAMPAIGN else spread(points, POINTS)
    twice = random.Random(len(points))
    pairs = [(twice.choice(chosen), twice.choice(chosen)) for _ in range(TWICE)]
    wrong = []
    for kills in [*((number,) for number in chosen), *pairs]:
        if found := differences(wanted, after(crashing, *kills)):
            wrong.append((kills, [points[number - 1][:80] for number in kills], found))
    assert not wrong, f"{len(wrong)} of {len(chosen)}: {wrong[:2]}"
    assert broken(crashing) == promises
    assert {*COMMIT} <= set(points) or crashing.case.words == ("verify",)
