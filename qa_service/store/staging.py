"""Uploaded files on disk until they are taken in, under names of our own."""

import os
import uuid
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO

from qa_service.errors import StoreError

FOLDER = "uploads"


class Staging:
    """A folder that only its own process writes to. Raises StoreError where the disk does not do as it is told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self) -> tuple[str, BinaryIO]:
        """A new file under a name that no sender chose."""
        name = uuid.uuid4().hex
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise self.trouble(error) from error
        return name, os.fdopen(descriptor, "wb")

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise self.trouble(error) from error

    def sync(self, names: Iterable[str]) -> None:
        """Returns when the files, and that they are there, would outlast a power cut."""
        try:
            for path in [*(self._folder / name for name in names), self._folder]:
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise self.trouble(error) from error

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def remove_others(self, wanted: Collection[str]) -> None:
        """What an interruption left behind."""
        if self._folder.is_dir():
            self.remove(path.name for path in self._folder.iterdir() if path.name not in wanted)

    def trouble(self, error: OSError) -> StoreError:
        return StoreError(f"{self._folder}: {error.strerror or error}; free some disk space and send the files again")
