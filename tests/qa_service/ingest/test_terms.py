"""One word, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.ingest.terms import STEM, grams, make_terms, spellings


@pytest.mark.parametrize(
    "spellings",
    [
        ["漢語國際論壇", "汉语国际论坛"],
        ["Қазақстан", "Qazaqstan", "QAZAQSTAN", "қазақстан"],
        ["Ўзбекистон", "Oʻzbekiston", "O'zbekiston", "O‘zbekiston", "O’zbekiston"],
        ["São Tomé", "Sao Tome"],
        ["Кабар", "Kabar"],
        ["Тоқаев", "Токаев", "Toqaev", "Tokaev"],
        ["шаңырақ", "shanyrak", "şañyraq"],
        ["ＡＳＴＡＮＡ", "Astana"],
    ],
)
def test_one_word_in_several_spellings_is_one_term(spellings: list[str]) -> None:
    assert len({make_terms(spelling).words for spelling in spellings}) == 1
    assert len({make_terms(spelling).folded for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("2024", "2024"),
        ("２０２４", "2024"),
        ("٢٠٢٤", "2024"),
        ("२०२४", "2024"),
        ("二〇二四年", "2024"),
        ("1,234,567", "1234567"),
        ("1 234 567", "1234567"),
        ("1\u202f234\u202f567", "1234567"),
        ("1.234.567", "1234567"),
        ("1'234", "1234"),
        ("94.8", "94d8"),
        ("94,8", "94d8"),
        ("12,345.67", "12345d67"),
        ("12.345,67", "12345d67"),
    ],
)
def test_one_number_in_several_digit_forms_is_one_term(written: str, number: str) -> None:
    assert number in make_terms(written).words
    assert f" {number} " in grams(make_terms(f"in {written} they"))


def test_numbers_beside_each_other_stay_apart() -> None:
    assert make_terms("2024 500").words == ("2024", "500")
    assert make_terms("94.8 95.4").words == ("94d8", "95d4")
    assert "94" not in make_terms("94.8").words


def test_words_count_by_their_first_letters() -> None:
    assert make_terms("ынтымақтастығының").words == make_terms("ынтымақтастық").words
    assert all(len(word) <= STEM for word in make_terms("international cooperation").words)


def test_han_is_cut_into_pairs() -> None:
    assert make_terms("中亚媒体 forum").words == ("中亚", "亚媒", "媒体", "forum")
    assert {"中亚", "亚媒", "媒体"} <= grams(make_terms("中亚媒体"))


def test_names_in_two_scripts_share_pieces() -> None:
    shared = grams(make_terms("Мирзиёев")) & grams(make_terms("Mirziyoyev"))
    assert len(shared) >= 3
    assert not grams(make_terms("Мирзиёев")) & grams(make_terms("Xi Jinping"))


@given(st.text())
def test_any_text_has_terms(text: str) -> None:
    terms = make_terms(text)
    assert all(word and not any(map(str.isspace, word)) for word in terms.words)
    assert terms.folded.startswith(" ")
    assert terms.folded.endswith(" ")
    assert all(gram in terms.folded for gram in grams(terms))
    assert '"' not in terms.folded


@given(st.text())
def test_every_word_has_a_spelling(text: str) -> None:
    assert set(spellings(text)) == set(make_terms(text).words)


def test_a_word_is_spelled_as_the_text_spells_it() -> None:
    assert spellings("Қазақстанның 94,8 中亚 薴国") == {
        **{"kazaks": "қазақстанның", "94d8": "94,8"},
        **{word: word for word in make_terms("中亚 薴国").words},
    }
