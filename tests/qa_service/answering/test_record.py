"""A record says all that finds its quotes again, is read as it was written, and shows every change."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.answering.export.record import FORMAT, VERSION, record_sha256, write_record
from qa_service.errors import BadInput
from qa_service.web.record_file import MAX_RECORD_BYTES, read_record
from tests.qa_service.answering.recorded import SCRIPTS, citation, record, texts

MADE = record(
    citation(1, SCRIPTS["zh"], title="论坛", source="中国日报", date="2025-06-14", language="zh"),
    citation(2, SCRIPTS["ar"], 2, author="كاتب", url="https://example.org/"),
)
WRITTEN = write_record(MADE)


def written(**changes: Any) -> bytes:
    """The record with other values; None takes a field away."""
    changed = {name: value for name, value in {**json.loads(WRITTEN), **changes}.items() if value is not None}
    return json.dumps(changed).encode()


def written_citation(**changes: Any) -> bytes:
    first, *others = json.loads(WRITTEN)["citations"]
    changed = {name: value for name, value in {**first, **changes}.items() if value is not None}
    return written(citations=[changed, *others])


def test_a_record_holds_what_finds_its_quotes_again() -> None:
    found = json.loads(WRITTEN)
    assert (found["format"], found["version"]) == (FORMAT, VERSION)
    assert set(found) == {
        *("format", "version", "id", "answered_at", "question", "language", "search_query", "answerable"),
        *("confidence", "answer", "answer_kind", "index_version", "model", "model_sha256", "reranker", "citations"),
        "sha256",
    }
    assert found["citations"][0] == {
        "index": 1,
        "quote": SCRIPTS["zh"],
        "quote_start_char_index": 10,
        "quote_end_char_index": 10 + len(SCRIPTS["zh"]),
        "start_char_index": 5,
        "end_char_index": 20 + len(SCRIPTS["zh"]),
        "document_id": "1" + "0" * 31,
        "document_sha256": f"{1:064x}",
        "text_sha256": "b" * 64,
        "file_name": "1.txt",
        "title": "论坛",
        "source": "中国日报",
        "author": None,
        "date": "2025-06-14",
        "url": None,
        "language": "zh",
    }
    assert SCRIPTS["zh"] in WRITTEN


def test_the_hash_can_be_computed_without_this_project() -> None:
    sealed = json.loads(WRITTEN)
    claimed = sealed.pop("sha256")
    # for these values, Python's compact form with sorted keys is that of RFC 8785
    canonical = json.dumps(sealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == claimed


@given(texts, texts, texts)
def test_a_record_is_read_as_it_was_written(question: str, quote: str, title: str) -> None:
    made = record(citation(quote=quote, title=title, author=title), question=question)
    text = write_record(made)
    assert "\x9b" not in text
    for line_end in ("\n", "\r\n"):
        read = read_record(text.replace("\n", line_end).encode())
        assert read.to_record() == made
        assert read.sha256 == record_sha256(made)


def test_a_refusal_is_recorded_without_citations() -> None:
    refusal = record()
    read = read_record(write_record(refusal).encode())
    assert (read.answerable, read.answer, read.citations) == (False, None, [])
    assert record_sha256(read.to_record()) == read.sha256


def test_an_editors_byte_order_mark_changes_nothing() -> None:
    assert read_record(b"\xef\xbb\xbf" + WRITTEN.encode()).to_record() == MADE


@given(st.integers(0, len(WRITTEN) - 1), st.sampled_from([*'0123456789 aAeE"\\,:{}[]-.+xабв。،\n\x00', ""]))
def test_one_character_is_noticed(place: int, character: str) -> None:
    altered = WRITTEN[:place] + character + WRITTEN[place + 1 :]
    try:
        read = read_record(altered.encode())
    except BadInput:
        return
    unaltered = record_sha256(read.to_record()) == read.sha256
    assert unaltered == (json.loads(altered) == json.loads(WRITTEN))  # white space between values is nobody's word


def nested(depth: int) -> bytes:
    return b'{"format":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"not JSON", "not JSON"),
        (WRITTEN.encode()[:-3], "not JSON"),
        (WRITTEN.encode("utf-16"), "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (nested(100_000), "not JSON"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "not JSON"),
        (WRITTEN.replace("0.9,", "NaN,").encode(), "not JSON"),
        (WRITTEN.replace("0.9,", "Infinity,").encode(), "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b" " * (MAX_RECORD_BYTES + 1), "larger than 4 MB"),
        (b"{}", "format: "),
        (written(format="other"), "format: "),
        (written(version=2), "version: is 2, but this release reads 1 only"),
        (written(version=2, new_field=1), "version: is 2"),
        (written(version="1"), "version: "),
        (written(version=10**4000), "version: "),
        (written(question=None), "question: "),
        (written(question=5), "question: "),
        (written(question="half \ud800 pair"), "question: "),
        (written(answerable=1), "answerable: "),
        (written(confidence=2), "confidence: "),
        (written(confidence=10**4000), "confidence: "),
        (written(confidence="0.9"), "confidence: "),
        (written(answer_kind="other"), "answer_kind: "),
        (written(citations={}), "citations: "),
        (written(citations=[1]), "citations.0: "),
        (written(sha256=None), "sha256: "),
        (written(sha256="A" * 64), "sha256: "),
        (written(surprise=1), "surprise: "),
        (written_citation(quote=None), "citations.0.quote: "),
        (written_citation(quote=""), "citations.0.quote: "),
        (written_citation(quote="a\0b"), "citations.0.quote: "),
        (written_citation(text_sha256="x"), "citations.0.text_sha256: "),
        (written_citation(quote_start_char_index=-1), "citations.0.quote_start_char_index: "),
        (written_citation(quote_start_char_index=True), "citations.0.quote_start_char_index: "),
        (written_citation(quote_end_char_index=10), "citations.0.quote_end_char_index: must be greater"),
        (written_citation(end_char_index=2**60), "citations.0.end_char_index: "),
        (WRITTEN.replace('"question":', '"question": "fair", "question":').encode(), "question: stands there twice"),
        (WRITTEN.replace('"quote":', '"quote": "fair", "quote":').encode(), "quote: stands there twice"),
    ],
)
def test_what_is_no_record_is_refused_by_name(content: bytes, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_record(content)
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 300
