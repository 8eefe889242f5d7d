"""Bytes to text, by their format."""

from qa_service.ingest.decode import decode
from qa_service.records import Encoding, Extracted, RawFile


def extract(file: RawFile) -> Extracted:
    """What a file holds. Raises BadFile."""
    return Extracted("txt", decode(file), Encoding("utf-8"))
