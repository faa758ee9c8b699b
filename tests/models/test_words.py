import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import words
from models.words import folded, is_found

LETTERS = "'’-. %_AbŁłøØßẞæıİŵÉé\u0301\u00ad\u200b\u202e\u00a0½ﬁ"
texts = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(LETTERS)), max_size=40)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Tŷ’r Ŵyn", "tyr wyn"),
        ("Świątkowski", "swiatkowski"),
        ("Łoś", "los"),
        ("GWENLLIAN", "gwenllian"),
        ("Marie  O'Brien ", "marie obrien"),
        *((name, "obrien") for name in ("O'Brien", "O’Brien", "O‘Brien", "OʼBrien", "O`Brien", "O´Brien", "OBrien")),
        ("Smith-Jones", "smith jones"),
        ("Smith\u2011Jones – Ward", "smith jones ward"),
        ("Strauß STRAUẞ", "strauss strauss"),
        ("Bjørn Đặng Æthelred Œuvre Þór Sigurðsson", "bjorn dang aethelred oeuvre thor sigurdsson"),
        ("İpek ısı", "ipek isi"),
        ("Zoë, Zoe\u0308", "zoe zoe"),
        ("Wren & Fielding (J.R.) Co.; 1/2", "wren and fielding j r co 1 2"),
        ("soft\u00adhyphen zero\u200bwidth \u202emarked\u202c", "softhyphen zerowidth marked"),
        ("“Oak” «House»", "oak house"),
        ("Ｏａｋ\u00a0Ⅳ", "oak iv"),
        ("100% of_it", "100% of_it"),
        ("’", ""),
        ("", ""),
    ],
)
def test_a_name_is_folded_to_what_somebody_types(written, typed):
    assert folded(written) == typed


@given(texts)
def test_what_is_folded_is_folded_once(text):
    assert folded(folded(text)) == folded(text)


@given(texts, texts)
def test_a_text_is_found_by_itself_however_its_accents_are_written(text, other):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert is_found(unicodedata.normalize(form, text), other, text)


def test_words_are_found_in_any_order_and_each_somewhere():
    assert is_found("obrien  MARIE", "Marie", "O’Brien")
    assert not is_found("marie oneill", "Marie", "O’Brien")
    assert is_found(" ", "Marie")


def test_a_long_text_is_folded_a_character_at_a_time(monkeypatch):
    """To normalise many accents on one letter takes time by the square of their number."""
    seen, normalize = [], unicodedata.normalize
    monkeypatch.setattr(unicodedata, "normalize", lambda form, text: seen.append(len(text)) or normalize(form, text))
    words._plain.cache_clear()
    assert folded("a" + "\u0301\u0316" * 5_000) == "a"
    assert folded("Ŵ" * 10_000) == "w" * 10_000
    assert set(seen) == {1}
