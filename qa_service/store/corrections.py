"""Corrections of a document's metadata by an operator: they come before all else, and can be taken back."""

import json
import sqlite3
from collections.abc import Mapping

from qa_service.errors import BadFile, BadInput, NotFound
from qa_service.ingest.carry_over import CORRECTED
from qa_service.ingest.describe import FIELDS, check_value
from qa_service.ingest.language import passage_language
from qa_service.records import Document
from qa_service.store.rows import next_generation
from qa_service.store.store import Store

_NEEDED = ("title", "language")

Changes = Mapping[str, str | None]
"""By field the right value, "" where there is none, or None for what stood there before the correction."""


def correct(store: Store, document_id: str, changes: Changes) -> Document:
    """Corrects a document's metadata; searches find it by the new values at once. Raises NotFound and BadInput.

    Its passages take on a new language without being encoded again.
    """
    document = store.document(document_id)
    checked = _checked(document, changes)
    with store.database.writing() as connection:
        row = connection.execute("SELECT * FROM documents WHERE id = ?", [document_id]).fetchone()
        if row is None:
            raise NotFound(f"no document {document_id}")
        values, origins = {field: row[field] for field in FIELDS}, json.loads(row["origins"])
        uncorrected: dict[str, tuple[str | None, str | None]] = json.loads(row["uncorrected"])
        for field, value in checked.items():
            if value is not None:
                uncorrected.setdefault(field, (values[field], origins.get(field)))
                values[field], origins[field] = value or None, CORRECTED
            elif field in uncorrected:
                values[field], origin = uncorrected.pop(field)
                origins = {**origins, field: origin} if origin else {k: v for k, v in origins.items() if k != field}
        connection.execute(
            f"UPDATE documents SET {', '.join(f'{field} = ?' for field in FIELDS)}, origins = ?, uncorrected = ?"
            " WHERE id = ?",
            [*(values[field] for field in FIELDS), json.dumps(origins), json.dumps(uncorrected), document_id],
        )
        if values["language"] != row["language"]:
            _relabel(connection, document_id, values["language"])
        next_generation(connection)
    return store.document(document_id)


def corrections(store: Store, document_id: str) -> dict[str, str]:
    """The corrected values by field, "" where the correction is that there is none. Raises NotFound."""
    document = store.document(document_id)
    fields = (field for field, origin in document.origins.items() if origin == CORRECTED)
    return {field: getattr(document.metadata, field) or "" for field in fields}


def _checked(document: Document, changes: Changes) -> dict[str, str | None]:
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
