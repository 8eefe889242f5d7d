"""References by GB/T 7714-2015, whatever is known of a document."""

import pytest
from hypothesis import given

from qa_service.answering.export.gbt7714 import reference, write_gbt7714
from qa_service.records import Metadata
from tests.qa_service.answering.recorded import citation, record, texts

URL = "https://example.org/a"


@pytest.mark.parametrize(
    ("author", "source", "date", "url", "expected"),
    [
        (None, None, None, None, "题名[Z]."),
        ("张三", None, None, None, "张三. 题名[Z]."),
        (None, "中国日报", None, None, "题名[Z]. 中国日报."),
        (None, None, "2025", None, "题名[Z]. 2025."),
        ("张三", "中国日报", "2025-06", None, "张三. 题名[Z]. 中国日报, 2025-06."),
        (None, None, None, URL, f"题名[EB/OL]. [2026-11-22]. {URL}."),
        ("张三", None, "2025-06-14", URL, f"张三. 题名[EB/OL]. (2025-06-14)[2026-11-22]. {URL}."),
        ("张三", "新华网", None, URL, f"张三. 题名[EB/OL]. 新华网[2026-11-22]. {URL}."),
        (None, "新华网", "2025", URL, f"题名[EB/OL]. 新华网, 2025[2026-11-22]. {URL}."),
        ("张三", "中国日报", "2025-06-14", None, "张三. 题名[N]. 中国日报, 2025-06-14."),
        (None, "中国日报", "2025-06-14", URL, f"题名[N/OL]. 中国日报, 2025-06-14[2026-11-22]. {URL}."),
    ],
)
def test_the_type_is_chosen_by_what_is_known(
    author: str | None, source: str | None, date: str | None, url: str | None, expected: str
) -> None:
    assert reference(Metadata("题名", source, author, date, url, "zh"), "2026-11-22") == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            Metadata("C. Asia ties to get new boost", "China Daily", "Zhou Jin", "2025-06-14", None, "en"),
            "Zhou Jin. C. Asia ties to get new boost[N]. China Daily, 2025-06-14.",
        ),
        (
            Metadata("Форум начался", "Кабар", "Иванов И.", "2025-05-29", URL, "ru"),
            f"Иванов И. Форум начался[N/OL]. Кабар, 2025-05-29[2026-11-22]. {URL}.",
        ),
        (Metadata("Форум басталды", None, None, "2025", None, "kk"), "Форум басталды[Z]. 2025."),
        (Metadata("بدء المنتدى", None, None, None, URL, "ar"), f"بدء المنتدى[EB/OL]. [2026-11-22]. {URL}."),
    ],
)
def test_texts_stay_in_their_script(metadata: Metadata, expected: str) -> None:
    assert reference(metadata, "2026-11-22") == expected


@pytest.mark.parametrize(
    ("author", "language", "expected"),
    [
        ("张三、李四；王五", "zh", "张三, 李四, 王五. T[Z]."),
        ("张三、李四、王五、赵六", "zh-Hans", "张三, 李四, 王五, 等. T[Z]."),
        ("A B; C D; E F; G H", "en", "A B, C D, E F, et al. T[Z]."),
        ("А Б; В Г; Д Е; Ж З", "ru", "А Б, В Г, Д Е, и др. T[Z]."),
        ("Zhou, Jin", "en", "Zhou, Jin. T[Z]."),
        ("...", "en", ".... T[Z]."),
        (" ; ", "en", ";. T[Z]."),
    ],
)
def test_at_most_three_authors_are_named(author: str, language: str, expected: str) -> None:
    assert reference(Metadata("T", None, author, None, None, language), "2026-11-22") == expected


def test_the_numbers_are_those_of_the_answer() -> None:
    made = record(citation(1, title="One"), citation(2, title="Two", document=2), citation(3, title="One"))
    assert write_gbt7714(made) == "[1] One[Z].\n[2] Two[Z].\n[3] One[Z].\n"


def test_a_refusal_has_no_reference() -> None:
    assert write_gbt7714(record(language="zh")) == "这些文档中没有这个问题的答案。\n"


@given(texts, texts, texts)
def test_a_document_never_makes_a_second_line(title: str, author: str, source: str) -> None:
    made = record(citation(title=title, author=author, source=source, date="2025-06-14", url="https://a\n[2] b"))
    written = write_gbt7714(made)
    assert written.endswith("\n")
    assert len(written.splitlines()) == 1
