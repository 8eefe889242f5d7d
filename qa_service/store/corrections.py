"""What is said of a document that is there, by an operator or by who gives its bytes again.

An operator's corrections come before all else, and can be taken back.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qa_service.errors import BadFile, BadInput, NotFound
from qa_service.ingest.carry_over import CORRECTED
from qa_service.ingest.describe import FIELDS, check_value
from qa_service.ingest.language import passage_language
from qa_service.ingest.sidecar import OF_A_SIDECAR
from qa_service.records import Document, RawFile
from qa_service.store.rows import next_generation, read_document, update_metadata
from qa_service.store.store import Store

_NEEDED = ("title", "language")

Corrections = Mapping[str, str | None]
"""By field the right value, "" where there is none, or None for what stood there before the correction."""


def correct(store: Store, document_id: str, changes: Corrections) -> Document:
    """Corrects a document's metadata; searches find it by the new values at once. Raises NotFound and BadInput.

    Its passages take on a new language without being encoded again.
    """
    with store.database.writing() as connection:
        before = after = _read(connection, document_id)
        for field, value in _checked(before, changes).items():
            if value is not None:
                stood = before.uncorrected.get(field, (getattr(before.metadata, field), before.origins.get(field)))
                after = replace(after, uncorrected={**after.uncorrected, field: stood})
                after = _saying(after, field, value or None, CORRECTED)
            elif field in before.uncorrected:
                after = _saying(after, field, *before.uncorrected[field])
                after = replace(after, uncorrected={k: v for k, v in after.uncorrected.items() if k != field})
        _write(connection, before, after)
    return store.document(document_id)


def restate(store: Store, document_id: str, file: RawFile, own: Document | None = None) -> bool:
    """Takes over what is said anew of known bytes, by a sender, a sidecar or a manifest; False where nothing is.

    What nobody says any more (`unsaid`) is as in `own`, the file read again. Under a correction it is what stands there
    when that is taken back. Raises NotFound and BadFile.
    """
    said: dict[str, tuple[str | None, str | None]] = {
        field: (value, file.metadata_origins.get(field, "given"))
        for field in FIELDS
        if (value := check_value(file.name, field, file.metadata.get(field)))
    }
    if not said and own is None:
        return False
    with store.database.writing() as connection:
        before = after = _read(connection, document_id)
        if own is not None:
            said |= {each: (getattr(own.metadata, each), own.origins.get(each)) for each in unsaid(before, file)}
        for field, (value, origin) in said.items():  # what stands there already keeps its origin
            if field in before.uncorrected:
                if before.uncorrected[field][0] != value:
                    after = replace(after, uncorrected={**after.uncorrected, field: (value, origin)})
            elif getattr(before.metadata, field) != value:
                after = _saying(after, field, value, origin)
        if after == before:
            return False
        _write(connection, before, after)
    return True


def unsaid(document: Document, file: RawFile) -> tuple[str, ...]:
    """The fields of which a sidecar spoke that says no more of them, or is gone, or a manifest that is still there."""
    if file.path is None:  # sent without what stands beside it
        return ()
    stood = {**document.origins, **{field: origin for field, (_, origin) in document.uncorrected.items()}}
    asked = {(field, OF_A_SIDECAR) for field in FIELDS} | set(file.metadata_origins.items())
    return tuple(field for field in FIELDS if (field, stood.get(field)) in asked and not file.metadata.get(field))


def _read(connection: sqlite3.Connection, document_id: str) -> Document:
    document = read_document(connection, document_id)
    if document is None:
        raise NotFound(f"no document {document_id}")
    return document


def _saying(document: Document, field: str, value: str | None, origin: str | None) -> Document:
    said: dict[str, Any] = {field: value}
    origins = {k: v for k, v in document.origins.items() if k != field} | ({field: origin} if origin else {})
    return replace(document, metadata=replace(document.metadata, **said), origins=origins)


def _write(connection: sqlite3.Connection, before: Document, after: Document) -> None:
    update_metadata(connection, after)
    if after.metadata.language != before.metadata.language:
        _relabel(connection, after.id, after.metadata.language)
    next_generation(connection)


def corrections(store: Store, document_id: str) -> dict[str, str]:
    """The corrected values by field, "" where the correction is that there is none. Raises NotFound."""
    document = store.document(document_id)
    fields = (field for field, origin in document.origins.items() if origin == CORRECTED)
    return {field: getattr(document.metadata, field) or "" for field in fields}


def _checked(document: Document, changes: Corrections) -> dict[str, str | None]:
    if unknown := set(changes) - set(FIELDS):
        raise BadInput(f"{', '.join(sorted(unknown))}: not among {', '.join(FIELDS)}")
    checked: dict[str, str | None] = {}
    for field, value in changes.items():
        try:
            checked[field] = None if value is None else check_value(document.file_name, field, value) or ""
        except BadFile as error:
            raise BadInput(str(error)) from error
        if checked[field] == "" and field in _NEEDED:
            raise BadInput(f"{document.file_name}: the given {field} is blank; every document has one")
    return checked


def _relabel(connection: sqlite3.Connection, document_id: str, language: str) -> None:
    rows = connection.execute("SELECT id, search_text FROM passages WHERE document_id = ?", [document_id]).fetchall()
    connection.executemany(
        "UPDATE passages SET language = ? WHERE id = ?",
        [(passage_language(row["search_text"], language), row["id"]) for row in rows],
    )
