"""Turns each comparison and each sign of the payment engine round, and lists those that no test notices.

In a copy of the project every `<` becomes `<=` and `>=`, every `==` becomes `!=`, every `+` becomes `-`, every `min`
becomes `max`, and so on, one at a time; then the engine's tests run there, and one of them has to fail. Where none can,
turn_round_survivors.toml says why. `make campaign` does it, in some five minutes on two idle cores; by hand, also for
some files only: .venv/bin/python scripts/turn_round.py models/engine/periods.py
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from queue import Queue
from typing import Any

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
SURVIVORS = Path(__file__).with_name("turn_round_survivors.toml")
TESTS = ["tests/models/engine/test_examples.py", "tests/models/engine", "tests/test_golden.py"]
"""The quickest first: one failure is enough."""
PROCESSES = 2
TOO_LONG = 300
"""Seconds after which the tests, which take some twenty, are taken to run for ever: that is noticed too."""

TURNS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "in": ("not in",), "not in": ("in",), "is": ("is not",), "is not": ("is",),
    "+": ("-",), "-": ("+",), "min": ("max",), "max": ("min",),
}  # fmt: skip
TURNED = re.compile(rb"min|max|not in|is not|<=|>=|==|!=|<|>|in|is|[+-]")


@dataclass(frozen=True)
class Turn:
    """A file with one thing turned round, and how that line reads then."""

    file: str
    line: int
    reads: str
    source: bytes


def main() -> int:
    files = sys.argv[1:] or sorted(str(each.relative_to(ROOT)) for each in ROOT.glob("models/engine/*.py"))
    every = [turn for file in files for turn in turns(file, (ROOT / file).read_bytes())]
    with tempfile.TemporaryDirectory(prefix="turn-round-") as folder:
        folders: Queue[Path] = Queue()
        with ThreadPoolExecutor(PROCESSES) as pool:
            for each in pool.map(copy, (f"{folder}/{n}" for n in range(PROCESSES))):
                folders.put(each)
            outcomes = pool.map(lambda turn: survives(turn, folders), every)
            progress = tqdm(zip(every, outcomes, strict=True), total=len(every), unit="turn", disable=None, leave=False)
            survivors = [turn for turn, survived in progress if survived]
    known = {each for each in known_survivors() if each[0] in files}
    unknown = [turn for turn in survivors if (turn.file, turn.reads) not in known]
    for turn in unknown:
        print(f"{turn.file}:{turn.line}: no test notices this: {turn.reads}")
    noticed = sorted(known - {(turn.file, turn.reads) for turn in survivors})
    for file, reads in noticed:
        print(f"{file}: a test notices this, so it goes from {SURVIVORS.name}: {reads}")
    print(f"{len(every)} turned round: {len(survivors)} that no test notices, {len(unknown)} of them not known")
    return 1 if unknown or noticed else 0


def known_survivors() -> set[tuple[str, str]]:
    """Files and lines as they read turned round. Each has its reason beside it."""
    return {(each["file"], each["reads"]) for each in tomllib.loads(SURVIVORS.read_text("utf-8"))["survivor"]}


def turns(file: str, source: bytes) -> Iterator[Turn]:
    for first, last in sorted(_gaps(source)):
        if found := TURNED.search(source, first, last):
            line = source.count(b"\n", 0, found.start())
            for instead in TURNS[found[0].decode()]:
                turned = source[: found.start()] + instead.encode() + source[found.end() :]
                yield Turn(file, line + 1, turned.splitlines()[line].decode().strip(), turned)


def _gaps(source: bytes) -> Iterator[tuple[int, int]]:
    """From where to where in the source an operator stands, or the name of `min` or `max`."""
    starts = list(accumulate(map(len, source.splitlines(keepends=True)), initial=0))

    def begin(node: Any) -> int:
        return starts[node.lineno - 1] + node.col_offset

    def end(node: Any) -> int:
        return starts[node.end_lineno - 1] + node.end_col_offset

    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, comparators=others):
                yield from ((end(a), begin(b)) for a, b in pairwise([left, *others]))
            case ast.BinOp(left=left, right=right) | ast.AugAssign(target=left, value=right):
                yield end(left), begin(right)
            case ast.UnaryOp(operand=operand):
                yield begin(node), begin(operand)
            case ast.Call(func=ast.Name(id="min" | "max") as name):
                yield begin(name), end(name)


def copy(folder: str) -> Path:
    """The project in a folder of its own, where the tests have passed once, so that all is compiled."""
    left_out = shutil.ignore_patterns(".*", "node_modules", "instance", "__pycache__")
    target = Path(shutil.copytree(ROOT, folder, ignore=left_out))
    if not passes(target, compiled=True):
        sys.exit("The tests fail as it is")
    shutil.rmtree(target / "models" / "engine" / "__pycache__")
    return target


def passes(folder: Path, compiled: bool = False) -> bool:
    """What is turned round is not kept compiled: Python would take it for the next turn of equal second and length."""
    options = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-m", "not postgres and not campaign"]
    options += ["--hypothesis-profile=turn_round", f"--basetemp={folder}/test-files"]
    command = [sys.executable, "-m", "pytest", *options, *TESTS]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "" if compiled else "1"}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, timeout=TOO_LONG, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def survives(turn: Turn, folders: Queue[Path]) -> bool:
    folder = folders.get()
    file = folder / turn.file
    before = file.read_bytes()
    file.write_bytes(turn.source)
    try:
        return passes(folder)
    finally:
        file.write_bytes(before)
        folders.put(folder)


if __name__ == "__main__":
    sys.exit(main())
