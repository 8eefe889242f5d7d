"""What a document says of itself, and what its manifest says of it, which comes first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.errors import BadFile
from qa_service.ingest.describe import describe
from qa_service.ingest.language import detect_language
from tests.qa_service.ingest.texts import any_texts, seed


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Astana, 2025-06-14 07:22", "2025-06-14"),
        ("2025年6月14日电", "2025-06-14"),
        ("2025 年 06 月 14 日", "2025-06-14"),
        ("on 24 October 2016 at noon", "2016-10-24"),
        ("on OCTOBER 24, 2016", "2016-10-24"),
        ("2025-13-45, then 2024-02-29", "2024-02-29"),
        ("published 1 May 2020, revised 2021-01-01", "2020-05-01"),
        ("in May 2020", None),
        ("call 555-2025-06-141", None),
        ("x" * 900 + " 2025-06-14", None),
        ("", None),
    ],
)
def test_the_first_date_of_the_head_is_the_date(text: str, date: str | None) -> None:
    metadata, origins = describe("file.txt", text, {})
    assert metadata.date == date
    assert origins.get("date") == ("text" if date else None)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("\n\n  A forum  begins \r\nText", "A forum begins"),
        (" date 2025-05-29 Media forum", "Media forum"),
        ("***\n2025\n媒体合作论坛\n", "媒体合作论坛"),
        ("12 34\n", "file.txt"),
        ("Author: Ministry of Culture\nTitle: Budget of museums\nDate: 2024\n", "Budget of museums"),
        ("标题：博物馆\n作者：李娜\n", "博物馆"),
        ("", "file.txt"),
    ],
)
def test_the_title_is_the_first_line_with_a_letter(text: str, title: str) -> None:
    metadata, origins = describe("file.txt", text, {})
    assert metadata.title == title
    assert origins["title"] == ("file name" if title == "file.txt" else "text")


def test_a_day_in_a_row_of_a_table_is_not_that_of_the_table() -> None:
    metadata, _ = describe("prices.csv", "Day | Price\n2024-05-01 | 17\n", {}, is_dated=False)
    assert metadata.date is None


def test_control_characters_are_no_part_of_a_value() -> None:
    metadata, _ = describe("file.txt", "A text.", {"title": "A\nB\x07\x1b[1m"})
    assert metadata.title == "A B [1m"


@pytest.mark.parametrize("line", ["word " * 100, "媒" * 500])
def test_a_long_title_is_cut(line: str) -> None:
    title = describe("file.txt", line, {})[0].title
    assert len(title) <= 200
    assert title.endswith("…")
    assert line.startswith(title.rstrip("…"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The forum opened in Astana this week with many guests.", "en"),
        ("媒体合作论坛本周开幕，许多国家的代表出席了会议。", "zh-Hans"),
        ("媒體合作論壇本週開幕，許多國家的代表出席了會議。", "zh-Hant"),
        ("中文", "zh"),
        ("Форум открылся в Астане на этой неделе, гостей было много.", "ru"),
        ("Форум осы аптада Астанада ашылды, қонақтар өте көп болды.", "kk"),
        ("12 34 …", "und"),
    ],
)
def test_the_language_is_detected(text: str, language: str) -> None:
    metadata, origins = describe("file.txt", text, {})
    assert (metadata.language, origins["language"]) == (language, "detected")


def test_what_is_given_comes_first() -> None:
    given = {
        "title": " My\n title ",
        "source": "S",
        "author": "A",
        "date": "2020-01",
        "url": "https://example.org/a",
        "language": "zh-Hant",
    }
    metadata, origins = describe("file.txt", "Other title\n2025-06-14", given)
    assert (metadata.title, metadata.source, metadata.author) == ("My title", "S", "A")
    assert (metadata.date, metadata.url, metadata.language) == ("2020-01", "https://example.org/a", "zh-Hant")
    assert origins == dict.fromkeys(given, "given")


def test_what_is_given_blank_is_not_given() -> None:
    metadata, origins = describe("file.txt", "A title of 2025-06-14", {"title": " ", "date": "", "source": "\n"})
    assert (metadata.title, metadata.date, metadata.source) == ("A title of 2025-06-14", "2025-06-14", None)
    assert "given" not in origins.values()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "14.06.2025"),
        ("date", "2025-6-14"),
        ("date", "2025-02-30"),
        ("date", "2025-13"),
        ("date", "0000"),
        ("date", "٢٠٢٥"),
        ("date", "2025-06-14T07:22"),
        ("language", "English"),
        ("language", "e"),
        ("language", "zh_CN"),
        ("url", "javascript:alert(1)"),
        ("url", "example.org"),
        ("url", "http://x y"),
        ("url", "http://[::1"),
        ("url", "ftp://example.org"),
        ("title", "x" * 2_001),
        ("source", "half \ud800"),
        ("author", "nul\0"),
    ],
)
def test_a_given_value_that_cannot_be_one_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(BadFile, match=rf"file\.txt: the given {field} ") as caught:
        describe("file.txt", "Text.", {field: value})
    assert str(caught.value).encode()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("tag", "language"), [("EN-us", "en-US"), ("ZH-hant", "zh-Hant"), ("kk", "kk"), ("es-419", "es-419"), ("kaz", "kk")]
)
def test_a_given_language_is_taken_in_any_case_and_kept_in_the_usual_one(tag: str, language: str) -> None:
    assert describe("file.txt", "Text.", {"language": tag})[0].language == language


def test_an_address_with_white_space_is_none_where_the_file_says_it() -> None:
    assert describe("file.txt", "Text.", {}, own={"url": ("http://x y", "html")})[0].url is None


@settings(max_examples=200, deadline=None)
@given(any_texts(), st.booleans())
def test_any_text_can_be_described(text: str, repeated: bool) -> None:
    metadata, origins = describe("file.txt", text * (50 if repeated else 1), {})
    assert metadata.title
    assert len(metadata.title) <= 200
    assert {"title", "language"} <= origins.keys()
    assert detect_language(text, default="xx")


@pytest.mark.parametrize(
    ("number", "title", "date", "language"),
    [
        ("000", "Media forum “Central Asia – China” 2025 begins in Astana", "2025-05-29", "en"),
        ("001", "2025 中国—中亚媒体合作论坛", None, "zh-Hans"),
        (
            "002",
            "Kazinform General Director: Kazakhstan and China humanitarian cooperation makes progress",
            "2016-10-24",
            "en",
        ),
        ("003", "C. Asia ties to get new boost", "2025-06-14", "en"),
    ],
)
def test_the_seeds_describe_themselves(number: str, title: str, date: str | None, language: str) -> None:
    metadata = seed(number)[0].metadata
    assert (metadata.title, metadata.date, metadata.language) == (title, date, language)


@pytest.mark.parametrize(
    ("head", "source", "date"),
    [
        ("Источник: Вестник Семиречья\nДата: 2024-03-14", "Вестник Семиречья", "2024-03-14"),
        ("Date: 2024-03-14\nSource: Lepsi News", "Lepsi News", "2024-03-14"),
        ("来源：丝路晨报\n日期：2024年3月14日", "丝路晨报", "2024-03-14"),
    ],
)
def test_a_title_stands_below_what_states_source_and_date(head: str, source: str, date: str) -> None:
    text = f"{head}\n\nLepsi bakery opens\n\nThe bakery in Lepsi opened its doors to the public on Monday morning.\n"
    said, _ = describe("file.txt", text, {})
    assert (said.title, said.source, said.date) == ("Lepsi bakery opens", source, date)
