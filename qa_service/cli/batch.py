"""Files and folders taken in one by one: what can't be read is reported, the rest goes on."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TextIO, TypeVar

from qa_service.cli.progress import shown_progress
from qa_service.config import Settings
from qa_service.errors import BadFile, BadInput
from qa_service.ingest.extract import expand
from qa_service.ingest.files import FileEntry, find_files, shown_path
from qa_service.records import RawFile
from qa_service.web.document_responses import ReceiptOut

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that was not taken in, and why."""

    file: str
    error: BadInput


@dataclass(slots=True)
class Batch(Generic[T]):
    """What became of the files so far: what their addition returned by their place, and those that failed."""

    taken: dict[str, T] = field(default_factory=dict)
    failures: list[FailedFile] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.taken) + len(self.failures)


Watcher = Callable[[str, T | BadInput], None]
"""Called with each file and what became of it."""


def add_files(
    add: Callable[[RawFile], T],
    paths: Iterable[Path],
    settings: Settings,
    batch: Batch[T],
    tell: Watcher[T] = lambda _file, _outcome: None,
) -> None:
    """Takes in the files below the paths, the data directory left out, and writes into `batch` what became of each."""
    entries = own_entries(paths, settings)
    with shown_progress("Indexing") as progress:
        for done, entry in enumerate(entries, start=1):
            add_entry(add, entry, settings, batch, tell)
            progress(done, len(entries))


def add_entry(
    add: Callable[[RawFile], T], entry: FileEntry | BadFile, settings: Settings, batch: Batch[T], tell: Watcher[T]
) -> None:
    """Each document of a file: an archive holds several, an e-mail its attachments."""
    for document in documents_of(entry, settings):
        file = (isinstance(document, RawFile) and document.path) or place_of(entry)
        add_document(add, file, document, batch, tell)


def add_document(
    add: Callable[[RawFile], T], file: str, document: RawFile | BadFile, batch: Batch[T], tell: Watcher[T]
) -> None:
    """`file` is what the batch and `tell` know it by."""
    try:
        if not isinstance(document, RawFile):
            raise document
        batch.taken[file] = added = add(document)
    except BadInput as error:
        batch.failures.append(FailedFile(file, error))
        tell(file, error)
    else:
        tell(file, added)


def documents_of(entry: FileEntry | BadFile, settings: Settings) -> Iterator[RawFile | BadFile]:
    """Each document of a file, or what is wrong with it."""
    max_bytes = settings.max_upload_mb * 1_000_000
    try:
        if isinstance(entry, BadFile):
            raise entry
        yield from expand(entry.read(max_bytes), max_bytes)
    except BadFile as error:
        yield error


def own_entries(paths: Iterable[Path], settings: Settings) -> list[FileEntry | BadFile]:
    """The files below the paths; the data directory is left out."""
    return [entry for entry in find_files(paths) if not _is_of_service(entry, settings.data_dir)]


def place_of(entry: FileEntry | BadFile) -> str:
    return entry.place if isinstance(entry, FileEntry) else entry.file or str(entry)


@contextmanager
def receipts_file(path: Path | None) -> Iterator[Watcher[ReceiptOut]]:
    """Writes a line of JSON for each file as it is done, so that an interruption loses none. Raises BadInput."""
    if path is None:
        yield lambda _file, _outcome: None
        return
    try:
        lines = path.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"--receipts: {shown_path(path)} cannot be written ({error.strerror})") from error
    with lines:
        yield lambda file, outcome: _write_line(lines, file, outcome)


def _write_line(lines: TextIO, file: str, outcome: ReceiptOut | BadInput) -> None:
    fields = outcome.model_dump() if isinstance(outcome, ReceiptOut) else {"error": str(outcome)}
    lines.write(json.dumps({"file": file, **fields}, ensure_ascii=False) + "\n")
    lines.flush()


def _is_of_service(entry: FileEntry | BadFile, data_dir: Path) -> bool:
    return isinstance(entry, FileEntry) and entry.path.resolve().is_relative_to(data_dir.resolve())
