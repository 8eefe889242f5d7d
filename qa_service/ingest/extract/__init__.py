"""Bytes to text, by their format."""

from collections.abc import Iterator

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.records import Encoding, Extracted, RawFile


def extract(file: RawFile) -> Extracted:
    """What a file holds. Raises BadFile."""
    return Extracted("txt", decode(file), Encoding("utf-8"))


def expand(file: RawFile) -> Iterator[RawFile | BadFile]:
    """The files inside a container, or the file itself."""
    yield file
