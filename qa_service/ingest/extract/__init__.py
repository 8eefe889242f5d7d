"""Bytes to text, by their format. Plain text is read here, every other format in a process of its own (worker.py)."""

import atexit

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.extract.archive import LARGEST as LARGEST
from qa_service.ingest.extract.archive import contents as contents
from qa_service.ingest.extract.archive import expand as expand
from qa_service.ingest.extract.blocks import MAX_CHARACTERS
from qa_service.ingest.extract.front_matter import read_markdown
from qa_service.ingest.extract.kinds import find_kind
from qa_service.ingest.extract.process import Workers
from qa_service.records import Extracted, RawFile

_workers = Workers()
"""One set for the whole process, whatever services it opens: it bounds what reading takes of the machine."""
atexit.register(_workers.close)


def extract(file: RawFile) -> Extracted:
    """What a file holds. Raises BadFile."""
    kind = find_kind(file)
    if kind == "zip":
        raise BadFile(f"{file.name}: an archive is no document; the files in it are, one by one")
    if kind in ("txt", "md"):
        text, encoding = decode(file)
        if len(text) > MAX_CHARACTERS:
            raise BadFile(f"{file.name}: holds more than {MAX_CHARACTERS // 1_000_000} million characters; split it")
        return read_markdown(text, encoding) if kind == "md" else Extracted("txt", text, encoding)
    extracted = _workers.extract(file, kind)
    if not any(character.isalnum() for character in extracted.text):
        raise BadFile(f"{file.name}: the file holds no words")
    return extracted


def close_workers() -> None:
    """Ends the processes that wait for files; they start again when there are some."""
    _workers.close()
