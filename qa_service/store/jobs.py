"""Batches that are taken in behind the sender's back, as the store keeps them."""

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from qa_service.errors import NotFound
from qa_service.records import Failure, RawFile, Status, TakenIn
from qa_service.store.database import Database

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]

_KEPT_JOBS = 200
_JOB = """
    SELECT jobs.*, (SELECT count(*) FROM job_failures WHERE job_id = jobs.id) AS failed,
        (SELECT count(*) FROM job_receipts WHERE job_id = jobs.id) AS receipts
    FROM jobs
"""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """An uploaded file on disk, under the name `staged`, with what was sent beside it."""

    staged: str
    size: int
    name: str
    metadata: Mapping[str, str]
    path: str | None = None
    replaces: str | None = None
    metadata_origins: Mapping[str, str] = field(default_factory=dict)

    def to_raw(self, content: bytes) -> RawFile:
        return RawFile(self.name, content, self.metadata, self.path, self.replaces, self.metadata_origins)


@dataclass(frozen=True, slots=True)
class Job:
    """A batch: how many of its files had their turn, and how long that took in all. `failed`: nothing was taken in."""

    id: str
    state: JobState
    total: int
    total_bytes: int
    done: int
    done_bytes: int
    failed: int
    receipts: int
    worked_s: float
    created_at: str
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class JobReceipt:
    """Numbers rise; a receipt that comes later has a higher one."""

    number: int
    document_id: str
    status: Status


@dataclass(frozen=True, slots=True)
class NextFile:
    """Whose turn it is. `attempts` counts this one."""

    job_id: str
    ordinal: int
    file: StagedFile
    attempts: int


class JobTable:
    """Every change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, files: Sequence[StagedFile], failures: Sequence[Failure]) -> str:
        """A new job; `failures` are files of it that are no use from the start. Its id."""
        job_id = uuid.uuid4().hex
        total_bytes = sum(file.size for file in files)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO jobs (id, state, total, total_bytes, done) VALUES (?, 'waiting', ?, ?, ?)",
                [job_id, len(files) + len(failures), total_bytes, len(failures)],
            )
            connection.executemany(
                "INSERT INTO job_files"
                " (job_id, ordinal, staged, bytes, file_name, metadata, path, replaces, metadata_origins)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(job_id, number, each) for number, each in enumerate(files)],
            )
            _insert_failures(connection, job_id, failures)
            _end_if_empty(connection, job_id)
            connection.execute(
                "DELETE FROM jobs WHERE finished_at IS NOT NULL"
                " AND rowid NOT IN (SELECT rowid FROM jobs ORDER BY rowid DESC LIMIT ?)",
                [_KEPT_JOBS],
            )
        return job_id

    def next_file(self) -> NextFile | None:
        """The first file of the oldest job that has any left; this is written down before it is tried."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT job_files.* FROM job_files JOIN jobs ON jobs.id = job_id ORDER BY jobs.rowid, ordinal LIMIT 1"
            ).fetchone()
        if row is None:
            return None
        with self._database.writing() as connection:
            connection.execute("UPDATE jobs SET state = 'running' WHERE id = ? AND state = 'waiting'", [row["job_id"]])
            connection.execute(
                "UPDATE job_files SET attempts = attempts + 1 WHERE job_id = ? AND ordinal = ?",
                [row["job_id"], row["ordinal"]],
            )
        file = StagedFile(
            staged=row["staged"],
            size=row["bytes"],
            name=row["file_name"],
            metadata=json.loads(row["metadata"]),
            path=row["path"],
            replaces=row["replaces"],
            metadata_origins=json.loads(row["metadata_origins"]),
        )
        return NextFile(row["job_id"], row["ordinal"], file, row["attempts"] + 1)

    def put_back(self, turn: NextFile) -> bool:
        """It was not tried, or not to its end, for no fault of the file. False where the job was cancelled."""
        with self._database.writing() as connection:
            waits = connection.execute(
                "UPDATE job_files SET attempts = attempts - 1 WHERE job_id = ? AND ordinal = ?",
                [turn.job_id, turn.ordinal],
            )
            return waits.rowcount > 0

    def finish(self, turn: NextFile, taken_in: TakenIn, seconds: float) -> None:
        """The file's turn is over."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM job_files WHERE job_id = ? AND ordinal = ?", [turn.job_id, turn.ordinal])
            connection.execute(
                "UPDATE jobs SET done = done + 1, done_bytes = done_bytes + ?, worked_s = worked_s + ? WHERE id = ?",
                [turn.file.size, seconds, turn.job_id],
            )
            connection.executemany(  # a document that was deleted meanwhile has no receipt
                "INSERT INTO job_receipts (job_id, document_id, status) SELECT ?, id, ? FROM documents WHERE id = ?",
                [(turn.job_id, each.status, each.document_id) for each in taken_in.receipts],
            )
            _insert_failures(connection, turn.job_id, taken_in.failures)
            _end_if_empty(connection, turn.job_id)

    def cancel(self, job_id: str) -> list[str]:
        """Takes out what waits, and the file whose turn it is; the names of the staged files. Raises NotFound."""
        with self._database.writing() as connection:
            if connection.execute("SELECT 1 FROM jobs WHERE id = ?", [job_id]).fetchone() is None:
                raise NotFound(f"no job {job_id}")
            rows = connection.execute("SELECT staged FROM job_files WHERE job_id = ?", [job_id]).fetchall()
            connection.execute("DELETE FROM job_files WHERE job_id = ?", [job_id])
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
                " WHERE id = ? AND finished_at IS NULL",
                [job_id],
            )
        return [row["staged"] for row in rows]

    def job(self, job_id: str) -> Job:
        """Raises NotFound."""
        with self._database.reading() as connection:
            row = connection.execute(f"{_JOB} WHERE id = ?", [job_id]).fetchone()
        if row is None:
            raise NotFound(f"no job {job_id}")
        return _to_job(row)

    def jobs(self) -> list[Job]:
        """The newest first."""
        with self._database.reading() as connection:
            return [_to_job(row) for row in connection.execute(f"{_JOB} ORDER BY jobs.rowid DESC")]

    def receipts(self, job_id: str, after: int, limit: int) -> list[JobReceipt]:
        """Of the documents that are still there, those with a higher number than `after`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id, document_id, status FROM job_receipts WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?",
                [job_id, after, limit],
            )
            return [JobReceipt(row["id"], row["document_id"], row["status"]) for row in rows]

    def failures(self, job_id: str) -> list[Failure]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM job_failures WHERE job_id = ? ORDER BY id", [job_id])
            return [Failure(row["file_name"], row["code"], row["reason"]) for row in rows]

    def staged(self) -> set[str]:
        """The names of all files that wait."""
        with self._database.reading() as connection:
            return {row["staged"] for row in connection.execute("SELECT staged FROM job_files")}


def _row(job_id: str, number: int, file: StagedFile) -> tuple[object, ...]:
    given, origins = json.dumps(dict(file.metadata)), json.dumps(dict(file.metadata_origins))
    return job_id, number, file.staged, file.size, file.name, given, file.path, file.replaces, origins


def _insert_failures(connection: sqlite3.Connection, job_id: str, failures: Sequence[Failure]) -> None:
    connection.executemany(
        "INSERT INTO job_failures (job_id, file_name, code, reason) VALUES (?, ?, ?, ?)",
        [(job_id, each.file_name, each.code, each.reason) for each in failures],
    )


def _end_if_empty(connection: sqlite3.Connection, job_id: str) -> None:
    connection.execute(
        "UPDATE jobs SET finished_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), state = CASE"
        " WHEN EXISTS (SELECT 1 FROM job_receipts WHERE job_id = :job)"
        " OR (SELECT count(*) FROM job_failures WHERE job_id = :job) < done THEN 'done' ELSE 'failed' END"
        " WHERE id = :job AND finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM job_files WHERE job_id = :job)",
        {"job": job_id},
    )


def _to_job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        state=row["state"],
        total=row["total"],
        total_bytes=row["total_bytes"],
        done=row["done"],
        done_bytes=row["done_bytes"],
        failed=row["failed"],
        receipts=row["receipts"],
        worked_s=row["worked_s"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
