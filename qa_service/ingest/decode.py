"""Bytes to text, exactly or not at all."""

import codecs

from qa_service.errors import BadFile
from qa_service.records import RawFile


def decode(file: RawFile) -> str:
    """The verbatim text of a UTF-8 text file, line ends as they are, without a byte order mark. Raises BadFile."""
    content = file.content.removeprefix(codecs.BOM_UTF8)
    if not content:
        raise BadFile(f"{file.name}: the file is empty")
    offset = len(file.content) - len(content)
    if b"\0" in content:
        where = offset + content.index(0)
        raise BadFile(f"{file.name}: not a text file (a NUL byte at {where}); if it is UTF-16, save it as UTF-8")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(
            f"{file.name}: not text in UTF-8 (byte {content[error.start]:#04x} at {offset + error.start});"
            " save it as UTF-8"
        ) from error
    if not any(character.isalnum() for character in text):
        raise BadFile(f"{file.name}: the file holds no words")
    return text
