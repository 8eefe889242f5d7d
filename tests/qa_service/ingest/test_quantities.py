"""One value is one value, whatever the language's digits, separators, millions and months."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.ingest.quantities import Date, Percent, Value, are_same, is_rounded, quantities


def values(text: str, language: str) -> list[Value]:
    return [each.value for each in quantities(text, language)]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("a record 94.8 billion dollars", "en", Decimal("94.8e9")),
        ("достиг 94,8 млрд долларов", "ru", Decimal("94.8e9")),
        ("достиг 94,8 миллиарда долларов", "ru", Decimal("94.8e9")),
        ("94,8 миллиард долларға жетті", "kk", Decimal("94.8e9")),
        ("达到948亿美元", "zh", Decimal("94.8e9")),
        ("達到948億美元", "zh-Hant", Decimal("94.8e9")),
        ("2024-yil 18-may kuni ochiladi", "uz", Date(2024, 5, 18)),
        ("94,8 mlrd dollar", "uz", Decimal("94.8e9")),
        ("94,8 milyar dolar", "tr", Decimal("94.8e9")),
        ("640,000 tonnes", "en", Decimal(640_000)),
        ("640 000 тонн", "ru", Decimal(640_000)),
        ("640 тысяч тонн", "ru", Decimal(640_000)),
        ("1.234.567 Menschen", "de", Decimal(1_234_567)),
        ("1,234,567.5", "en", Decimal("1234567.5")),
        ("1.234,5", "de", Decimal("1234.5")),
        ("３５０人", "zh", Decimal(350)),
        ("٣٫٥ مليون", "ar", Decimal("3.5e6")),
        ("22.3万公顷", "zh", Decimal(223_000)),
        ("17%", "en", Percent(Decimal(17))),
        ("2,9 процента", "ru", Percent(Decimal("2.9"))),
        ("百分之17", "zh", Percent(Decimal(17))),
        ("in 2024", "en", Date(2024, None, None)),
        ("2024年", "zh", Date(2024, None, None)),
        ("June 14, 2025", "en", Date(2025, 6, 14)),
        ("the 14th of June 2025", "en", Date(2025, 6, 14)),
        ("2025-06-14", "en", Date(2025, 6, 14)),
        ("14 июня 2025 года", "ru", Date(2025, 6, 14)),
        ("2025 жылғы 14 маусымда", "kk", Date(2025, 6, 14)),
        ("2025年6月14日", "zh", Date(2025, 6, 14)),
        ("6月14日", "zh", Date(None, 6, 14)),
        ("in June 2025", "en", Date(2025, 6, None)),
        ("في سنة ١٩٨٠", "ar", Date(1980, None, None)),
        ("20世纪60年代末", "zh", Date(1960, None, None)),
        ("in the late 1960s", "en", Date(1960, None, None)),
    ],
)
def test_a_value_is_read_in_the_way_of_its_language(text: str, language: str, value: Value) -> None:
    assert values(text, language) == [value]


def test_a_quantity_says_where_it_stands() -> None:
    text = "On 14 June 2025 trade was 94.8 billion, up 5 percent."
    assert [text[each.span.start : each.span.end] for each in quantities(text, "en")] == [
        "14 June 2025",
        "94.8 billion",
        "5 percent",
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Decimal("94.80"), Decimal("94.8"), True),
        (Decimal("94.8"), Decimal("95.4"), False),
        (Decimal(5), Percent(Decimal(5)), None),
        (Decimal(2024), Date(2024, None, None), None),
        (Date(2025, 6, 14), Date(None, 6, 14), True),
        (Date(2025, 6, 14), Date(2025, 6, 15), False),
        (Date(2025, None, None), Date(None, 6, 14), None),
    ],
)
def test_values_of_two_kinds_are_neither_the_same_nor_different(one: Value, other: Value, same: bool | None) -> None:
    assert are_same(one, other) is same
    assert are_same(other, one) is same


def test_dates_that_run_into_each_other_are_taken_once() -> None:
    assert values("14 June 2025-06-14", "en") == [Decimal(14), Date(2025, 6, 14)]


@given(st.text(max_size=200), st.sampled_from(["en", "ru", "kk", "zh", "zh-Hant", "ar", "und", "xx-Nope", "tg", "uz"]))
def test_any_text_in_any_language_has_quantities_in_order(text: str, language: str) -> None:
    found = quantities(text, language)
    assert all(0 <= each.span.start < each.span.end <= len(text) for each in found)
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("one", "other", "rounded"),
    [
        ("94.8e9", "95e9", True),
        ("45.8e6", "46e6", True),
        ("5.9", "6", True),
        ("505", "500", True),
        ("530", "500", False),
        ("110", "100", False),
        ("220", "200", False),
        ("18.2e9", "20e9", False),
        ("32", "30", False),
        ("120", "100", False),
        ("1.4e6", "1e6", False),
        ("95.4", "94.8", False),
        ("94.8", "94.8", False),
        ("0", "5", False),
    ],
)
def test_a_rounded_number_is_told_from_another(one: str, other: str, rounded: bool) -> None:
    for a, b in ((one, other), (other, one)):
        assert is_rounded(Decimal(a), Decimal(b)) is rounded
        assert is_rounded(Percent(Decimal(a)), Percent(Decimal(b))) is rounded
        assert not is_rounded(Decimal(a), Percent(Decimal(b)))
    assert not is_rounded(Date(2024, None, None), Date(2024, 5, None))
