"""The catalogue of the audit knows every action that the code records."""

import ast
import re

import pytest

from models.auditing.words import ACTIONS, words_of
from tests.meta.test_architecture import CODE, each_file, tree_of

WHAT_TO_DO = "add it to models/auditing/words.py, in the group where an auditor would look, with words for people"


def recorded(path):
    """The action of every record(...) in the file, as a pattern: whatever an f-string fills in may be anything."""
    for node in ast.walk(tree_of(path)):
        if (
            isinstance(node, ast.Call)
            and _name(node.func) in ("record", "record_now", "record_marked", "tally")
            and node.args
        ):
            yield node.lineno, _pattern(node.args[0], constants(path))


def _name(called):
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def constants(path):
    """What names of the module stand for."""
    return {
        node.targets[0].id: node.value
        for node in tree_of(path).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _pattern(action, known):
    if isinstance(action, ast.Name):
        action = known.get(action.id, action)
    if isinstance(action, ast.Constant):
        return re.escape(action.value)
    if isinstance(action, ast.JoinedStr):
        parts = (re.escape(each.value) if isinstance(each, ast.Constant) else r"\w+" for each in action.values)
        return "".join(parts)
    pytest.fail(f"line {action.lineno}: write the action as text where it is recorded, or as a constant of the module")


CALLERS = [path for path in CODE if path.name != "tally.py"]
"""models/tally.py records what its callers name."""


@each_file(CALLERS)
def test_every_action_that_is_recorded_is_in_the_catalogue(path):
    for line, pattern in recorded(path):
        assert any(re.fullmatch(pattern, name) for name in ACTIONS), f"line {line}, {pattern}: {WHAT_TO_DO}"


def test_every_action_in_the_catalogue_is_recorded_somewhere():
    patterns = [pattern for path in CALLERS for _, pattern in recorded(path)]
    assert not [name for name in ACTIONS if not any(re.fullmatch(pattern, name) for pattern in patterns)]


def test_an_action_reads_on_after_a_name():
    for action in ACTIONS.values():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", action.name)
        assert re.match(r"[a-z]", action.words), action
        assert not action.words.endswith("."), action
    assert words_of("gone.long_ago") == "gone.long_ago"
