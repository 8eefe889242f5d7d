"""Bytes to text, by their format."""

from qa_service.ingest.decode import decode
from qa_service.records import Extracted, RawFile


def extract(file: RawFile) -> Extracted:
    """What a file holds. Raises BadFile."""
    text, encoding = decode(file)
    return Extracted("txt", text, encoding)
