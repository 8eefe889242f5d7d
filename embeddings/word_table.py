"""The vectors of the vocabulary, most of a small multilingual model, read from the disk by row.

Two networks share them, and a question needs a few of their 250,000 rows: in memory they would be half of the process.
"""

import os
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.token_ids import Ids

_SLAB = 10_000


class WordTable:
    """A file of rows in 16 bits, `dimension` numbers each. May be used from several threads."""

    def __init__(self, path: Path, dimension: int) -> None:
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._dimension = dimension
        self._bytes = 2 * dimension

    @staticmethod
    def write(path: Path, table: NDArray[np.float32]) -> None:
        """Rows and columns as they are; what 16 bits cost is for the caller to judge."""
        with path.open("wb") as file:
            for start in range(0, len(table), _SLAB):
                file.write(table[start : start + _SLAB].astype("<f2").tobytes())

    def rows(self, ids: Ids) -> NDArray[np.float32]:
        """Of shape [*ids.shape, dimension]."""
        distinct, places = np.unique(ids, return_inverse=True)
        content = b"".join(os.pread(self._file, self._bytes, self._bytes * row) for row in distinct.tolist())
        found = np.frombuffer(content, "<f2").reshape(len(distinct), self._dimension).astype(np.float32)
        rows: NDArray[np.float32] = found[places.reshape(ids.shape)]
        return rows
