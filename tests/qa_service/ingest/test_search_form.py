"""The search form is aligned with its source, and joins what a newspaper's columns cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.ingest.chunk import make_passages
from qa_service.ingest.search_form import SearchForm, make_search_form, make_sentence_form
from qa_service.records import Span
from tests.qa_service.ingest.texts import any_texts, document_of, seed

# Every place where a hard line break of seed 001 stands inside a sentence, found by reading it.
COLUMN_BREAKS = [
    ("我们讨论的不仅是商品的流通，", "也是理念、意义和信任的连接。"),
    ("以人的意志为转移的历史大势不可", "逆转；人类共处的“地球村”"),
    ("为促进国家之间的文化交流提供了新", "动力。关于在两国首都设立文化中心"),
    ("有力加强了区域合作，有力促进了民", "心相通。"),
    ("为各领域合作营造了良好的舆论", "氛围。"),
    ("共讲中国—中亚高质量发展故事；开展人工智能、", "5G传播等前沿领域合作"),
    ("公司承建的阿姆布哈拉1号新建泵站作为乌兹别克", "斯坦首个大型泵站"),
    ("中哈产能合作框架下首个落地的清洁能源项目，为当", "地发展注入绿色动能。"),
    ("其中，对奇姆肯特炼厂的现", "代化改造，使其成为哈萨克斯坦首家"),
]

HEADINGS = [
    "2025 中国—中亚媒体合作论坛",
    "为推动交流互信搭建桥梁",
    "同心笃行 携手共赢",
    "打造人文交往的多功能平台",
    "当好国际合作的“助推器”",
    "夯实睦邻友好民意基础",
    "建设信息联通的“软性”基础设施",
    "用好报道编织连接彼此的精神纽带",
    "为中亚能源转型注入强劲动力",
    "与各国人民共建绿色丝路",
    "优势互补，践行丝路精神",
    "高效协同，提升互联互通水平",
    "展现构建命运共同体的生动实践",
]

SPEAKERS = [
    "哈萨克斯坦总统广播电视总局总干事 晓姆·卡吉巴耶娃",
    "人民日报社副总编辑 方江山",
    "哈萨克斯坦文化与信息部副部长 叶夫根尼·科切托夫",
    "中国—中亚机制秘书长 孙玮东",
    "中国驻哈萨克斯坦大使 韩春霖",
    "土库曼斯坦《金色世纪》电子报社社长 梅拉特·别克穆拉多夫",
    "中央广播电视总台亚欧总站站长 王 斌",
    "通用技术集团国际控股有限公司副总经理 武 艺",
    "中交集团中国水利电力对外有限公司党委书记、董事长 万启洲",
    "中国石油中亚俄罗斯公司副总经理 常福权",
    "中国电建欧亚区域总部副总经理 谭晓峰",
    "新华通讯社阿拉木图分社社长 赵 宇",
]


def form_of(text: str) -> SearchForm:
    return make_search_form(text, Span(0, len(text))) if text else SearchForm("", (), ())


@settings(max_examples=500, deadline=None)
@given(any_texts(), st.data())
def test_each_character_knows_where_it_stands(text: str, data: st.DataObject) -> None:
    if not text:
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    form = make_search_form(text, Span(start, end))
    offsets = [form.source_span(Span(i, i + 1)).start for i in range(len(form.text))]
    assert all(a < b for a, b in pairwise(offsets))
    assert all(start <= offset < end for offset in offsets)
    for character, offset in zip(form.text, offsets, strict=True):
        source = text[offset]
        assert character == source or (character in " \n" and (source == " " or not source.isprintable()))
    assert "".join(filter(str.isalnum, form.text)) == "".join(filter(str.isalnum, text[start:end]))


@settings(max_examples=300, deadline=None)
@given(any_texts(), st.data())
def test_a_place_in_the_form_is_a_place_in_the_source(text: str, data: st.DataObject) -> None:
    form = form_of(text)
    start = data.draw(st.integers(0, len(form.text)))
    end = data.draw(st.integers(start, len(form.text)))
    part = form.stripped(start, end)
    span = part and form.source_span(part)
    piece = form.text[start:end].strip()
    assert (span is None) == (piece == "")
    if span is not None:
        source = text[span.start : span.end]
        assert (source[0], source[-1]) == (piece[0], piece[-1])
        assert "".join(filter(str.isalnum, source)) == "".join(filter(str.isalnum, piece))


@settings(max_examples=300, deadline=None)
@given(any_texts())
def test_white_space_is_folded_and_invisible_characters_are_dropped(text: str) -> None:
    form = form_of(text).text
    assert "  " not in form
    assert "\n\n" not in form
    assert not set(form) & set("\r\t\u00a0\u3000\u2028\u2029\x85\u200b\ufeff\u00ad\u2060\x1e\x00")


@pytest.mark.parametrize(("before", "after"), COLUMN_BREAKS)
def test_the_column_breaks_of_seed_001_are_joined(before: str, after: str) -> None:
    document, quarantined = seed("001")
    assert f"{before}\n\n{after}" in document.text
    passages = make_passages(document, quarantined)
    assert before + after in "".join(passage.search_text for passage in passages)


def test_nothing_but_the_column_breaks_of_seed_001_is_joined() -> None:
    document, _ = seed("001")
    lines = [line for line in document.text.split("\n") if line]
    paragraphs = form_of(document.text).text.split("\n")
    assert len(lines) - len(paragraphs) == len(COLUMN_BREAKS)
    assert all(heading in paragraphs for heading in HEADINGS + SPEAKERS)


@pytest.mark.parametrize("number", ["000", "002", "003"])
def test_no_heading_or_paragraph_of_the_english_seeds_is_joined(number: str) -> None:
    document, _ = seed(number)
    lines = [line.strip() for line in document.text.split("\n") if line.strip()]
    assert form_of(document.text).text.split("\n") == lines


def test_a_quote_over_a_column_break_shows_the_break() -> None:
    document, quarantined = seed("001")
    texts = [document.text[p.span.start : p.span.end] for p in make_passages(document, quarantined)]
    assert any("炼厂的现\n\n代化改造" in text for text in texts)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n\n", "\r\n\r\n", "\u2028", "\n    ", "\u200b\n"])
def test_a_chinese_sentence_goes_on_after_any_line_break(line_break: str) -> None:
    text = f"今年的论坛在阿斯塔纳举行，各国代表就媒体合作的现{line_break}代化进行了讨论。"
    assert form_of(text).text == "今年的论坛在阿斯塔纳举行，各国代表就媒体合作的现代化进行了讨论。"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n\n", "\t\n\t"])
def test_a_sentence_that_goes_on_in_lower_case_is_joined_by_a_space(line_break: str) -> None:
    assert form_of(f"Форум в Астане{line_break}открылся сегодня.").text == "Форум в Астане открылся сегодня."


def test_lines_wrapped_to_one_width_are_joined() -> None:
    text = (
        "The President of the Republic met the delegation of the\n"
        "Kazakh National Agency in the capital, where they spoke\n"
        "Of nothing else than the coming summit of the countries."
    )
    assert "\n" not in form_of(text).text


@pytest.mark.parametrize(
    "text",
    [
        "Media forum begins\nThe forum has officially begun in Astana.",
        "The forum opened today.\nit was the second one.",
        "Apples\nPears\nPlums",
        "第一章 总则\n本条例适用于各类媒体，自公布之日起施行。",
        "今年的论坛在阿斯塔纳举行，各国代表出席。\n下一届将在北京举行。",
        "What was said:\nnothing.",
    ],
)
def test_what_ends_or_begins_anew_is_not_joined(text: str) -> None:
    assert form_of(text).text == text


def test_a_line_of_invisible_characters_is_an_empty_line() -> None:
    assert form_of("One.\n\u200b\ufeff\nTwo.\n\u00a0\u200b \n").text == "One.\nTwo."


def test_a_sentence_form_has_no_line_break_where_its_paragraph_has_none() -> None:
    text = "今年的论坛在阿斯塔纳举行，各国出席。对炼厂的现\n代化改造，使其成为首家企业。"
    start = text.index("对炼厂")
    assert "\n" not in form_of(text).text
    assert make_sentence_form(text, Span(start, len(text))) == "对炼厂的现代化改造，使其成为首家企业。"
    latin = (
        "A long line of running text comes first here. He met Mr\nKim in Seoul yesterday, as the paper says today.\n"
    )
    assert "\n" not in form_of(latin).text
    assert make_sentence_form(latin, Span(latin.index("He met"), len(latin))).startswith("He met Mr Kim in Seoul")


@settings(max_examples=300, deadline=None)
@given(any_texts())
def test_the_sentences_of_a_passage_are_pieces_of_its_search_text(text: str) -> None:
    document = document_of(text)
    for passage in make_passages(document, ()):
        place = 0
        for sentence in passage.sentences:
            form = make_sentence_form(text, sentence).strip()
            assert form in passage.search_text[place:]
            place = passage.search_text.index(form, place) + len(form)


def test_a_form_needs_an_offset_for_each_run() -> None:
    for starts, offsets in [((0, 1), (1,)), ((), ())]:
        with pytest.raises(ValueError, match="one offset"):
            SearchForm("ab", starts, offsets)


@pytest.mark.parametrize(
    "lines",
    [
        ["- the first thing that is to be done soon", "- the second thing to be done after that", "- the third thing"],
        ["* apples from the north of the country", "* pears from the south of the country, too"],
        ["1. open the lid of the box with both hands", "2. pour in the water that was boiled before"],
        ["| year | trade in billions of dollars |", "|------|-------------------------------|", "| 2024 | 94.8 |"],
        [
            "year\ttrade in billions of dollars",
            "two thousand and twenty-three\t89",
            "two thousand and twenty-four\t94.8",
        ],
        ["A heading of this text that is rather long", "## another heading of it that is as long as it"],
    ],
)
def test_items_of_a_list_and_rows_of_a_table_stay_lines(lines: list[str]) -> None:
    text = "\n".join(lines)
    expected = "\n".join(" ".join(line.split()) for line in lines)
    assert make_search_form(text, Span(0, len(text))).text == expected


def test_an_item_goes_on_in_its_next_line() -> None:
    text = "- the first thing that is to be\n  done soon\n- the second"
    assert make_search_form(text, Span(0, len(text))).text == "- the first thing that is to be done soon\n- the second"
