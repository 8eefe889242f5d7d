"""An answer as a record: one JSON object that says what was answered when, by what, and from which documents.

Its sha256 is over the rest of it in canonical form (RFC 8785), which any language can compute: a change is noticed. It
is no signature: whoever changes a record on purpose can write the new hash into it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785

from embeddings.spec import ModelSpec
from qa_service.records import Answer, Citation, Record, RecordedCitation

FORMAT = "qa-service-record"
VERSION = 1
_STEERS_A_TERMINAL = re.compile(r"[\x7f-\x9f]")


def make_record(answer: Answer, model: ModelSpec, reranker: str) -> Record:
    """The record of an answer that was given just now by this model and second stage."""
    return Record(
        id=answer.id,
        answered_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        question=answer.question,
        language=answer.language,
        search_query=answer.search_query,
        answerable=answer.answerable,
        confidence=answer.confidence,
        answer=answer.text,
        answer_kind=answer.kind,
        index_version=answer.index_version,
        model=model.name,
        model_sha256=model.weights_sha256,
        reranker=reranker,
        citations=tuple(map(_recorded, answer.citations)),
    )


def record_object(record: Record) -> dict[str, Any]:
    """The record as it is written, under the names of the API, sealed with its sha256."""
    return {**_unsealed(record), "sha256": record_sha256(record)}


def record_sha256(record: Record) -> str:
    return hashlib.sha256(rfc8785.dumps(_unsealed(record))).hexdigest()


def write_record(record: Record) -> str:
    return record_json(record_object(record))


def record_json(sealed: Mapping[str, Any]) -> str:
    """For people and programs: indented, every script as it is, nothing that steers a terminal."""
    text = json.dumps(sealed, indent=2, ensure_ascii=False)
    return _STEERS_A_TERMINAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _recorded(citation: Citation) -> RecordedCitation:
    hit = citation.hit
    return RecordedCitation(
        index=citation.index,
        quote=citation.quote,
        quote_span=citation.quote_span,
        passage_span=hit.passage.span,
        document_id=hit.passage.document_id,
        document_sha256=hit.document_sha256,
        text_sha256=hit.text_sha256,
        file_name=hit.file_name,
        metadata=hit.metadata,
        section=citation.section,
        speaker=citation.speaker,
        page=citation.page,
    )


def _unsealed(record: Record) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": record.id,
        "answered_at": record.answered_at,
        "question": record.question,
        "language": record.language,
        "search_query": record.search_query,
        "answerable": record.answerable,
        "confidence": record.confidence,
        "answer": record.answer,
        "answer_kind": record.answer_kind,
        "index_version": record.index_version,
        "model": record.model,
        "model_sha256": record.model_sha256,
        "reranker": record.reranker,
        "citations": [_citation_object(citation) for citation in record.citations],
    }


def _citation_object(citation: RecordedCitation) -> dict[str, Any]:
    metadata = citation.metadata
    # what older records don't know stands there only where it is known, so that their hashes hold
    place = {"section": citation.section, "speaker": citation.speaker, "page": citation.page}
    return {
        **{name: value for name, value in place.items() if value is not None},
        "index": citation.index,
        "quote": citation.quote,
        "quote_start_char_index": citation.quote_span.start,
        "quote_end_char_index": citation.quote_span.end,
        "start_char_index": citation.passage_span.start,
        "end_char_index": citation.passage_span.end,
        "document_id": citation.document_id,
        "document_sha256": citation.document_sha256,
        "text_sha256": citation.text_sha256,
        "file_name": citation.file_name,
        "title": metadata.title,
        "source": metadata.source,
        "author": metadata.author,
        "date": metadata.date,
        "url": metadata.url,
        "language": metadata.language,
    }
