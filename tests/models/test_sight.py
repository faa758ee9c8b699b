"""Which words a text has: what a Sight finds of what was read."""

import re
import sys

from hypothesis import given
from hypothesis import strategies as some

from models.sight import MOST_ROUNDS, MOST_SIGNS, Sight, What, Words, words_in


def _one_by_one(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


@given(some.text(max_size=200))
def test_words_are_those_that_are_found_one_by_one(text):
    assert words_in(text) - {""} == _one_by_one(text)


def test_every_sign_of_every_script_parts_words_or_does_not_as_one_by_one():
    for first in range(0, sys.maxunicode + 1, MOST_SIGNS):
        text = "a".join(map(chr, range(first, min(first + MOST_SIGNS, sys.maxunicode + 1))))
        assert words_in(text) - {""} == _one_by_one(text), first


def test_a_text_of_many_signs_is_read_one_by_one():
    text = "a".join(map(chr, range(0x2000, 0x2000 + MOST_SIGNS + 1)))
    assert words_in(text) == _one_by_one(text)


def test_names_are_found_in_attributes_and_between_signs():
    assert {"Siân", "O", "39", "Neill", "C2000020", "it_is"} <= words_in(
        '<td title="Siân (C2000020)">O&#39;Neill – it_is</td>'
    )


@given(some.text("ab_ß-–<", max_size=60), some.lists(some.text("ab_ß", min_size=1, max_size=4), max_size=12))
def test_each_word_is_found_where_it_stands_by_itself_in_whatever_order(text, asked):
    known, words = _one_by_one(text), Words(text)
    assert [words.has(each) for each in asked] == [each in known for each in asked]


def test_a_word_is_no_part_of_a_longer_one():
    words = Words("C12 C123, C1_2; xC1 C1")
    assert words.has("C1")
    assert not Words("C12 C123, C1_2; xC1").has("C1")
    assert not words.has("2")
    assert words.has("C12")


def test_of_a_text_that_is_looked_through_too_often_all_words_are_made():
    words = Words("one two")
    assert [words.has(f"other{n}") for n in range(MOST_ROUNDS + 3)] == [False] * (MOST_ROUNDS + 3)
    assert [words.has(each) for each in ("two", "one", "on")] == [True, True, False]


def test_of_a_value_every_word_has_to_stand_there_and_one_without_a_word_never_does():
    assert list(Words("O&#39;Neill Siân").among(["O'Neill", "O'Brien", "–", "Siân"])) == ["O'Neill", "Siân"]


def test_names_count_where_no_reference_stands():
    def shown(text):
        read = {What.CLIENT: {"C1": None}, What.NAME: {"Siân": None}, What.CONTACT: {"sian@example.org": None}}
        found = Sight(read).shown_in(text)
        return found.clients, found.contacts

    assert shown("<td>Siân (C1)</td>") == ({"C1"}, set())
    assert shown("<td>Siân</td>") == ({"Siân"}, set())
    assert shown("<td>Nobody, sian at example.org</td>") == (set(), {"sian@example.org"})
