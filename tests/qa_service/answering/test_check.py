"""What a record says is checked against the documents that are there now."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.hashing import HashingEncoder
from qa_service.answering.export.check import check_record
from qa_service.answering.export.record import record_sha256
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.records import CitationCheck, RawFile, Record, RecordCheck, Span
from qa_service.service import Service
from qa_service.store.store import Store
from tests.qa_service.answering.recorded import SCRIPTS, citation, record
from tests.qa_service.store.opened import opened

QUOTES = {language: f"😀 {text}" for language, text in SCRIPTS.items()}
EDITED = {
    "en": ("94.8", "95.8"),
    "zh": ("948", "949"),
    "ru": ("94,8", "94,9"),
    "kk": ("94,8", "94,9"),
    "ar": ("94.8", "84.8"),
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), HashingEncoder())
    yield service
    service.close()


def add(service: Service, text: str, name: str = "trade.txt", **metadata: str) -> str:
    return service.add(RawFile(name, text.encode(), metadata)).document_id


def text_of(language: str) -> str:
    return f"{QUOTES[language]}\r\n"


def asked(service: Service, language: str) -> Record:
    """The record of an answer that quotes the one document."""
    made = service.record(service.ask(SCRIPTS[language]))
    assert [citation.quote for citation in made.citations] == [QUOTES[language]]
    return made


def check(service: Service, made: Record) -> RecordCheck:
    return service.check_record(made, record_sha256(made))


def only(service: Service, made: Record) -> CitationCheck:
    [citation] = check(service, made).citations
    assert check(service, made).stands == (citation.verdict == "stands")
    return citation


@pytest.fixture(params=SCRIPTS)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_answer_is_recorded_with_the_hashes_of_its_document(service: Service, language: str) -> None:
    document_id = add(service, text_of(language), source="Press", date="2025", url="https://example.org/")
    [citation] = asked(service, language).citations
    document = service.document(document_id).document
    assert (citation.document_id, citation.document_sha256) == (document.id, document.sha256)
    assert (citation.text_sha256, citation.metadata) == (document.text_sha256, document.metadata)
    span, passage = citation.quote_span, citation.passage_span
    assert document.text[span.start : span.end] == citation.quote
    assert passage.start <= span.start < span.end <= passage.end


def test_what_did_not_change_stands(service: Service, language: str) -> None:
    document_id = add(service, text_of(language))
    made = asked(service, language)
    found = only(service, made)
    assert found.verdict == "stands"
    assert found.place is not None
    assert (found.place.document_id, found.place.span) == (document_id, made.citations[0].quote_span)


def test_a_deleted_document_is_gone_and_stands_when_it_is_back(service: Service, language: str) -> None:
    document_id = add(service, text_of(language))
    made = asked(service, language)
    service.delete(document_id)
    assert only(service, made) == CitationCheck(1, "gone", None)
    add(service, "Something else.", "other.txt")
    assert only(service, made).verdict == "gone"
    add(service, text_of(language))
    assert only(service, made).verdict == "stands"


def test_a_quote_that_moved_is_found_in_the_edited_document(service: Service, language: str) -> None:
    before = add(service, text_of(language))
    made = asked(service, language)
    service.delete(before)
    text = f"Новая строка.\n新的一行。\n{text_of(language)}More.\n"
    edited = add(service, text)
    found = only(service, made)
    assert found.verdict == "moved"
    assert found.place is not None
    assert (found.place.document_id, found.place.file_name) == (edited, "trade.txt")
    assert text[found.place.span.start : found.place.span.end] == QUOTES[language]


def test_one_digit_makes_it_changed(service: Service, language: str) -> None:
    before = add(service, text_of(language))
    made = asked(service, language)
    service.delete(before)
    add(service, text_of(language).replace(*EDITED[language]))
    assert only(service, made) == CitationCheck(1, "changed", None)


def test_a_quote_in_another_document_is_found_there(service: Service) -> None:
    before = add(service, text_of("en"))
    made = asked(service, "en")
    elsewhere = add(service, f"Copied: {QUOTES['en']}", "copy.txt")
    assert only(service, made).verdict == "stands"
    service.delete(before)
    found = only(service, made)
    assert found.verdict == "moved"
    assert found.place is not None
    assert (found.place.document_id, found.place.span) == (elsewhere, Span(8, 8 + len(QUOTES["en"])))
    same_name = add(service, f"Edited.\n{QUOTES['en']}")
    found = only(service, made)
    assert found.place is not None
    assert found.place.document_id == same_name  # rather than any other


def test_of_several_places_the_nearest_is_named(tmp_path: Path) -> None:
    quote = "Same words."
    with opened(tmp_path) as there:
        receipt = there.add(f"{quote} x {quote} yy {quote}")
        document = there.store.document(receipt.document_id)
        for start, nearest in ((0, 0), (8, 14), (15, 14), (27, 29), (9_999, 29)):
            span = Span(start, start + len(quote))
            made = recorded_at(document.id, quote, span, text_sha256="0" * 64)
            [found] = check_record(there.store, made, "").citations
            assert found.verdict == "moved"
            assert found.place is not None
            assert found.place.span == Span(nearest, nearest + len(quote))


def recorded_at(document_id: str, quote: str, span: Span, text_sha256: str) -> Record:
    return record(replace(citation(quote=quote), document_id=document_id, quote_span=span, text_sha256=text_sha256))


def test_the_same_text_without_the_quote_at_its_place_does_not_stand(service: Service) -> None:
    """A record that was altered and sealed anew."""
    add(service, text_of("en"))
    made = asked(service, "en")
    [cited] = made.citations
    shifted = replace(made, citations=(replace(cited, quote_span=Span(0, 5)),))
    assert only(service, shifted).verdict == "moved"
    invented = replace(made, citations=(replace(cited, quote="Nobody said this."),))
    assert only(service, invented) == CitationCheck(1, "changed", None)


def test_an_altered_record_does_not_stand_even_if_its_quotes_do(service: Service) -> None:
    add(service, text_of("en"))
    made = asked(service, "en")
    altered = service.check_record(replace(made, question="Another?"), record_sha256(made))
    assert (altered.unaltered, altered.stands) == (False, False)
    assert [citation.verdict for citation in altered.citations] == ["stands"]


def test_a_refusal_stands(service: Service) -> None:
    assert check(service, record()) == RecordCheck(unaltered=True, citations=())
    assert check(service, record()).stands


def test_a_check_loads_no_model_and_changes_nothing(service: Service, tmp_path: Path) -> None:
    add(service, text_of("en"))
    made, version = asked(service, "en"), service.index_version
    store = Store(tmp_path)
    assert check_record(store, made, record_sha256(made)).stands
    store.close()
    assert service.index_version == version
