"""Files and folders taken in one by one: what can't be read is reported, the rest goes on."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from qa_service.cli.progress import errors, shown_progress
from qa_service.errors import BadInput
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import RawFile

T = TypeVar("T")


def add_files(add: Callable[[RawFile], T], paths: Iterable[Path], max_bytes: int) -> tuple[list[T], int]:
    """What `add` returned for each file that was taken in, and how many were not."""
    entries = list(find_files(paths))
    added: list[T] = []
    with shown_progress("Indexing") as progress:
        for done, entry in enumerate(entries, start=1):
            try:
                if not isinstance(entry, FileEntry):
                    raise entry
                added.append(add(entry.read(max_bytes)))
            except BadInput as error:
                errors.print(f"error: {error}", markup=False)
            progress(done, len(entries))
    return added, len(entries) - len(added)
