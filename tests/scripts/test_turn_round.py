"""What is turned round. Whether a test notices is what `make campaign` finds out: it takes minutes."""

import pytest

from scripts import turn_round


@pytest.mark.parametrize(
    ("line", "turned"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a <= '£ is' < b", ["a < '£ is' < b", "a > '£ is' < b", "a <= '£ is' <= b", "a <= '£ is' >= b"]),
        ("(a) == (b)", ["(a) != (b)"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = a is None", ["x = a is not None"]),
        ("x = -a + b", ["x = +a + b", "x = -a - b"]),
        ("x -= a", ["x += a"]),
        ("x = max(a, minimum(b))", ["x = min(a, minimum(b))"]),
        ("for x in a: x = not b", []),
        ("x = a % b | c", []),
    ],
)
def test_each_comparison_sign_and_choice_is_turned_by_itself(line, turned):
    found = list(turn_round.turns("some.py", f'"""£"""\nif a:\n    {line}\n'.encode()))
    assert [each.reads for each in found] == turned
    assert all(each.line == 3 for each in found)


def test_the_known_survivors_are_lines_that_the_engine_can_become():
    files = [str(each.relative_to(turn_round.ROOT)) for each in turn_round.ROOT.glob("models/engine/*.py")]
    every = [turn for file in files for turn in turn_round.turns(file, (turn_round.ROOT / file).read_bytes())]
    assert turn_round.known_survivors() <= {(turn.file, turn.reads) for turn in every}
