"""The nearest place in a stretch of text and what differs there."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_service.answering.quote_diff import find_nearest
from qa_service.answering.word_borders import cuts_word

STRETCH = (
    "Astana hosted the forum. Trade with China reached a record high of $94.8 billion in 2024, and the ministers did "
    "not expect it to fall. 炼厂的现\n\n代化改造已经完成，并投入使用。 Nothing more was said about it."
)
TEXT = st.text(st.one_of(st.sampled_from("abc 1.，中国"), st.characters(exclude_categories=["Cs"])), max_size=300)


def differing(quote: str) -> list[tuple[str, str, str]]:
    nearest = find_nearest(quote, STRETCH)
    assert nearest is not None
    return [(change.op, change.quote, change.document) for change in nearest.changes if change.op != "equal"]


@pytest.mark.parametrize(
    ("quote", "changes"),
    [
        ("a record high of 94.8 billion", [("insert", "", "$")]),
        ("a record high of $95.4 billion", [("replace", "95.4", "94.8")]),
        ("the ministers did expect it to fall", [("insert", "", "not ")]),
        ("the ministers did not at all expect it", [("delete", "at all ", "")]),
        ("炼厂的现代化改造没有完成", [("replace", "没有", "已经")]),
        ("Trade  with China reached", []),
    ],
)
def test_the_changes_are_what_a_reader_would_mark(quote: str, changes: list[tuple[str, str, str]]) -> None:
    assert differing(quote) == changes


@given(TEXT, TEXT)
@example("1", "000000000000 0")
def test_changes_cover_the_quote_and_the_place(quote: str, stretch: str) -> None:
    nearest = find_nearest(quote, stretch)
    if nearest is not None:
        assert 0 <= nearest.similarity <= 1
        assert "".join(change.quote for change in nearest.changes) == quote
        assert "".join(change.document for change in nearest.changes) == stretch[nearest.start : nearest.end]
        for change in nearest.changes:
            assert change.quote or change.document
            assert (change.op == "insert") == (change.op != "equal" and not change.quote)


@pytest.mark.parametrize("length", [150, 1_000, 9_000])
def test_a_long_quote_is_found_inside_a_long_stretch(length: int) -> None:
    text = " ".join(f"word{i * 7919 % 10_007}" for i in range(3_000))
    start = text.index(" ", 5_000) + 1
    end = text.index(" ", start + length)
    quote = text[start:end]
    middle = quote.index(" ", length // 2)
    nearest = find_nearest(quote[:middle] + " inserted" + quote[middle:], text)
    assert nearest is not None
    assert (nearest.start, nearest.end) == (start, end)
    assert "".join(change.quote for change in nearest.changes if change.op == "delete").strip() == "inserted"


@pytest.mark.parametrize(
    ("text", "part", "cut"),
    [
        ("94.8 billion", "4.8 billion", True),
        ("94.8 billion", "94", True),
        ("94.8 billion", "94.8", False),
        ("they can't", "they can", True),
        ("non-stop", "stop", True),
        ("at -5 degrees", "5 degrees", True),
        ("（5人）", "5", False),
        ("中国与中亚", "国与", False),
        ("“Astana”", "Astana", False),
        ("cafe\u0301", "cafe", True),
        ("сауда\u00adгер", "сауда", True),
        ("Kazakhstan", "Kazakh", True),
        ("ประเทศไทย", "ประเทศ", False),
    ],
)
def test_a_cut_word_is_known(text: str, part: str, cut: bool) -> None:
    start = text.index(part)
    assert cuts_word(text, start, start + len(part)) == cut


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("shipped 861,000 tonnes", "The region shipped 860,000 tonnes abroad."),
        ("创造1250个就业岗位", "工厂将创造1150个就业岗位。"),
        ("总投资6.5亿美元", "总投资6.4亿美元。"),
    ],
)
def test_a_short_quote_with_another_number_is_near_and_the_number_stands_out_whole(quote: str, text: str) -> None:
    nearest = find_nearest(quote, text)
    assert nearest is not None
    assert 0.8 < nearest.similarity < 1
    assert len([change for change in nearest.changes if change.op != "equal"]) == 1
