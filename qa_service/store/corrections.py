"""What is said of a document that is there, by an operator or by who gives its bytes again.

An operator's corrections come before all else, and can be taken back.
"""

import copy
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from qa_service.errors import BadFile, BadInput, NotFound
from qa_service.ingest.carry_over import CORRECTED
from qa_service.ingest.describe import FIELDS, check_value
from qa_service.ingest.language import passage_language
from qa_service.records import Document, RawFile
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
        found = _Values.of(connection, document_id)
        for field, value in checked.items():
            if value is not None:
                found.uncorrected.setdefault(field, (found.values[field], found.origins.get(field)))
                found.say(field, value or None, CORRECTED)
            elif field in found.uncorrected:
                found.say(field, *found.uncorrected.pop(field))
        found.write(connection, document_id)
    return store.document(document_id)


def restate(store: Store, document_id: str, file: RawFile) -> bool:
    """Takes over what is said anew of known bytes, by a sender, a sidecar or a manifest; False where nothing is.

    Under a correction it is what stands there when that is taken back. Raises NotFound and BadFile.
    """
    said = {
        field: (value, file.metadata_origins.get(field, "given"))
        for field in FIELDS
        if (value := check_value(file.name, field, file.metadata.get(field)))
    }
    if not said:
        return False
    with store.database.writing() as connection:
        found = _Values.of(connection, document_id)
        before = copy.deepcopy(found)
        for field, (value, origin) in said.items():
            if field in found.uncorrected:
                if found.uncorrected[field][0] != value:
                    found.uncorrected[field] = (value, origin)
            elif found.values[field] != value:  # what the text says too keeps the text as its origin
                found.say(field, value, origin)
        if found == before:
            return False
        found.write(connection, document_id)
    return True


@dataclass(slots=True)
class _Values:
    """A document's metadata as the store has it, its passages' language with it."""

    values: dict[str, str | None]
    origins: dict[str, str]
    uncorrected: dict[str, tuple[str | None, str | None]]

    @classmethod
    def of(cls, connection: sqlite3.Connection, document_id: str) -> "_Values":
        row = connection.execute("SELECT * FROM documents WHERE id = ?", [document_id]).fetchone()
        if row is None:
            raise NotFound(f"no document {document_id}")
        uncorrected = {name: (value, origin) for name, (value, origin) in json.loads(row["uncorrected"]).items()}
        return cls({field: row[field] for field in FIELDS}, json.loads(row["origins"]), uncorrected)

    def say(self, field: str, value: str | None, origin: str | None) -> None:
        self.values[field] = value
        if origin:
            self.origins[field] = origin
        else:
            self.origins.pop(field, None)

    def write(self, connection: sqlite3.Connection, document_id: str) -> None:
        before = connection.execute("SELECT language FROM documents WHERE id = ?", [document_id]).fetchone()
        connection.execute(
            f"UPDATE documents SET {', '.join(f'{field} = ?' for field in FIELDS)}, origins = ?, uncorrected = ?"
            " WHERE id = ?",
            [
                *(self.values[field] for field in FIELDS),
                *(json.dumps(self.origins), json.dumps(self.uncorrected), document_id),
            ],
        )
        language = self.values["language"]
        assert language is not None  # every document has one
        if language != before["language"]:
            _relabel(connection, document_id, language)
        next_generation(connection)


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
