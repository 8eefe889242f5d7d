"""Author, source and address: read where a line states them, and not where one only looks like it."""

import pytest
from hypothesis import given, settings

from qa_service.ingest.bylines import Byline, find_byline, is_statement
from tests.qa_service.ingest.texts import any_texts, seed

BODY = "The members met on Monday and agreed on a plan for the year, which is to be carried out by spring. " * 4
NOTHING = Byline(None, None, None)


def article(line: str) -> str:
    return f"A headline of the day\n\n{line}\n\n{BODY}\n\n{BODY}\n"


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("By Zhou Jin", "Zhou Jin"),
        ("By ZHOU JIN in Astana | Updated", None),
        ("By Zhou Jin | China Daily | Updated: 2025-06-14 07:22", "Zhou Jin"),
        ("By Anna Weber and J. P. O’Neill, Reuters", "Anna Weber and J. P. O’Neill"),
        ("Written by Jean-Luc Picard", "Jean-Luc Picard"),
        ("Author: Anna Weber", "Anna Weber"),
        ("2024年01月05日 08:12 来源：人民日报 作者：张伟", "张伟"),
        ("Автор: Айгүл Сәрсенова", "Айгүл Сәрсенова"),
        ("Текст: Пётр Иванов", "Пётр Иванов"),
        ("Авторы: Пётр Иванов, Анна Ли", "Пётр Иванов, Анна Ли"),
        ("Тілші: Ерлан Ахметов", "Ерлан Ахметов"),
        ("Muallif: Jasur O‘ktamov", "Jasur O‘ktamov"),
        ("本报记者 张三", "张三"),
        ("记者 张三 李四", "张三、李四"),
        ("人民日报记者：王小明", "王小明"),
        ("作者：李娜", "李娜"),
        (
            "新华社北京6月14日电（记者张三、李四）会议于周一举行，与会代表讨论并通过了全年的工作计划，各方表示满意。",
            "张三、李四",
        ),
        ("Anna Weber, Director of the Institute", "Anna Weber"),
        ("中国驻哈萨克斯坦大使 韩春霖", "韩春霖"),
        ("By Monday", None),
        ("By the river", None),
        ("By agreement of both sides", None),
        ("记者从外交部获悉", None),
        ("记者 从 外交部 获悉，会议将于周一举行。", None),
        ("记者会 外交部 发言人", None),
        ("Автор: неизвестен", None),
        ("Автор этой книги Пётр Иванов", None),
        ("Текст: см. приложение", None),
    ],
)
def test_the_author_is_read_from_a_byline(line: str, author: str | None) -> None:
    assert find_byline(article(line)).author == author


@pytest.mark.parametrize(
    ("line", "source", "url"),
    [
        ("Source: Xinhua", "Xinhua", None),
        ("Source: Xinhua | 2025-06-14 | Editor: huaxia", "Xinhua", None),
        ("来源：新华社 作者：张三", "新华社", None),
        ("2024-01-05 来源：中国新闻网", "中国新闻网", None),
        ("2024年01月05日 08:12 来源：人民日报 作者：张伟", "人民日报", None),
        ("05.01.2024 | Источник: ТАСС | Автор: Пётр Смирнов", "ТАСС", None),
        ("来源：人民日报  2025-06-14", "人民日报", None),
        ("稿源：中国日报网", "中国日报网", None),
        ("Источник: ТАСС", "ТАСС", None),
        ("Дереккөз: Казинформ", "Казинформ", None),
        ("Manba: O‘zA", "O‘zA", None),
        ("By Zhou Jin | China Daily | Updated: 2025-06-14", "China Daily", None),
        ("Source: https://example.org/a?b=1", None, "https://example.org/a?b=1"),
        ("URL: https://example.org/news/1.", None, "https://example.org/news/1"),
        ("原文链接：https://example.org/新闻", None, "https://example.org/新闻"),
        ("https://example.org/a", None, "https://example.org/a"),
        ("Source of the river: the mountains", None, None),
        ("Read https://example.org/a for more", None, None),
        ("Sources say that talks will go on: nobody knows for how long", None, None),
        ("Источник сообщил: договор будет подписан", None, None),
    ],
)
def test_source_and_url_are_read_where_a_line_states_them(line: str, source: str | None, url: str | None) -> None:
    found = find_byline(article(line))
    assert (found.source, found.url) == (source, url)


def test_a_title_is_no_byline() -> None:
    assert find_byline(f"By Popular Demand\n\n{BODY}") == NOTHING


def test_several_sources_at_the_end_are_those_of_pictures() -> None:
    assert find_byline(article("x") + BODY * 20 + "\n\n".join(["y"] * 15) + "\n\nSource: Xinhua").source == "Xinhua"
    text = article("x") + "\n\n".join([BODY] * 15) + "\n\nSource: World Bank\n\nSource: IMF"
    assert find_byline(text) == NOTHING


def test_twelve_speakers_are_not_one_author() -> None:
    assert seed("001")[0].metadata.author is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [("000", NOTHING), ("002", NOTHING), ("003", Byline("Zhou Jin", "China Daily", None))],
)
def test_the_seeds(number: str, expected: Byline) -> None:
    metadata = seed(number)[0].metadata
    assert Byline(metadata.author, metadata.source, metadata.url) == expected


@settings(max_examples=200, deadline=None)
@given(any_texts())
def test_any_text_can_be_looked_at(text: str) -> None:
    found = find_byline(text)
    assert all(value is None or value.strip() for value in (found.author, found.source, found.url))


@pytest.mark.parametrize(
    "line", ["Quelle: Küstenbote", "Kaynak: Anadolu Sanat", "المصدر: صدى الموانئ", "Fuente: El País"]
)
def test_a_source_is_read_in_further_languages(line: str) -> None:
    assert find_byline(article(line)).source == line.partition(": ")[2]


@pytest.mark.parametrize(
    ("line", "states"),
    [
        *(("Дата: 2023-09-15", True), ("Источник: Агроновости", True), ("Sana: 2024-05-02", True)),
        *(("Date: 1 July 2024\n", True), ("日期：2025年6月14日", True), ("Datum: 1. Juli 2024", True)),
        *(("The date: it was a long and windy day in March", False), ("Дата открытия моста неизвестна.", False)),
        *(("Date: the mayor said that the bridge would open soon", False), ("Trade grew in 2024.", False)),
    ],
)
def test_lines_that_state_source_or_date_and_nothing_else(line: str, states: bool) -> None:
    assert is_statement(line) == states
