"""The rules of Durham's guide for security codes, and how some digits of one are asked for."""

from itertools import combinations

import pytest

from models.accounts.security_code import SecurityCode, problem_with
from models.base import DomainError
from models.vault import Tampered, seal, unseal, vault_of
from tests.factories import make_user
from tests.support.rows import every, saved, unit_of_work


def is_allowed_by_the_guide(code: int) -> bool:
    """Written from the guide's words by arithmetic, and not as the portal does it: an oracle of its own."""
    digits = [code // 10**power % 10 for power in range(5, -1, -1)]
    if any(digits.count(digit) > 4 for digit in range(10)):
        return False
    for first in range(3):
        a, b, c, d = digits[first : first + 4]
        if (b, c, d) in {(a + 1, a + 2, a + 3), (a - 1, a - 2, a - 3)}:
            return False
    return True


@pytest.mark.covers("S4-048", "S4-049", "S4-051", "S4-052")
def test_of_a_million_codes_exactly_those_are_allowed_that_keep_the_guides_rules():
    allowed = 0
    for code in range(1_000_000):
        is_fine = problem_with(f"{code:06}") is None
        assert is_fine == is_allowed_by_the_guide(code), f"{code:06}"
        allowed += is_fine
    assert allowed == 995_490


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("12345", "exactly 6 digits"),
        ("1234567", "exactly 6 digits"),
        ("12357a", "exactly 6 digits"),
        ("１２３５７８", "exactly 6 digits"),
        (" 12357", "exactly 6 digits"),
        ("123578\n", "exactly 6 digits"),
        ("", "exactly 6 digits"),
        ("111112", "more than 4 times"),
        ("123490", "like 1234 or 4321"),
        ("432190", "like 1234 or 4321"),
        ("123578", None),
        ("111122", None),
        ("987123", None),
        ("112233", None),
        ("789012", None),  # 0 does not follow 9
    ],
)
def test_what_a_code_must_be_is_said_in_words(code, words):
    problem = problem_with(code)
    assert problem is None if words is None else words in problem


@pytest.mark.covers("S4-050")
def test_a_code_differs_from_the_one_before_even_when_the_council_took_that_one_back(database):
    code = theirs()
    code.change("135790")
    with pytest.raises(DomainError, match="different from your previous"):
        code.change("135790")
    code.change("246801")
    with pytest.raises(DomainError, match="different from your previous"):
        code.change("135790")
    code.forget()
    with pytest.raises(DomainError, match="different from your previous"):
        code.change("246801")


@pytest.mark.parametrize("count", [2, 3])
def test_as_many_digits_are_asked_for_as_the_council_says_and_every_choice_comes_up(database, count, policy):
    policy(security_code_positions=count)
    code = theirs()
    code.change("135790")
    seen = set()
    for _ in range(600):
        code.ask_others()
        seen.add(tuple(code.asked))
    assert seen == set(combinations(range(1, 7), count))


def test_the_same_digits_are_asked_for_until_they_are_right(database):
    """Else who knows two digits of the six would wait for those two."""
    code = theirs()
    code.change("135790")
    code.asked = [2, 5]
    assert not code.matches(["3", "8"], code.asked)
    assert not code.matches(["9", "3"], code.asked)
    assert code.asked == [2, 5]
    assert code.matches(["3", "9"], code.asked)


@pytest.mark.parametrize("digits", [[], ["3"], ["3", "9", "0"], ["39", ""], ["", "39"], ["3", "9\n"], ["３", "９"]])
def test_other_than_one_digit_a_field_is_not_right(database, digits):
    code = theirs()
    code.change("135790")
    code.asked = [2, 5]
    assert not code.matches(digits, code.asked)


@pytest.mark.postgres
def test_the_database_does_not_tell_the_code(database, own_portal):
    user = make_user()
    row = SecurityCode(user_id=user.id, sealed=None, previous_sealed=None, asked=[])
    row.change("135790")
    saved(row)
    [kept] = every(SecurityCode.of(user.id))
    assert "135790" not in kept.sealed
    own_portal.change(vault=vault_of(["another key, which is not the one it was sealed under"]))
    with unit_of_work() as session, pytest.raises(Tampered):
        session.scalars(SecurityCode.of(user.id)).one().matches(["1", "3"], [1, 2])


def test_what_is_sealed_for_one_person_does_not_open_for_another():
    sealed = seal("security_code:1", "135790")
    assert unseal("security_code:1", sealed) == "135790"
    with pytest.raises(Tampered):
        unseal("security_code:2", sealed)
    with pytest.raises(Tampered):
        unseal("security_code:1", sealed[:-6] + "AAAAA=")


def theirs() -> SecurityCode:
    return SecurityCode(user_id=make_user().id, sealed=None, previous_sealed=None, asked=[])
