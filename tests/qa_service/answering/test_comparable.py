"""What may differ between a quote and its source, and what may not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.answering.comparable import make_comparable

MIXED = st.text(
    st.one_of(
        st.sampled_from(
            "aZé1٣94.8,，。—-–“”\"'’ \n\t\u00a0\u3000中国国國かｶﾞ각한ңқне😀👍🏽\u200b\u00ad\u0301\u0308…()%$"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)


def form(text: str) -> str:
    return make_comparable(text).text


@pytest.mark.parametrize(
    ("quote", "source"),
    [
        ('"Hello," he said - twice', "“Hello,” he said — twice"),
        ("the  end\nof the road", "the end of the road"),
        ("中国 与\n\n中亚", "中国与中亚"),
        ("2024 年，中国 GDP", "2024年,中国GDP"),
        ("中国, 俄罗斯", "中国，俄罗斯"),
        ("在2024年。", "在２０２４年．"),
        ("現代化建設", "现代化建设"),
        ("それは テスト です。", "それはテストです｡"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("９４．８％", "94.8%"),
        ("１，０００", "1,000"),
        ("3：2", "3:2"),
        ("naïve", "nai\u0308ve"),
        ("각", "\u1100\u1161\u11a8"),
        ("fran\u00adcais \u200bx", "francais x"),
        ("\u202bقال، نعم؟\u202c", "قال, نعم?"),
        ("«Тест» — это", '"Тест" - это'),
        ("wait...", "wait…"),
        ("中国……", "中国…"),
        ("——好", "—好"),
        ("COVID–19", "COVID-19"),
        ("in 2024， the", "in 2024, the"),
        ("o‘zbek", "oʻzbek"),
        ("1\u00a0234", "1 234"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_what_typesetting_changes_is_the_same(quote: str, source: str) -> None:
    assert quote != source
    assert form(quote) == form(source)


@pytest.mark.parametrize(
    ("quote", "source"),
    [
        *(("94.8", other) for other in ("95.4", "94,8", "948", "9 4.8", "94 .8", "94. 8", "94。8", "-94.8", "94.80")),
        *(("1,000", other) for other in ("1.000", "1000", "1, 000", "1，000", "1 000")),
        *(("2016–2024", other) for other in ("2016-2024", "20162024", "2016 2024")),
        *(("-5", other) for other in ("5", "- 5", "—5")),
        ("10²", "102"),
        ("½", "1⁄2"),
        ("5%", "5 %"),
        ("5%", "5‰"),
        ("٣", "3"),
        ("about .5", "about 5"),
        ("about .5", "about. 5"),
        ("now here", "nowhere"),
        ("한국 어", "한국어"),
        ("Astana", "astana"),
        ("Токаев", "Токаева"),
        ("қ", "к"),
        ("ё", "е"),
        ("resume", "résumé"),
        ("一、二", "一，二"),
        ("is", "is not"),
        ("can't", "cant"),
        ("a, b", "a b"),
        ("really?", "really!"),
    ],
)
def test_what_changes_a_word_or_a_number_is_not_the_same(quote: str, source: str) -> None:
    assert form(quote) != form(source)


@given(MIXED)
def test_each_character_of_the_form_knows_where_it_stands(text: str) -> None:
    made = make_comparable(text)
    assert len(made.text) == len(made.starts) == len(made.ends)
    spans = list(zip(made.starts.tolist(), made.ends.tolist(), strict=True))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@given(MIXED)
def test_the_form_of_nfc_and_of_nfd_is_the_same(text: str) -> None:
    assert form(text) == form(unicodedata.normalize("NFC", text))


@given(MIXED, st.sampled_from(["\u200b", "\u00ad", "\u2060", "\u200e", "\ufeff"]))
def test_invisible_characters_count_nowhere(text: str, invisible: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    if not any(unicodedata.combining(character) for character in composed):
        assert form(invisible.join(composed)) == form(composed)
