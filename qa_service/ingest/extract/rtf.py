"""Rich text; the only home of striprtf."""

import re

from striprtf.striprtf import rtf_to_text

from qa_service.errors import BadFile
from qa_service.ingest.extract.blocks import TextBuilder
from qa_service.records import Extracted, RawFile

_NOTE = re.compile(r"\{\s*(?:\\\*\s*)?\\(?:footnote|annotation)\b")
"""striprtf leaves notes out: they become paragraphs where they stand."""
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")


def read_rtf(file: RawFile) -> Extracted:
    """Raises BadFile."""
    builder = TextBuilder(file.name)
    page = _CODE_PAGE.search(file.content[:1_000])
    encoding = f"cp{page.group(1).decode()}" if page else "cp1252"
    try:
        source = _NOTE.sub(r"{\\par ", file.content.decode("latin-1"))
        text = rtf_to_text(source, encoding=encoding, errors="strict")
    except (UnicodeError, LookupError, ValueError, OverflowError, RecursionError, IndexError) as error:
        raise BadFile(f"{file.name}: rich text that cannot be read; save it as .docx or .txt") from error
    for paragraph in text.split("\n"):
        builder.add(paragraph)
    return builder.finish("rtf")
