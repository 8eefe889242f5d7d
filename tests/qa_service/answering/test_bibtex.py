"""BibTeX that a real parser reads back as what went in."""

import re

import pytest
from hypothesis import given
from pybtex.database import BibliographyData, Entry, parse_string

from qa_service.answering.export.bibtex import bibtex_key, write_bibtex
from qa_service.answering.export.text import told
from qa_service.records import Record
from tests.qa_service.answering.recorded import SCRIPTS, citation, record, texts

MACROS = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    **{f"\\{each}": each for each in "%&$#_"},
}


def parsed(record: Record) -> BibliographyData:
    return parse_string(write_bibtex(record), "bibtex")


def only_entry(record: Record) -> Entry:
    [entry] = parsed(record).entries.values()
    return entry


def read(value: str) -> str:
    """As LaTeX would typeset it. What is special and no macro of ours must not be there."""
    text = re.sub(r"\\text\w+\{\}|\\.|[%&$#_~^{}\\]", lambda match: MACROS[match[0]], value)
    assert isinstance(text, str)
    return text


@given(texts, texts, texts, texts)
def test_any_text_is_read_back(title: str, author: str, source: str, quote: str) -> None:
    entry = only_entry(record(citation(quote=quote, title=title, author=author, source=source)))
    assert set(entry.fields) == {"title", "howpublished", "annote"}
    assert read(entry.fields["title"][1:-1]) == told(title)
    assert read(entry.fields["howpublished"]) == told(source)
    assert read(entry.fields["annote"]) == f"[1] {told(quote)}"
    [person] = entry.persons["author"]
    assert [read(name[1:-1]) for name in person.last_names] == [told(author)]  # one name, whatever "and" it holds


@pytest.mark.parametrize("language", SCRIPTS)
def test_texts_stay_in_their_script(language: str) -> None:
    text = SCRIPTS[language].replace("$", "").replace("%", "")
    made = record(citation(quote=text, title=text, author=text, source=text, date="2025-06-14", language=language))
    assert write_bibtex(made).count(text) == 4
    assert only_entry(made).fields["journal"] == text


def test_an_article_of_a_newspaper() -> None:
    made = record(
        citation(
            title="C. Asia ties & more",
            source="China Daily",
            author="Zhou Jin",
            date="2025-06-14",
            url="https://example.org/a_b?c=%20#d~e",
        )
    )
    assert write_bibtex(made) == (
        "@article{china2025-1000000000000000,\n"
        "  author = {{Zhou Jin}},\n"
        "  title = {{C. Asia ties \\& more}},\n"
        "  journal = {China Daily},\n"
        "  year = {2025},\n"
        "  month = jun,\n"
        "  day = {14},\n"
        "  url = {https://example.org/a_b?c=%20#d~e},\n"
        "  urldate = {2026-11-22},\n"
        "  annote = {[1] Trade reached a record \\$94.8 billion in 2024, up 5.4\\% from 2023.}\n"
        "}\n"
    )
    assert only_entry(made).fields["month"] == "June"


@pytest.mark.parametrize(
    ("known", "kind", "fields"),
    [
        ({}, "misc", {"title", "annote"}),
        ({"date": "2025"}, "misc", {"title", "annote", "year"}),
        ({"source": "KZ", "date": "2025-06"}, "misc", {"title", "annote", "howpublished", "year", "month"}),
        ({"date": "2025-06-14"}, "misc", {"title", "annote", "year", "month", "day"}),
        ({"url": "https://a.org/"}, "misc", {"title", "annote", "url", "urldate"}),
        ({"source": "KZ", "date": "2025-06-14"}, "article", {"title", "annote", "journal", "year", "month", "day"}),
    ],
)
def test_what_is_not_known_is_left_out(known: dict[str, str], kind: str, fields: set[str]) -> None:
    entry = only_entry(record(citation(**known)))
    assert (entry.type, set(entry.fields)) == (kind, fields)


def test_a_document_is_one_entry_with_all_its_quotes() -> None:
    entries = parsed(record(citation(1, "One."), citation(2, "Two.", 2), citation(3, "Three."))).entries
    assert [entry.fields["annote"] for entry in entries.values()] == ["[1] One. [3] Three.", "[2] Two."]


@given(texts, texts)
def test_a_key_is_ascii_and_the_same_again(title: str, source: str) -> None:
    key = bibtex_key(citation(1, document=7, title=title, source=source, date="2025"))
    assert re.fullmatch(r"[a-z]+2025-[0-9a-f]{16}", key, re.ASCII)
    assert key == bibtex_key(citation(3, "another quote", 7, title=title, source=source, date="2025"))
    assert key != bibtex_key(citation(1, document=8, title=title, source=source, date="2025"))


def test_an_address_cannot_leave_its_field() -> None:
    made = record(citation(url="https://a.org/}, note = {x\\y} \n@misc{z,"))
    assert only_entry(made).fields["url"] == "https://a.org/%7D,%20note%20=%20%7Bx%5Cy%7D%20%0A@misc%7Bz,"


def test_a_refusal_is_a_comment() -> None:
    refusal = record(language="kk")
    assert write_bibtex(refusal) == "% Бұл құжаттарда бұл сұраққа жауап жоқ.\n"
    assert not parsed(refusal).entries
