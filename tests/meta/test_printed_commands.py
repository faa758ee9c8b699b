"""Every command that a document prints works as printed: those that are harmless are given, the others are parsed."""

import re
import shlex
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")) + ["README.md"]
PRINTED = re.compile(r"(?:\./portal|/srv/portal/portal) +([a-z](?:(?!  )[^#|&`>;\n])*)")
"""To the end of the line or of the code, or to what is no part of the command."""
OLD = re.compile(r"flask --app|(?<![\w/.-])flask (?:feed|payments|users|audit|verify|worker|mail|db)\b")
HARMLESS = {
    "audit head", "audit seal", "audit verify", "db check", "db current", "db upgrade", "feed check", "feed format",
    "feed import", "payments calculate", "payments finalise --dry-run", "verify", "vault rotate", "worker --once",
}  # fmt: skip
"""Given as they are printed, with the demonstration's own feed and provider for those in the document."""
OF_THIS_DEMONSTRATION = {
    "/srv/feed": "commands/demonstrations/durham", "/srv/undo": "commands/demonstrations/durham",
    "DIRECTORY": "commands/demonstrations/durham", "P100": "P100741", "2026-04-05": "2019-10-02",
}  # fmt: skip
MAY_FIND = ("audit verify --head", "payments finalise --dry-run")
"""They end with 1 here: no such head, and payments that are left."""


def printed():
    for name in DOCUMENTS:
        for found in PRINTED.finditer((ROOT / name).read_text("utf-8")):
            line = found[1].strip().rstrip(",.:")
            if line not in ("verify ...", "..."):
                yield name, line


LINES = sorted({line for _, line in printed()})


def test_there_are_commands_in_the_documents():
    assert len(LINES) > 20


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_prints_a_command_in_another_way(name):
    text = (ROOT / name).read_text("utf-8")
    if "decisions/0014" not in name:  # which tells what was wrong
        assert not OLD.findall(text)


@pytest.mark.parametrize("line", LINES)
def test_a_printed_command_is_one_with_its_options(app, line):
    command, context, rest = app.cli, click.Context(app.cli, info_name="./portal"), shlex.split(line)
    while isinstance(command, click.Group) and rest:
        name, command, rest = command.resolve_command(context, rest)
        context = click.Context(command, info_name=name, parent=context)
    if not isinstance(command, click.Group):  # "./portal audit" in a sentence names all of them
        command.make_parser(context).parse_args(list(rest))


@pytest.mark.parametrize("line", [line for line in LINES if any(line.startswith(each) for each in HARMLESS)])
def test_a_harmless_command_does_what_it_is_printed_for(durham_app, repository, monkeypatch, line):
    monkeypatch.chdir(repository)
    if line.startswith("db "):
        pytest.skip("alembic's own: tests/commands/test_db.py")
    if "seal" not in line:
        durham_app.test_cli_runner().invoke(args=["audit", "seal"])
    said = ["--made-up"] if line.startswith("feed import") else []  # in a demonstration, which the documents are not
    arguments = [OF_THIS_DEMONSTRATION.get(each, each) for each in shlex.split(line)] + said
    done = durham_app.test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 0 or line.startswith(MAY_FIND), done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_every_command_of_a_timetable_stands_in_the_documents(app):
    """What a council needs every day is printed somewhere."""
    named = {" ".join(line.split()[:2]) for line in LINES}
    assert {
        "feed check", "feed import", "payments calculate", "payments finalise", "audit head", "audit verify",
        "db upgrade", "mail deliver", "users employ", "vault rotate",
    } <= named  # fmt: skip
    assert {"verify", "worker"} <= {line.split()[0] for line in LINES}
