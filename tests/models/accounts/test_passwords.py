import pytest

from models.accounts.passwords import made_up, problem_with, rules
from models.base import DomainError
from tests.factories import PASSWORD, make_user


@pytest.mark.covers("S4-042", "S4-043", "S4-044", "S4-045")
@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("aB3$efgh", "at least 9 characters"),
        ("aB3$efghj", None),
        ("ab3$efghj", "upper-case"),
        ("AB3$EFGHJ", "lower-case"),
        ("aBc$efghj", "numbers"),
        ("aB3defghj", "symbols"),
        ("aB3 efghj", None),
        ("Ŵyth-ŷd-7-gwin", None),
        ("Password-123", "easy to guess"),
        ("P@ssw0rd!23", "easy to guess"),
        ("Durham-2024", "easy to guess"),
        ("Aa1-Aa1-Aa1-", "easy to guess"),
        ("Otters-4-" + "quiet kettle " * 30, None),
    ],
)
def test_the_rules_of_the_guide(password, words):
    problem = problem_with(password)
    assert problem is None if words is None else words in problem


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("aB3$efghj", "at least 15 characters"),
        ("green kettle on", None),
        ("green kettle o", "at least 15 characters"),
        ("password password", "easy to guess"),
    ],
)
def test_where_the_council_wants_long_ones_the_kinds_of_character_do_not_matter(policy, password, words):
    policy(long_passwords=True)
    problem = problem_with(password)
    assert problem is None if words is None else words in problem
    assert "at least 15 characters" in rules()[0]


def test_name_and_address_do_not_make_a_password(database):
    user = make_user(name="Gwenllïan Prydderch", email="toast@carers.example")
    assert "your name" in user.problem_with_password("Prydderch-77-x")
    assert "your name" in user.problem_with_password("My-Toast-77-x")
    assert "different from your current" in user.problem_with_password(PASSWORD)


def test_one_that_the_system_makes_up_keeps_both_policies_and_never_comes_twice(policy):
    made = [made_up() for _ in range(300)]
    assert len(set(made)) == 300
    assert not [each for each in made if problem_with(each)]
    assert min(map(len, made)) >= 16
    assert not [each for each in made if set(each) & set("0O1lI")]
    policy(long_passwords=True)
    assert not [each for each in made if problem_with(each)]


@pytest.mark.postgres
def test_a_password_that_breaks_a_rule_changes_nothing(database):
    user = make_user()
    before = user.password_hash
    with pytest.raises(DomainError, match="at least 9"):
        user.set_password("short")
    assert user.password_hash == before
