"""Vectors kept between runs, so that rotations and repeated runs encode nothing twice."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np

from embeddings.encoder import Encoder, Vectors
from embeddings.spec import ModelSpec

Kind = Literal["query", "passage"]
_BATCH = 256


class CachedEncoder:
    """An Encoder whose vectors are kept by model, kind and text in a SQLite file (without `path`: in memory).

    Only texts not yet known are encoded, in batches of similar length.
    """

    def __init__(self, encoder: Encoder, path: Path | None = None) -> None:
        self._encoder = encoder
        self._space = hashlib.sha256(json.dumps(asdict(encoder.spec), sort_keys=True).encode()).digest()
        self._lock = Lock()
        self._bypassed = False
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path or ":memory:", timeout=60, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )

    @property
    def spec(self) -> ModelSpec:
        return self._encoder.spec

    @property
    def encoder(self) -> Encoder:
        """The one whose vectors are kept."""
        return self._encoder

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        return self._encode("query", queries, self._encoder.encode_queries)

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        return self._encode("passage", passages, self._encoder.encode_passages)

    @contextmanager
    def bypassed(self) -> Iterator[None]:
        """Within, everything is encoded anew: for measuring time."""
        self._bypassed = True
        try:
            yield
        finally:
            self._bypassed = False

    def close(self) -> None:
        self._connection.close()

    def _encode(self, kind: Kind, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
        if self._bypassed:
            return encode(texts)
        keys = [self._key(kind, text) for text in texts]
        known = self._read(keys)
        missing = sorted({k: t for k, t in zip(keys, texts, strict=True) if k not in known}.items(), key=_by_length)
        for first in range(0, len(missing), _BATCH):
            batch = missing[first : first + _BATCH]
            vectors = encode([text for _, text in batch])
            rows = {key: vector for (key, _), vector in zip(batch, vectors, strict=True)}
            self._write(rows)
            known.update(rows)
        if not keys:
            return np.empty((0, self.spec.dimension), dtype=np.float32)
        return np.stack([known[key] for key in keys])

    def _key(self, kind: Kind, text: str) -> bytes:
        return hashlib.sha256(self._space + kind.encode() + b"\0" + text.encode()).digest()

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        with self._lock:
            for key in keys:
                row = self._connection.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = np.frombuffer(row[0], dtype=np.float32)
        return found

    def _write(self, rows: dict[bytes, Vectors]) -> None:
        with self._lock, self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
                [(key, np.ascontiguousarray(vector, dtype=np.float32).tobytes()) for key, vector in rows.items()],
            )


def _by_length(item: tuple[bytes, str]) -> int:
    return len(item[1])
