"""scripts/together.sh: of two processes that need each other, neither stays without the other."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOR_EVER = "sleep 600"


@pytest.fixture
def together():
    """`together(first, second)`: the script at work, in a group of its own, which is ended with the test."""
    begun = []

    def begin(first, second):
        script = ["sh", str(ROOT / "scripts" / "together.sh"), "worker", first, "web server", second]
        begun.append(
            subprocess.Popen(script, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        )
        return begun[-1]

    yield begin
    for each in begun:
        if group_of(each):
            os.killpg(each.pid, signal.SIGKILL)
        each.communicate()


def group_of(process):
    """Ids of the processes that the script has begun and that are still there."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-g", str(process.pid)], capture_output=True, text=True)
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for pid, state in rows if not state.startswith("Z")]


@pytest.mark.parametrize(
    ("first", "second", "status", "name"),
    [
        ("sh -c 'exit 7'", FOR_EVER, 7, "worker"),
        (FOR_EVER, "sh -c 'exit 3'", 3, "web server"),
        ("sh -c 'sleep 1; exit 0'", FOR_EVER, 0, "worker"),
        ("sh -c 'kill -KILL $$'", FOR_EVER, 137, "worker"),
    ],
    ids=["worker", "web server", "without a fault", "killed"],
)
def test_when_one_ends_so_does_the_other_with_its_status_and_a_sentence(together, first, second, status, name):
    script = together(first, second)
    _, errors = script.communicate(timeout=30)
    [other] = {"worker", "web server"} - {name}
    said = f"The {name} has ended (status {status}), so the {other} is stopped too."
    assert (script.returncode, errors.splitlines()[-1]) == (status, said)
    assert not group_of(script)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_stopped_itself_it_stops_both_and_ends_well(together, by):
    script = together(FOR_EVER, FOR_EVER)
    until = time.monotonic() + 30
    while len(group_of(script)) < 4 and time.monotonic() < until:  # the script, both, and its own pause
        time.sleep(0.05)
    script.send_signal(by)
    _, errors = script.communicate(timeout=30)
    assert (script.returncode, errors) == (0, "")
    assert not [each for each in group_of(script) if "sleep 600" in command_of(each)]


def command_of(pid):
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_text().replace("\0", " ") if path.exists() else ""


def test_make_run_is_started_by_it(repository):
    script = (repository / "scripts" / "run.sh").read_text("utf-8")
    assert "exec scripts/together.sh" in script
    assert '"web server"' in script


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_service_is_started_again_however_it_ended(repository, name):
    unit = (repository / "deploy" / f"portal-{name}.service").read_text("utf-8").splitlines()
    assert {"Restart=always", "RestartSec=5", "RestartPreventExitStatus=3"} <= set(unit)
