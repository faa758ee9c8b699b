"""Which words a text has: what a Sight finds of what was read."""

import re
import sys

from hypothesis import given
from hypothesis import strategies as some

from models.sight import MOST_SIGNS, words_in


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
