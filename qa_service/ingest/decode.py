"""Bytes to text, exactly or not at all; what is lost is counted and what is guessed is said."""

import codecs
import re

from qa_service.errors import BadFile
from qa_service.ingest.encoding_guess import (
    MIN_WHOLE,
    codec_of,
    damaged_reading,
    guess,
    has_controls,
    is_mostly_text,
    read_as,
    shown_name,
    utf16_reading,
)
from qa_service.records import Encoding, RawFile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
_NOT_LATIN = re.compile(r"[^\x00-\x7f\u00a0-\u017f\u2010-\u203a€™\ufffd]")
_MEANT = 8
"""So many characters beyond ASCII are not UTF-8 by chance."""
_ESCAPED = re.compile(rb"\x1b\$(?:[@B]|\)C)|\x1b\([BJ]|~\{(?:[!-w][!-~])+~\}")


def decode(file: RawFile, declared: str | None = None) -> tuple[str, Encoding]:
    """The verbatim text of a file, line ends as they are, without a byte order mark. Raises BadFile.

    `declared` is the encoding that the file or its sender names. Bytes that a damaged file has lost already become
    U+FFFD, and their number is told.
    """
    if not file.content:
        raise BadFile(f"{file.name}: the file is empty")
    text, encoding = _marked(file) or _declared(file.content, declared) or _utf8(file.content) or _guessed(file)
    if not text:
        raise BadFile(f"{file.name}: the file is empty")
    if not any(character.isalnum() for character in text):
        raise BadFile(f"{file.name}: the file holds no words")
    return text, encoding


def _marked(file: RawFile) -> tuple[str, Encoding] | None:
    """By its byte order mark."""
    for mark, codec, name in _MARKS:
        if file.content.startswith(mark):
            content = file.content[len(mark) :]
            return _marked_utf8(file, content) if codec == "utf-8" else _marked_wide(content, codec, name)
    return None


def _marked_utf8(file: RawFile, content: bytes) -> tuple[str, Encoding]:
    if b"\0" in content:
        raise BadFile(_not_text(file))
    try:
        return content.decode("utf-8"), Encoding("utf-8-sig")
    except UnicodeDecodeError as error:
        if damaged := _damaged_utf8(content):
            return damaged
        where = len(file.content) - len(content) + error.start
        raise BadFile(
            f"{file.name}: begins as UTF-8 and is not (byte {file.content[where]:#04x} at {where}); save it again"
        ) from error


def _marked_wide(content: bytes, codec: str, name: str) -> tuple[str, Encoding] | None:
    """UTF-16 or UTF-32, unless its mark is "яю" in Windows-1251: what follows is no text then."""
    text = content.decode(codec, "replace")
    replaced = text.count("\ufffd") - content.decode(codec, "ignore").count("\ufffd")
    if not is_mostly_text(text.removesuffix("\ufffd")):
        return None
    return text, Encoding(name, is_certain=not replaced, replaced=replaced)


def _declared(content: bytes, declared: str | None) -> tuple[str, Encoding] | None:
    """By what is said of it, where that holds. Nobody who declares UTF-16 in ASCII bytes means it, and a page that was
    saved as UTF-8 may still name what it was in before."""
    codec = codec_of(declared or "")
    if not codec or codec.startswith(("utf-16", "utf-32", "utf-7")) or b"\0" in content:
        return None
    whole, lost = _as_utf8(content)
    if not lost and whole >= _MEANT:
        return None
    text = read_as(content, codec)
    return (text, Encoding(shown_name(codec))) if text is not None else None


def _utf8(content: bytes) -> tuple[str, Encoding] | None:
    """Strictly UTF-8, unless the bytes are ASCII that stands for something else."""
    if b"\0" in content or (content.isascii() and _ESCAPED.search(content)):
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if has_controls(text) and (wide := utf16_reading(content)):
        return wide.text, Encoding(shown_name(wide.encoding))  # Cyrillic in UTF-16 is ASCII and control characters
    return text, Encoding("utf-8")


def _guessed(file: RawFile) -> tuple[str, Encoding]:
    content = file.content
    if b"\0" in content:
        if wide := utf16_reading(content):
            return wide.text, Encoding(shown_name(wide.encoding))
        raise BadFile(_not_text(file))
    if damaged := _damaged_utf8(content):
        return damaged
    best, others, is_certain = guess(content)
    if damaged_other := damaged_reading(content, best):
        reading, replaced = damaged_other
        return reading.text, Encoding(shown_name(reading.encoding), is_certain=False, replaced=replaced)
    if best is None and content.isascii():
        return content.decode("ascii"), Encoding("utf-8")
    if best is None:
        raise BadFile(f"{file.name}: not text in any known encoding (tried UTF-8, UTF-16, {_TRIED}); save it as UTF-8")
    if is_certain:
        whole, lost = _as_utf8(content)
        is_certain = not whole or whole < lost  # else it may be UTF-8 with something else in it
    return best.text, Encoding(shown_name(best.encoding), is_certain, () if is_certain else others)


_TRIED = "and those of Chinese, Japanese, Korean, Cyrillic, Greek, Turkish, Arabic, Hebrew, Thai and European files"


def _damaged_utf8(content: bytes) -> tuple[str, Encoding] | None:
    """UTF-8 that lost a few bytes, as a file that was cut short; the lost ones are counted."""
    text = content.decode("utf-8", "replace")
    whole, replaced = _as_utf8(content)
    enough = replaced if _is_latin(text) else MIN_WHOLE * replaced
    if not replaced or has_controls(text) or whole < enough:
        return None
    return text, Encoding("utf-8", is_certain=False, replaced=replaced)


def _as_utf8(content: bytes) -> tuple[int, int]:
    """How many characters beyond ASCII it holds as UTF-8, and how many pieces that are none."""
    text = content.decode("utf-8", "replace")
    lost = text.count("\ufffd") - content.count("\ufffd".encode())
    return sum(character > "\x7f" for character in text) - lost, lost


def _is_latin(text: str) -> bool:
    """Beyond ASCII only what texts in Latin letters hold: none other has "Ã©" and "â€™" where UTF-8 has é and ’."""
    return not _NOT_LATIN.search(text)


def _not_text(file: RawFile) -> str:
    return f"{file.name}: not a text file (a NUL byte at {file.content.index(0)})"
