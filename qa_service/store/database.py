"""SQLite as the only truth: its schema, its migrations, its connections."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from qa_service.errors import StoreError
from qa_service.store.filters import fold

log = logging.getLogger(__name__)

FILE_NAME = "qa.sqlite3"


def _halve_vectors(connection: sqlite3.Connection) -> None:
    """From float32 to float16: a row of a sentence then fits into its page, in place of a page of its own.

    Row by row in Python, so that an interruption is one and no error of SQLite. What it leaves free is still to be
    given back.
    """
    for read, write in (
        (
            "SELECT passage_id, vector FROM vectors ORDER BY passage_id",
            "UPDATE vectors SET vector = ? WHERE passage_id = ?",
        ),
        (
            "SELECT passage_id, start_char, vector FROM sentences ORDER BY passage_id, start_char",
            "UPDATE sentences SET vector = ? WHERE passage_id = ? AND start_char = ?",
        ),
    ):
        rows = connection.execute(read)
        connection.executemany(
            write,
            ((np.frombuffer(vector, np.float32).astype(np.float16).tobytes(), *place) for *place, vector in rows),
        )
    connection.execute("ALTER TABLE state ADD COLUMN shrink_due INTEGER NOT NULL DEFAULT 0")
    connection.execute("UPDATE state SET shrink_due = EXISTS (SELECT 1 FROM vectors)")


_MIGRATIONS: tuple[str | Callable[[sqlite3.Connection], None], ...] = (
    """
    CREATE TABLE manifests (
        id INTEGER PRIMARY KEY,
        json TEXT NOT NULL UNIQUE
    );
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE,
        file_name TEXT NOT NULL,
        title TEXT NOT NULL,
        source TEXT,
        author TEXT,
        date TEXT,
        url TEXT,
        language TEXT NOT NULL,
        origins TEXT NOT NULL,
        characters INTEGER NOT NULL,
        text_sha256 TEXT NOT NULL,
        manifest_id INTEGER NOT NULL REFERENCES manifests (id),
        added_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    );
    CREATE TABLE texts (
        document_id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
        text TEXT NOT NULL
    );
    CREATE TABLE originals (
        document_id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
        content BLOB NOT NULL
    );
    CREATE TABLE quarantine (
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        start_char INTEGER NOT NULL,
        end_char INTEGER NOT NULL,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (document_id, start_char)
    ) WITHOUT ROWID;
    -- ids are never used twice: a citation, a base file or a tombstone can't come to mean another passage
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        start_char INTEGER NOT NULL,
        end_char INTEGER NOT NULL,
        language TEXT NOT NULL,
        search_text TEXT NOT NULL,
        UNIQUE (document_id, ordinal)
    );
    CREATE TABLE vectors (
        passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
        vector BLOB NOT NULL
    );
    CREATE TABLE sentences (
        passage_id INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
        start_char INTEGER NOT NULL,
        end_char INTEGER NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (passage_id, start_char)
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE lexical USING fts5 (terms, tokenize = 'unicode61 remove_diacritics 2');
    CREATE TRIGGER passages_lexical AFTER DELETE ON passages BEGIN
        DELETE FROM lexical WHERE rowid = old.id;
    END;
    -- the one base file that counts, and the passages that were deleted since it was built
    CREATE TABLE base_index (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        file_name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        count INTEGER NOT NULL,
        last_passage_id INTEGER NOT NULL,
        generation INTEGER NOT NULL
    );
    CREATE TABLE tombstones (
        passage_id INTEGER PRIMARY KEY,
        generation INTEGER NOT NULL
    );
    CREATE TABLE state (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        generation INTEGER NOT NULL
    );
    INSERT INTO state VALUES (1, 0);
    """,
    """
    -- a base holds neutral vectors: the directions that were taken out of them belong to it
    DELETE FROM base_index;
    ALTER TABLE base_index ADD COLUMN directions BLOB NOT NULL DEFAULT x'';
    """,
    """
    -- terms in Latin letters, and the folded text; they are filled by the reindex that the newer terms ask for
    DROP TABLE lexical;
    CREATE VIRTUAL TABLE lexical USING fts5 (words, folded UNINDEXED, tokenize = 'unicode61');
    CREATE VIRTUAL TABLE lexical_words USING fts5vocab (lexical, row);
    """,
    """
    -- where a sentence stands in its passage's search text; filled by the reindex that the newer passages ask for
    ALTER TABLE sentences ADD COLUMN search_start INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE sentences ADD COLUMN search_end INTEGER NOT NULL DEFAULT 1;
    """,
    """
    -- how the bytes became text, where the file stands, what became of it; a superseded version stays for its citations
    ALTER TABLE documents ADD COLUMN format TEXT NOT NULL DEFAULT 'txt';
    ALTER TABLE documents ADD COLUMN encoding TEXT;
    ALTER TABLE documents ADD COLUMN status TEXT NOT NULL DEFAULT 'indexed';
    ALTER TABLE documents ADD COLUMN path TEXT;
    ALTER TABLE documents ADD COLUMN replaces TEXT;
    CREATE INDEX documents_path ON documents (path);
    CREATE TABLE sections (
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        start_char INTEGER NOT NULL,
        end_char INTEGER NOT NULL,
        title TEXT NOT NULL,
        level INTEGER NOT NULL,
        speaker TEXT,
        PRIMARY KEY (document_id, ordinal)
    ) WITHOUT ROWID;
    -- a page without text has no row
    CREATE TABLE pages (
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        start_char INTEGER NOT NULL,
        end_char INTEGER NOT NULL,
        PRIMARY KEY (document_id, number)
    ) WITHOUT ROWID;
    ALTER TABLE documents ADD COLUMN page_count INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE quarantine ADD COLUMN state TEXT NOT NULL DEFAULT 'quarantined';
    ALTER TABLE quarantine ADD COLUMN decided_by TEXT NOT NULL DEFAULT 'rules';
    ALTER TABLE passages ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0;
    -- what only the moment of taking in knows; the rest of a receipt is read from the document
    CREATE TABLE receipts (
        document_id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
        took_ms REAL NOT NULL
    );
    -- by corrected field what stood there before, with its origin: what taking the correction back restores
    ALTER TABLE documents ADD COLUMN uncorrected TEXT NOT NULL DEFAULT '{}';
    -- batches that are taken in behind the sender's back; a file stands in job_files until its turn is over
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        total INTEGER NOT NULL,
        total_bytes INTEGER NOT NULL,
        done INTEGER NOT NULL DEFAULT 0,
        done_bytes INTEGER NOT NULL DEFAULT 0,
        worked_s REAL NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
        finished_at TEXT
    );
    CREATE TABLE job_files (
        job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        staged TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        file_name TEXT NOT NULL,
        metadata TEXT NOT NULL,
        path TEXT,
        replaces TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (job_id, ordinal)
    ) WITHOUT ROWID;
    -- what became of the files: a receipt goes with its document
    CREATE TABLE job_receipts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        status TEXT NOT NULL
    );
    CREATE INDEX job_receipts_job ON job_receipts (job_id);
    CREATE INDEX job_receipts_document ON job_receipts (document_id);
    CREATE TABLE job_failures (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        file_name TEXT NOT NULL,
        code TEXT NOT NULL,
        reason TEXT NOT NULL
    );
    CREATE INDEX job_failures_job ON job_failures (job_id);
    -- which document took the place of an older version; the newest has none
    ALTER TABLE documents ADD COLUMN superseded_by TEXT;
    CREATE INDEX documents_superseded_by ON documents (superseded_by);
    CREATE INDEX documents_file_name ON documents (file_name);
    CREATE TABLE near_duplicates (
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        other_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        share REAL NOT NULL,
        PRIMARY KEY (document_id, other_id)
    ) WITHOUT ROWID;
    CREATE INDEX near_duplicates_other ON near_duplicates (other_id);
    CREATE TABLE fingerprints (
        hash INTEGER NOT NULL,
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        PRIMARY KEY (hash, document_id)
    ) WITHOUT ROWID;
    CREATE INDEX fingerprints_document ON fingerprints (document_id);
    -- lines without content, kept where they were asked for; the document is there no more
    CREATE TABLE audit (
        deleted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
        document_id TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        command TEXT NOT NULL
    );
    -- so many deletions whose words are still in the full-text index
    ALTER TABLE state ADD COLUMN purge_due INTEGER NOT NULL DEFAULT 0;
    """,
    _halve_vectors,
    """
    -- was a superseded version still waiting? then nobody let it be searched
    ALTER TABLE documents ADD COLUMN was_waiting INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX documents_replaces ON documents (replaces);
    """,
    """
    ALTER TABLE job_files ADD COLUMN metadata_origins TEXT NOT NULL DEFAULT '{}';
    """,
    """
    -- where the bytes of a document were seen: when they go from one place, they may stand at another
    CREATE TABLE paths (
        path TEXT PRIMARY KEY,
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        file_name TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX paths_document ON paths (document_id);
    INSERT OR IGNORE INTO paths SELECT path, id, file_name FROM documents
        WHERE path IS NOT NULL AND status != 'superseded';
    -- did somebody send it? then it stays when its file goes
    ALTER TABLE documents ADD COLUMN was_sent INTEGER NOT NULL DEFAULT 0;
    UPDATE documents SET was_sent = path IS NULL;
    """,
    """
    -- did a sent version take its place? then its files that stay as they are do not bring it back
    ALTER TABLE documents ADD COLUMN was_overruled INTEGER NOT NULL DEFAULT 0;
    -- the name under which it was last sent, whatever a folder calls it
    ALTER TABLE documents ADD COLUMN sent_as TEXT;
    UPDATE documents SET sent_as = file_name WHERE was_sent;
    """,
)
SCHEMA_VERSION = len(_MIGRATIONS)

_HINTS = {
    "SQLITE_FULL": "free some disk space",
    "SQLITE_IOERR": "the disk failed or is full; nothing was changed",
    "SQLITE_NOTADB": "the file is damaged: restore it from a copy, or move it away to begin anew",
    "SQLITE_CORRUPT": "the file is damaged: restore it from a copy, or move it away to begin anew",
    "SQLITE_READONLY": "make the data directory writable",
    "SQLITE_CANTOPEN": "make the data directory readable and writable",
}


def _apply(migration: str | Callable[[sqlite3.Connection], None], connection: sqlite3.Connection) -> None:
    """Inside the transaction that is open, which `executescript` would commit."""
    if not isinstance(migration, str):
        migration(connection)
        return
    statement = ""
    for line in migration.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


class Database:
    """The connections to one file: one for the writer, one for each reader at a time. Raises StoreError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._free_readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._connections: list[sqlite3.Connection] = []
        self._write_lock = threading.Lock()
        self._closed = False
        try:
            with self._errors():
                self._writer = self._connect()
                self._migrate()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, rolled back by an error. One writer at a time."""
        with self._write_lock, self._errors():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.commit()
            except BaseException:  # also when the disk is full at the commit: the next transaction must find none open
                self._writer.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the store."""
        with self._errors():
            if self._closed:
                raise StoreError(f"{self.path}: the store is closed")
            try:
                connection = self._free_readers.get_nowait()
            except queue.Empty:
                connection = self._connect()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()
                self._free_readers.put(connection)

    def checkpoint(self) -> None:
        """Moves the log into the file and empties it, so that what was deleted is on the disk no more."""
        with self._write_lock, self._errors():
            if self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()["busy"]:
                log.warning("readers were busy: deleted texts stay in the log until the next change")

    def close(self) -> None:
        self._closed = True
        for connection in self._connections:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        self._connections.append(connection)
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("folded", 1, lambda text: text and fold(text), deterministic=True)
        return connection

    def _migrate(self) -> None:
        first = version = self._version()
        if 0 < first < SCHEMA_VERSION:
            log.warning(
                "%s changes from schema %d to %d: a large one takes minutes, and its size again in free space",
                *(self.path, first, SCHEMA_VERSION),
            )
        while version < SCHEMA_VERSION:
            with self.writing() as connection:
                version = self._version()  # another process may have changed it meanwhile
                if version < SCHEMA_VERSION:
                    _apply(_MIGRATIONS[version], connection)
                    version += 1
                    connection.execute(f"PRAGMA user_version = {version}")
        if self._writer.execute("SELECT shrink_due FROM state").fetchone()[0]:
            self._shrink()

    def _version(self) -> int:
        version: int = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} was written by a newer qa-service (schema {version}, this one knows {SCHEMA_VERSION}):"
                " install the newer version"
            )
        return version

    def _shrink(self) -> None:
        """Gives back what a change of the schema freed, where there is room to; else the next opening tries again."""
        try:
            self._writer.execute("VACUUM")
            self._writer.execute("UPDATE state SET shrink_due = 0")
        except sqlite3.OperationalError as error:
            log.warning("%s keeps its size until there is room for a copy: %s", self.path, error)
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")  # SQLITE_READONLY_DIRECTORY is a kind of SQLITE_READONLY
            hint = next((hint for kind, hint in _HINTS.items() if name.startswith(kind)), "nothing was changed")
            raise StoreError(f"{self.path}: {error} ({hint})") from error
