"""What ships as an archive of arrays: opened without running anything, and refused by name where it is none."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np

from embeddings.errors import ModelError


@contextmanager
def open_archive(path: Path, what: str) -> Iterator[Any]:
    """Raises ModelError for whatever goes wrong with it, also while it is read: `path` is no `what`."""
    try:
        if not is_zipfile(path):
            raise ValueError("no such archive")
        with np.load(path, allow_pickle=False) as arrays:
            yield arrays
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile, zlib.error) as error:
        raise ModelError(f"{path}: no {what} ({error}); install the project again") from error
