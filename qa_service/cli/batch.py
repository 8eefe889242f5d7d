"""Files and folders taken in one by one: what can't be read is reported, the rest goes on."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from qa_service.cli.progress import print_error, shown_progress
from qa_service.config import Settings
from qa_service.errors import BadFile, BadInput
from qa_service.ingest.extract import expand
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import RawFile

T = TypeVar("T")


def add_files(add: Callable[[RawFile], T], paths: Iterable[Path], settings: Settings) -> tuple[list[T], int]:
    """What `add` returned for each document that was taken in, and how many were not. The data directory is left out.

    A file may hold several: the members of an archive, the attachments of an e-mail.
    """
    entries = [entry for entry in find_files(paths) if not _is_own(entry, settings.data_dir)]
    added: list[T] = []
    failed = 0
    with shown_progress("Indexing") as progress:
        for done, entry in enumerate(entries, start=1):
            for file in _documents(entry, settings.max_upload_mb * 1_000_000):
                try:
                    if isinstance(file, BadFile):
                        raise file
                    added.append(add(file))
                except BadInput as error:
                    print_error(error)
                    failed += 1
            progress(done, len(entries))
    return added, failed


def _documents(entry: FileEntry | BadFile, max_bytes: int) -> Iterator[RawFile | BadFile]:
    """Each document of a file, or what is wrong with it."""
    try:
        if isinstance(entry, BadFile):
            raise entry
        yield from expand(entry.read(max_bytes))
    except BadFile as error:
        yield error


def _is_own(entry: FileEntry | BadFile, data_dir: Path) -> bool:
    return isinstance(entry, FileEntry) and entry.path.resolve().is_relative_to(data_dir.resolve())
