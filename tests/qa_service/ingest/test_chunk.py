"""Offsets of passages and sentences are exact in every script, and nothing of the text is lost."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.ingest.chunk import CHUNK_SIZE, find_sentences, kept_spans, make_passages
from qa_service.ingest.search_form import make_search_form, make_sentence_form, width
from qa_service.ingest.sections import find_sections
from qa_service.records import Document, Passage, Quarantined, Section, Span
from tests.qa_service.ingest.texts import SCRIPTS, any_texts, document_of, made_of, seed, texts_of

LANGUAGES = ["en", "ru", "kk", "zh", "zh-Hant", "ar", "hi", "und", "xx"]
NUMBERS = ["000", "001", "002", "003"]


@st.composite
def documents(draw: st.DrawFn) -> tuple[Document, tuple[Quarantined, ...]]:
    """A document with some stretches of it kept out, apart from each other."""
    text = draw(any_texts())
    borders = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = [Span(start, end) for start, end in list(pairwise(borders))[::2]]
    return document_of(text, draw(st.sampled_from(LANGUAGES))), tuple(Quarantined(s, "spam", "test") for s in spans)


@st.composite
def documents_with_sections(draw: st.DrawFn) -> tuple[Document, tuple[Quarantined, ...]]:
    """Sections of any kind, nested or apart, as some format may name them."""
    document, quarantined = draw(documents())
    starts = sorted(draw(st.sets(st.integers(0, max(0, len(document.text) - 1)), max_size=8)))
    levels = draw(st.lists(st.integers(1, 3), min_size=len(starts), max_size=len(starts)))
    sections = []
    for i, (start, level) in enumerate(zip(starts, levels, strict=True)):
        ends = [other for other, deep in zip(starts[i + 1 :], levels[i + 1 :], strict=True) if deep <= level]
        if start < len(document.text):
            sections.append(Section(Span(start, [*ends, len(document.text)][0]), f"Section {i}", level))
    return replace(document, sections=tuple(sections)), quarantined


def slice_of(document: Document, span: Span) -> str:
    return document.text[span.start : span.end]


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def assert_passages_are_sound(
    document: Document, quarantined: tuple[Quarantined, ...], passages: tuple[Passage, ...]
) -> None:
    kept = list(kept_spans(document.text, quarantined))
    assert [passage.ordinal for passage in passages] == list(range(len(passages)))
    assert all(a.span.end <= b.span.start for a, b in pairwise(passages))
    assert "".join(letters(slice_of(document, p.span)) for p in passages) == "".join(
        letters(slice_of(document, span)) for span in kept
    )
    for passage in passages:
        assert any(span.start <= passage.span.start and passage.span.end <= span.end for span in kept)
        assert slice_of(document, passage.span) == slice_of(document, passage.span).strip()
        assert letters(passage.search_text) == letters(slice_of(document, passage.span))
        assert passage.search_text == passage.search_text.strip()
        assert width(passage.search_text) <= CHUNK_SIZE
        assert_sentences_are_sound(document, passage)


def assert_sentences_are_sound(document: Document, passage: Passage) -> None:
    assert passage.sentences
    assert passage.sentences[0].start == passage.span.start
    assert passage.sentences[-1].end == passage.span.end
    assert all(a.end <= b.start for a, b in pairwise(passage.sentences))
    between = [Span(a.end, b.start) for a, b in pairwise(passage.sentences) if a.end < b.start]
    assert not any(letters(slice_of(document, span)) for span in between)
    assert all(slice_of(document, sentence).strip() for sentence in passage.sentences)
    for sentence, searched in zip(passage.sentences, passage.search_sentences, strict=True):
        text = passage.search_text[searched.start : searched.end]
        assert text == text.strip() == make_sentence_form(document.text, sentence).strip()


@settings(max_examples=600, deadline=None)
@given(documents())
def test_passages_are_slices_in_order_and_lose_nothing(made: tuple[Document, tuple[Quarantined, ...]]) -> None:
    document, quarantined = made
    assert_passages_are_sound(document, quarantined, make_passages(document, quarantined))


@settings(max_examples=150, deadline=None)
@given(documents_with_sections())
def test_no_passage_runs_over_two_sections(made: tuple[Document, tuple[Quarantined, ...]]) -> None:
    document, quarantined = made
    passages = make_passages(document, quarantined)
    assert_passages_are_sound(document, quarantined, passages)
    for passage in passages:
        for section in document.sections:
            if passage.span.start < section.span.start < passage.span.end:
                above = document.text[passage.span.start : section.span.start].splitlines()
                inside = sum(
                    each.span.start < section.span.start and each.span.end > passage.span.start
                    for each in document.sections
                )
                assert sum(bool(line.strip()) for line in above) <= inside  # headings alone
            assert not passage.span.start < section.span.end < passage.span.end


def test_a_heading_stays_with_what_it_heads() -> None:
    body = "The members met on Monday and agreed on a plan for the year. It is to be carried out by spring.\n\n"
    text = f"1. Aims\n\n1.1 Trade\n\n{body}1.2 Media\n\n{body}2. Means\n\n{body}"
    document = replace(document_of(text), sections=find_sections(text))
    assert [passage.search_text.split("\n")[:2] for passage in make_passages(document, ())] == [
        ["1. Aims", "1.1 Trade"],
        ["1.2 Media", body.strip()],
        ["2. Means", body.strip()],
    ]


@pytest.mark.parametrize("script", SCRIPTS)
def test_passages_of_each_script_are_slices(script: str) -> None:
    text = (" ".join(SCRIPTS[script]) + ".\r\n\r\n\t" + "".join(SCRIPTS[script]) + "。\u2028") * 30
    document = document_of(text)
    passages = make_passages(document, ())
    assert len(passages) > 3
    assert_passages_are_sound(document, (), passages)


@settings(max_examples=200, deadline=None)
@given(any_texts())
def test_what_is_made_of_a_file_is_sound(text: str) -> None:
    if letters(text):
        document, quarantined = made_of(text)
        assert document.text == text.removeprefix("\ufeff")
        assert_passages_are_sound(document, quarantined, make_passages(document, quarantined))


@settings(max_examples=300, deadline=None)
@given(documents())
def test_kept_and_quarantined_are_the_whole_text(made: tuple[Document, tuple[Quarantined, ...]]) -> None:
    document, quarantined = made
    spans = sorted([*kept_spans(document.text, quarantined), *(q.span for q in quarantined)], key=lambda s: s.start)
    assert "".join(slice_of(document, span) for span in spans) == document.text


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(SCRIPTS)).flatmap(lambda script: texts_of(SCRIPTS[script])), st.sampled_from(LANGUAGES))
def test_sentences_joined_are_the_paragraph(text: str, language: str) -> None:
    for paragraph in make_search_form(text, Span(0, len(text))).text.splitlines(keepends=True) if text else []:
        assert "".join(find_sentences(paragraph, language)) == paragraph


def test_a_passage_ends_at_a_sentence_where_one_fits() -> None:
    sentence = "The forum opened in the morning and closed late in the evening of the same day. "
    passages = make_passages(document_of(sentence * 40), ())
    assert len(passages) > 5
    assert all(passage.search_text.endswith("same day.") for passage in passages)


def test_a_chinese_passage_ends_at_a_sentence_where_one_fits() -> None:
    passages = make_passages(document_of("媒体合作论坛在阿斯塔纳举行，各国代表出席了开幕式。" * 40, "zh"), ())
    assert len(passages) > 5
    assert all(passage.search_text.endswith("。") and len(passage.search_text) <= 133 for passage in passages)


def test_a_speech_in_quotation_marks_is_cut_into_its_sentences() -> None:
    speech = "“" + "The trade between our countries grew again last year, and we are glad of it. " * 5 + "Thank you.”"
    assert len(find_sentences(speech, "en")) == 6


@pytest.mark.parametrize("text", ["", "\n\n", "\u200b", "...", "— — —", "🙂🙂"])
def test_what_holds_no_word_makes_no_passage(text: str) -> None:
    assert make_passages(document_of(text), ()) == ()


def test_a_document_that_is_quarantined_whole_has_no_passage() -> None:
    document = document_of("nothing of this")
    assert make_passages(document, (Quarantined(Span(0, 15), "spam", "test"),)) == ()


@pytest.mark.parametrize("number", NUMBERS)
def test_passages_of_the_seeds_are_sound(number: str) -> None:
    document, quarantined = seed(number)
    passages = make_passages(document, quarantined)
    assert len(passages) > 10
    assert_passages_are_sound(document, quarantined, passages)


def test_sentences_in_another_script_begin_a_passage_with_what_heads_them() -> None:
    english = "Opening hours\nThe library of Karaganda closes at eight in the evening."
    russian = "Библиотека Караганды закрывается в восемь часов вечера, касса (cashier) в семь."
    chinese = "图书馆\n卡拉干达图书馆工作日晚上八点闭馆，读者可以借五本书。"
    more = "China Daily\n还有二百个座位，今年还要增加一百个座位，欢迎读者前来。"
    document, quarantined = made_of(f"{english}\n\n{russian}\n{chinese}\n{more}\n")
    passages = make_passages(document, quarantined)
    assert [slice_of(document, each.span) for each in passages] == [english, russian, f"{chinese}\n{more}"]
    assert [each.language for each in passages] == ["en", "ru", "zh-Hans"]


@pytest.mark.parametrize(
    ("paragraph", "language", "count"),
    [
        ("Sie stammt aus dem 18. Jahrhundert. Sie ist aus Seide.", "de", 2),
        ("Im 3. Quartal wurden es mehr. Am 20. Parteitag sprach er.", "de", 2),
        ("Es kamen 18. Danach kamen mehr.", "de", 2),
        ("1. Roof repair. 2. Parking.", "en", 2),
        ("They pay approx. 7.50 dollars. It is cheap.", "en", 2),
        ("Выделено 5,6 млрд тг. на ремонт дорог. Работы начались.", "ru", 2),
    ],
)
def test_an_ordinal_a_number_of_a_list_and_what_is_shortened_end_no_sentence(
    paragraph: str, language: str, count: int
) -> None:
    sentences = find_sentences(paragraph, language)
    assert "".join(sentences) == paragraph
    assert len(sentences) == count, sentences


@pytest.mark.parametrize("number", NUMBERS)
def test_no_passage_of_the_seeds_holds_spam_navigation_or_footer(number: str) -> None:
    document, quarantined = seed(number)
    for passage in make_passages(document, quarantined):
        text = slice_of(document, passage.span)
        assert not any(
            word in text for word in ("无码", "中文字幕", "WeChat", "Home / China", "FOLLOW US", "All rights reserved")
        )


def test_passages_say_their_own_language() -> None:
    text = "The forum opened in Astana this week, and journalists came from all over the region.\n\n" * 5
    text += "论坛本周在阿斯塔纳开幕，来自该地区各地的记者出席了会议，他们讨论了媒体合作的前景。\n\n" * 5
    assert {passage.language for passage in make_passages(document_of(text), ())} == {"en", "zh-Hans"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [("zh-Hant", "zh-Hant"), ("zh", "zh"), ("zh-Hans", "zh-Hant"), ("en", "zh-Hant"), ("und", "zh-Hant")],
)
def test_a_passage_keeps_the_tag_of_its_document_where_it_is_the_same_language(given: str, expected: str) -> None:
    text = "兩國媒體的合作論壇昨天在首都開幕，來自各國的代表出席了開幕式。"
    (passage,) = make_passages(document_of(text, given), ())
    assert passage.language == expected


@pytest.mark.parametrize(
    "gap", [" " * 100_000, "\t" * 3_000, "\n" * 5_000, "\u200b" * 2_000 + " ", "\u3000\u00ad" * 200]
)
def test_no_passage_runs_over_a_long_gap(gap: str) -> None:
    text = f"The treaty was signed by 37{gap}delegates from the river states."
    first, second = make_passages(document_of(text), ())
    assert text[first.span.start : first.span.end] == "The treaty was signed by 37"
    assert text[second.span.start : second.span.end] == "delegates from the river states."
    assert len(make_passages(document_of(text.replace(gap, gap[:150])), ())) == 1


@pytest.mark.parametrize(
    "sentences",
    [
        ["ก่อตั้งขึ้นในปี พ.ศ. 2460 และเปิดสอนเมื่อ ค.ศ. 1917 วันที่ 3 ม.ค. เวลา 10.30 น. ที่กรุงเทพ"],
        ["ในปีพ.ศ.2567 มีนักศึกษา 500 คน. ", "รศ.ดร.สมชาย และ ดร. สมหญิง กล่าว! ", "ใช่ไหม?"],
    ],
)
def test_thai_sentences_do_not_end_inside_an_abbreviation(sentences: list[str]) -> None:
    assert find_sentences("".join(sentences), "th") == sentences
