"""Sections by the shape of the lines: they are found where there are some, and nowhere else."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.ingest.sections import MAX_TITLE, find_sections
from qa_service.records import Section, Span
from tests.qa_service.ingest.texts import any_texts, seed

BODY = {
    "en": "The members met on Monday and agreed on a plan for the year. It is to be carried out by spring. " * 3,
    "zh": "会议于周一举行，与会代表讨论并通过了全年的工作计划。计划将在春季之前完成，各方表示满意。" * 3,
    "ru": "Участники собрались в понедельник и согласовали план на год. Его должны выполнить к весне. " * 3,
    "kk": "Қатысушылар дүйсенбіде жиналып, бір жылдық жоспарды келісті. Ол көктемге дейін орындалуы тиіс. " * 3,
    "uz": "Ishtirokchilar dushanba kuni yig‘ilib, yillik rejani kelishib oldilar. U bahorgacha bajarilishi kerak. " * 3,
}


def text_of(*parts: str, between: str = "\n\n") -> str:
    """Paragraphs; the name of a language stands for running text in it."""
    return between.join(BODY.get(part, part) for part in parts) + "\n"


def told(sections: tuple[Section, ...]) -> list[tuple[int, str, str | None]]:
    return [(each.level, each.title, each.speaker) for each in sections]


def test_the_twelve_speeches_of_a_seed_are_sections() -> None:
    document = seed("001")[0]
    sections = document.sections
    assert len(sections) == 12
    assert {each.level for each in sections} == {1}
    assert sections[0].title == "为推动交流互信搭建桥梁"
    assert sections[0].speaker == "哈萨克斯坦总统广播电视总局总干事 晓姆·卡吉巴耶娃"
    assert sections[6].speaker == "中央广播电视总台亚欧总站站长 王 斌"
    assert sections[-1].title == "展现构建命运共同体的生动实践"
    assert all(document.text[each.span.start :].startswith(each.title) for each in sections)
    assert all(a.span.end == b.span.start for a, b in pairwise(sections))
    assert sections[-1].span.end == len(document.text)


@pytest.mark.parametrize("number", ["000", "002", "003"])
def test_a_news_article_has_no_sections(number: str) -> None:
    assert seed(number)[0].sections == ()


@pytest.mark.parametrize("between", ["\n\n", "\n", "\r\n\r\n"])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            (
                *("Speeches of the forum", "Building trust", "Anna Weber, Director of the Institute", "en", "en"),
                *("A road for all", "Deputy Minister of Culture Yevgeny Kochetov", "en"),
            ),
            [
                (1, "Building trust", "Anna Weber, Director of the Institute"),
                (1, "A road for all", "Deputy Minister of Culture Yevgeny Kochetov"),
            ],
        ),
        (
            ("Мост доверия", "Аида Петрова, министр культуры", "ru", "Общий путь", "Посол Китая Хань Чуньлинь", "ru"),
            [(1, "Мост доверия", "Аида Петрова, министр культуры"), (1, "Общий путь", "Посол Китая Хань Чуньлинь")],
        ),
        (
            ("Айгүл Сәрсенова, институт директоры", "Ортақ жол", "kk", "Ерлан Ахметов, елші", "Сенім көпірі", "kk"),
            [
                (1, "Ортақ жол", "Айгүл Сәрсенова, институт директоры"),
                (1, "Сенім көпірі", "Ерлан Ахметов, елші"),
            ],
        ),
    ],
)
def test_speeches_with_headline_and_speaker(
    parts: tuple[str, ...], expected: list[tuple[int, str, str | None]], between: str
) -> None:
    assert told(find_sections(text_of(*parts, between=between))) == expected


def test_one_headline_with_a_byline_is_an_article_and_no_section() -> None:
    assert find_sections(text_of("A road for all", "Anna Weber, senior correspondent", "en", "en")) == ()


@pytest.mark.parametrize("between", ["\n\n", "\n"])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            ("Report", "1. Introduction", "en", "1.1 Aims", "en", "1.2 Means", "en", "2. Results", "en"),
            [(1, "1. Introduction"), (2, "1.1 Aims"), (2, "1.2 Means"), (1, "2. Results")],
        ),
        (
            ("工作报告", "一、总体情况", "（一）主要成绩", "zh", "（二）存在问题", "zh", "二、下一步安排", "zh"),
            [(1, "一、总体情况"), (2, "（一）主要成绩"), (2, "（二）存在问题"), (1, "二、下一步安排")],
        ),
        (
            ("第一章 总则", "zh", "第一节 范围", "zh", "第二节 原则", "zh", "第二章 附则", "zh"),
            [(1, "第一章 总则"), (2, "第一节 范围"), (2, "第二节 原则"), (1, "第二章 附则")],
        ),
        (
            ("Отчёт", "Глава 1. Введение", "ru", "Глава 2", "Итоги года", "ru"),
            [(1, "Глава 1. Введение"), (1, "Глава 2 Итоги года")],
        ),
        (("I. Цели", "ru", "II. Средства", "ru", "III. Итоги", "ru"), [(1, "I. Цели"), (1, "II. Средства")]),
        (("1-бөлім. Кіріспе", "kk", "2-бөлім. Нәтижелер", "kk"), [(1, "1-бөлім. Кіріспе"), (1, "2-бөлім. Нәтижелер")]),
        (("1-bob. Kirish", "uz", "2-bob. Xulosa", "uz"), [(1, "1-bob. Kirish"), (1, "2-bob. Xulosa")]),
        (("Part I", "Chapter 1 Roots", "en", "Chapter 2 Branches", "en"), [(1, "Part I"), (2, "Chapter 1 Roots")]),
        (
            ("1. Who may come?", "en", "2. What does it cost?", "en"),
            [(1, "1. Who may come?"), (1, "2. What does it cost?")],
        ),
    ],
)
def test_numbered_headings(parts: tuple[str, ...], expected: list[tuple[int, str]], between: str) -> None:
    sections = find_sections(text_of(*parts, between=between))
    assert [(each.level, each.title) for each in sections][: len(expected)] == expected
    assert all(each.speaker is None for each in sections)


def test_unnumbered_headings_between_paragraphs() -> None:
    text = text_of("A long report", "en", "Water and power", "en", "en", "What comes next", "en")
    assert told(find_sections(text)) == [(1, "Water and power", None), (1, "What comes next", None)]


def test_an_interview_is_cut_into_questions_with_their_answers() -> None:
    text = text_of(
        "An evening with Anna",
        *("Reporter: When did it begin?", f"Anna Weber: In spring. {BODY['en']}", "en"),
        *("Reporter: And who paid for it?", f"Anna Weber: We all did. {BODY['en']}"),
    )
    assert told(find_sections(text)) == [
        (1, "When did it begin?", "Anna Weber"),
        (1, "And who paid for it?", "Anna Weber"),
    ]


@pytest.mark.parametrize(
    ("question", "answer", "asked"),
    [("Q", "A", "Who came?"), ("В", "О", "Кто пришёл?"), ("问", "答", "谁来了？"), ("Сұрақ", "Жауап", "Кім келді?")],
)
def test_questions_and_answers(question: str, answer: str, asked: str) -> None:
    lines = [f"{question}: {asked}", f"{answer}: {BODY['ru']}"] * 3
    assert told(find_sections(text_of(*lines))) == [(1, asked, None)] * 3


def test_the_turns_of_a_talk_that_nobody_leads() -> None:
    lines = [f"王伟：{BODY['zh']}", f"李娜：{BODY['zh']}"] * 2
    assert [each.speaker for each in find_sections(text_of(*lines))] == ["王伟", "李娜", "王伟", "李娜"]


def test_headings_of_markdown() -> None:
    text = "# Report **A**\n\nText.\n\n## Aims ##\nText.\n```\n# a comment\n```\n\nMeans\n-----\nText\n\n# End\n"
    expected = [(1, "Report A", None), (2, "Aims", None), (2, "Means", None), (1, "End", None)]
    assert told(find_sections(text, "md")) == expected
    assert find_sections(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        text_of("Shopping", "1. Apples", "2. Pears", "3. Plums", "en"),
        text_of("1. Open the lid.", "2. Pour in the water.", "3. Close the lid and wait for it to boil.", "en"),
        text_of("A poem", "Roses are red", "Violets are blue", "Sugar is sweet", "And so are you", between="\n"),
        text_of("Menu", "Borscht", "Beetroot, cabbage and sour cream.", "Plov", "Rice, lamb and carrots.") * 4,
        text_of("Source: Xinhua", "Date: 14 June 2025", "Place: Astana", "en", "en"),
        text_of("en", "Note: this is one.", "Warning: this is another.", "Note: a third.", "Warning: a fourth.", "en"),
        text_of(*[f"Astana: {BODY['en']}"] * 3, *[f"Beijing: {BODY['en']}"] * 3),
        text_of("en", "Who is to blame?", "en", "What is to be done?", "en"),
        text_of("en", "The sentence is broken by a column, and it", "goes on here. " + BODY["en"], "en") * 2,
        "12:30: started\n12:31: stopped\n" * 10,
        "",
    ],
)
def test_what_is_no_heading(text: str) -> None:
    assert find_sections(text) == ()


def test_no_heading_stands_in_what_is_kept_out() -> None:
    text = text_of("1. Introduction", "en", "2. Results", "en", "3. End", "en")
    assert len(find_sections(text)) == 3
    assert find_sections(text, kept_out=[Span(0, text.index("3."))]) == ()


@settings(max_examples=300, deadline=None)
@given(any_texts(), st.sampled_from(["txt", "md"]))
def test_sections_of_any_text_are_nested_or_apart(text: str, file_format: str) -> None:
    sections = find_sections(text, file_format)
    assert list(sections) == sorted(sections, key=lambda each: each.span.start)
    for i, section in enumerate(sections):
        assert 0 < len(section.title) <= MAX_TITLE
        assert section.span.end <= len(text)
        for other in sections[i + 1 :]:
            assert other.span.start >= section.span.end or other.span.end <= section.span.end
