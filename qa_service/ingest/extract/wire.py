"""What goes between the service and the process that reads files: frames of JSON and bytes, never pickle."""

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from qa_service.records import Encoding, Extracted, Section, Span

NO_MEMORY = 77
"""The exit status of a process that could not even say that it has none left."""
_LENGTH = struct.Struct(">Q")


def write_frame(stream: IO[bytes], content: bytes) -> None:
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Raises EOFError where the other side has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def to_json(extracted: Extracted) -> bytes:
    return json.dumps(asdict(extracted), ensure_ascii=False, separators=(",", ":")).encode()


def from_json(content: bytes) -> Extracted:
    """The constructors check the offsets again."""
    loaded = json.loads(content)
    encoding = loaded["encoding"]
    return Extracted(
        format=loaded["format"],
        text=loaded["text"],
        encoding=Encoding(**{**encoding, "candidates": tuple(encoding["candidates"])}) if encoding else None,
        sections=tuple(Section(**{**each, "span": Span(**each["span"])}) for each in loaded["sections"]),
        pages=tuple(Span(**each) if each else None for each in loaded["pages"]),
        furniture=_spans(loaded["furniture"]),
        metadata={field: (value, where) for field, (value, where) in loaded["metadata"].items()},
    )


def _spans(loaded: Sequence[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(**each) for each in loaded)
