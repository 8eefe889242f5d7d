"""A form of files read as it comes: each file goes to disk, up to its limit; none of it stays in memory."""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import TracebackType
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from qa_service.errors import BadInput
from qa_service.store.staging import Staging

# it warns of every broken form, with bytes of it; the sender is told
logging.getLogger("python_multipart").setLevel(logging.ERROR)

FILE_FIELD = "file"
MAX_FILES = 1_000
_MAX_FIELDS, _MAX_FIELD = 20, 1_000_000
_MAX_HEADERS, _MAX_HEADER = 20, 16_384  # names of 5,000 bytes are cut, not refused
_MAX_NAME = 200
_ESCAPED = re.compile("%(22|0D|0A)")
_NO_FORM = "body: send the documents as multipart/form-data in the field `file`"
_BROKEN = "body: is not a form that can be read; it may be cut off"


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form. `sent_as` is its name as it was sent, `staged` is None where it is too large to be kept."""

    name: str
    sent_as: str
    staged: str | None
    size: int


class UploadForm:
    """Takes a body in pieces; leaving it as a context removes from disk what was not handed over."""

    def __init__(self, content_type: str, staging: Staging, max_file: int) -> None:
        """`max_file` is in bytes. Raises BadInput for what is no form of files."""
        kind, parameters = parse_options_header(content_type)
        boundary = parameters.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise BadInput(_NO_FORM)
        self.files: list[SentFile] = []
        self.fields: dict[str, str] = {}
        self._staging, self._max_file = staging, max_file
        self._staged: list[str] = []
        self._part: _FieldPart | _FilePart | None = None
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._is_complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open_part,
                    "on_part_data": self._write_part,
                    "on_part_end": self._end_part,
                    "on_end": self._complete,
                },
                max_header_count=_MAX_HEADERS,
                max_header_size=_MAX_HEADER,
            )
        except FormParserError as error:
            raise BadInput(_NO_FORM) from error

    def __enter__(self) -> "UploadForm":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._part is not None:
            self._part.close()
        self._staging.remove(self._staged)

    def feed(self, piece: bytes) -> None:
        """Raises BadInput, and StoreError when the disk is full."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise BadInput(_BROKEN) from error
        except OSError as error:
            raise self._staging.trouble(error) from error

    def finish(self) -> None:
        """Raises BadInput when the body ended too early or held no file."""
        if not self._is_complete:
            raise BadInput(_BROKEN)
        if not self.files:
            raise BadInput(f"{FILE_FIELD}: no file was sent; send the documents in this field")

    def hand_over(self, staged: Collection[str]) -> None:
        """These staged files are somebody else's from now on."""
        self._staged = [each for each in self._staged if each not in staged]

    def _begin_part(self) -> None:
        self._disposition = b""

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _open_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        field, sent_as = _decoded(options.get(b"name", b"")), options.get(b"filename")
        if sent_as is None:
            self._part = self._open_field(field)
        elif field != FILE_FIELD:
            raise BadInput(f"{_shown(field)}: is not a field for files; send them in the field `{FILE_FIELD}`")
        elif len(self.files) >= MAX_FILES:
            raise BadInput(f"{FILE_FIELD}: more than {MAX_FILES:,} files; send them in several requests")
        else:
            staged, file = self._staging.create()
            self._staged.append(staged)
            self._part = _FilePart(_unescaped(_decoded(sent_as)), staged, file, self._max_file)

    def _open_field(self, field: str) -> "_FieldPart":
        if field == FILE_FIELD:
            raise BadInput(f"{FILE_FIELD}: was sent without a file name, so as a text; send it as a file")
        if field in self.fields:
            raise BadInput(f"{_shown(field)}: was sent twice")
        if len(self.fields) >= _MAX_FIELDS:
            raise BadInput(f"body: more than {_MAX_FIELDS} fields")
        return _FieldPart(field)

    def _write_part(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None
        self._part.write(data[start:end])

    def _end_part(self) -> None:
        part, self._part = self._part, None
        assert part is not None
        part.close()
        if isinstance(part, _FieldPart):
            self.fields[part.name] = _decoded(bytes(part.content))
        elif part.size > self._max_file:
            self._staging.remove([part.staged])
            self.files.append(SentFile(file_name(part.sent_as), part.sent_as, None, part.size))
        else:
            self.files.append(SentFile(file_name(part.sent_as), part.sent_as, part.staged, part.size))

    def _complete(self) -> None:
        self._is_complete = True


class _FieldPart:
    """A text beside the files."""

    def __init__(self, name: str) -> None:
        self.name, self.content = name, bytearray()

    def write(self, piece: bytes) -> None:
        self.content += piece
        if len(self.content) > _MAX_FIELD:
            raise BadInput(f"{_shown(self.name)}: longer than {_MAX_FIELD // 1_000_000} MB")

    def close(self) -> None:
        """Nothing is open."""


class _FilePart:
    """A file on its way to disk; what goes beyond `max_size` is counted and dropped."""

    def __init__(self, sent_as: str, staged: str, file: BinaryIO, max_size: int) -> None:
        self.sent_as, self.staged, self.size = sent_as, staged, 0
        self._file, self._max_size = file, max_size

    def write(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= self._max_size:
            self._file.write(piece)

    def close(self) -> None:
        self._file.close()


def file_name(sent_as: str) -> str:
    """The last part of what the sender calls the file, printable, at most 200 characters."""
    name = PurePosixPath(sent_as.replace("\\", "/")).name
    printable = "".join(character for character in name if character.isprintable())[:_MAX_NAME]
    return printable if printable.strip(". ") else "unnamed"


def _decoded(value: bytes) -> str:
    """UTF-8 as browsers send it, Latin-1 where it is none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _unescaped(name: str) -> str:
    """A file name with the three characters that HTML escapes in one, and no others."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)


def _shown(field: str) -> str:
    return file_name(field)[:80]
