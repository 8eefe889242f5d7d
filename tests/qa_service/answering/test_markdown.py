"""Markdown that renders as the texts that went in, and as nothing that they try to be."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from qa_service.answering.export.bibtex import write_bibtex
from qa_service.answering.export.gbt7714 import write_gbt7714
from qa_service.answering.export.markdown import write_markdown
from qa_service.answering.export.text import one_line, told
from qa_service.ingest.search_form import make_sentence_form
from qa_service.records import Record, Span
from tests.qa_service.answering.recorded import HOSTILE, SCRIPTS, citation, generated, record, texts

RENDERERS = [
    MarkdownIt("commonmark").use(footnote_plugin),
    MarkdownIt("gfm-like").use(footnote_plugin).use(deflist_plugin).use(dollarmath_plugin),
]


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type != "inline":
            yield token
        yield from token.children or ()


class Rendered:
    """The heading, the paragraphs and the footnotes as text, and how many of what else there is."""

    def __init__(self, renderer: MarkdownIt, record: Record) -> None:
        tokens = renderer.parse(write_markdown(record))
        self.inlines = ["".join(t.content for t in token.children or ()) for token in tokens if token.type == "inline"]
        self.kinds = [token.type for token in flat(tokens) if not token.type.endswith("_close")]
        self.links = [str(token.attrs["href"]) for token in flat(tokens) if token.type == "link_open"]


def line_of(quote: str) -> str:
    return make_sentence_form(quote, Span(0, len(quote)))


@pytest.mark.parametrize("renderer", RENDERERS)
@given(texts, texts, texts, texts)
def test_any_text_is_rendered_as_it_stands(
    renderer: MarkdownIt, question: str, quote: str, title: str, other: str
) -> None:
    made = record(
        replace(citation(1, quote, title=title, source=other, author=other), file_name=title),
        citation(2, other, 2, title=quote),
        question=question,
    )
    rendered = Rendered(renderer, made)
    assert rendered.inlines == [
        one_line(question),
        line_of(quote),
        line_of(other),
        f"“{one_line(quote)}” – {told(other)}. {told(title)}. {told(other)}. {told(title)} [10:{10 + len(quote)}]",
        f"“{one_line(other)}” – {told(quote)}. 2.txt [10:{10 + len(other)}]",
    ]
    assert rendered.kinds.count("footnote_ref") == rendered.kinds.count("footnote_open") == 2
    assert rendered.kinds.count("heading_open") == 1
    assert set(rendered.kinds) <= {
        *("heading_open", "paragraph_open", "text", "footnote_ref", "footnote_block_open", "footnote_open"),
        "footnote_anchor",
    }


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_hostile_text_gets_through(renderer: MarkdownIt, hostile: str) -> None:
    made = record(citation(quote=hostile, title=hostile, source=hostile), question=hostile)
    rendered = Rendered(renderer, made)
    assert rendered.inlines[:2] == [one_line(hostile), line_of(hostile)]
    assert rendered.links == []
    assert "html_inline" not in rendered.kinds
    assert "html_block" not in rendered.kinds


def test_an_answer_has_a_footnote_for_each_citation() -> None:
    made = record(
        citation(1, title="C. Asia ties", source="China Daily", author="Zhou Jin", date="2025-06-14"),
        citation(2, SCRIPTS["zh"], 2, title="论坛", url="https://example.org/a_(b)", language="zh"),
    )
    assert write_markdown(made) == (
        "# How large was trade?\n\n"
        "Trade reached a record &#36;94.8 billion in 2024, up 5.4% from 2023.[^1]\n\n"
        "2024年，中国与中亚五国贸易额达到948亿美元，同比增长5.4%。[^2]\n\n"
        "[^1]: “Trade reached a record &#36;94.8 billion in 2024, up 5.4% from 2023.” – Zhou Jin. C. Asia ties. "
        "China Daily, 2025-06-14. 1\\.txt \\[10:74\\]\n\n"
        "[^2]: “2024年，中国与中亚五国贸易额达到948亿美元，同比增长5.4%。” – 论坛. <https://example.org/a_(b)>. "
        "2\\.txt \\[10:44\\]\n"
    )


@pytest.mark.parametrize("renderer", RENDERERS)
def test_an_address_is_the_one_link(renderer: MarkdownIt) -> None:
    made = record(citation(url="https://example.org/a> [b](https://203.0.113.1) <c"))
    rendered = Rendered(renderer, made)
    assert rendered.links == ["https://example.org/a%3E%20%5Bb%5D(https://203.0.113.1)%20%3Cc"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "These documents don’t hold an answer to this question."),
        ("zh", "这些文档中没有这个问题的答案。"),
        ("ru", "В этих документах нет ответа на этот вопрос."),
        ("kk", "Бұл құжаттарда бұл сұраққа жауап жоқ."),
    ],
)
def test_a_refusal_is_said_in_the_questions_language(language: str, said: str) -> None:
    assert write_markdown(record(question="a?", language=language)) == f"# a?\n\n{said}\n"


def test_a_written_answer_keeps_its_marks_and_no_others() -> None:
    made = generated("Trade grew [1], see [7].\n\n# Much\n", citation())
    assert write_markdown(made).split("\n\n")[1:3] == ["Trade grew [^1], see \\[7\\].", "\\# Much"]


@pytest.mark.parametrize("write", [write_markdown, write_bibtex, write_gbt7714])
@pytest.mark.parametrize("steering", ["\u202e", "\u202a", "\u2066"])
def test_no_title_turns_what_follows_it(write: Callable[[Record], str], steering: str) -> None:
    assert steering not in write(record(citation(title=f"Trade{steering} grew", source=f"{steering}Wire")))


def test_a_quote_that_turns_its_letters_around_turns_nothing_behind_it() -> None:
    steered = citation(quote="640 wagons \u202e a day", url="https://example.org/a\u202eb")
    written = write_markdown(record(steered))
    footnote = next(line for line in written.splitlines() if "wagons" in line and line.startswith("[^1]:"))
    assert "\u2068640 wagons \u202e a day\u2069" in footnote
    assert "%E2%80%AE" in footnote


def test_that_the_documents_differ_is_said_and_no_quote_says_it_in_their_place() -> None:
    cited = citation(1, "It was founded in 2017."), citation(2, "成立于2019年。", 2)
    quotes = "It was founded in 2017. [1]\n成立于2019年。 [2]"
    said = f"2 passages from 2 documents:\n{quotes}\nThe documents differ: 2017 [1] — 2019年 [2]"
    markdown = write_markdown(replace(record(*cited), answer=said))
    assert "The documents differ: 2017 [^1] — 2019年 [^2]\n\n[^1]:" in markdown
    forged = citation(1, "The documents differ: 1 [1] — 2 [9]")
    answer = "1 passage from 1 document:\nThe documents differ: 1 [1] — 2 [9] [1]"
    assert write_markdown(replace(record(forged), answer=answer)).count("documents differ") == 2  # quote and footnote
