"""JSON: a record a paragraph, a value a line with the keys that lead to it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.extract.blocks import TextBuilder, one_line
from qa_service.ingest.extract.front_matter import FIELD_OF_KEY
from qa_service.ingest.extract.html_metadata import Found, iso_date, language_tag
from qa_service.records import Encoding, Extracted, RawFile

_MAX_DEPTH = 100
_TOO_DEEP = "nested too deep to be read; save what is needed of it"


class _Mapping(list[tuple[str, object]]):
    """The pairs of an object, in order, a key that comes twice too."""


def read_json(file: RawFile) -> Extracted:
    """A JSON text, or one a line. What does not even begin as JSON is text, in spite of its name. Raises BadFile."""
    return _read(file, {"json": _whole, "jsonl": _each_line})


def read_json_lines(file: RawFile) -> Extracted:
    """As `read_json`, a record a line first of all."""
    return _read(file, {"jsonl": _each_line, "json": _whole})


def _read(file: RawFile, ways: Mapping[str, Callable[[str], list[object]]]) -> Extracted:
    text, encoding = decode(file)
    faults = []
    for format_name, parsed in ways.items():
        try:
            return _records(file, parsed(text), format_name, encoding)
        except json.JSONDecodeError as error:
            faults.append(error)
        except (RecursionError, ValueError) as error:
            raise BadFile(f"{file.name}: {_TOO_DEEP if isinstance(error, RecursionError) else error}") from error
    if not text.lstrip().startswith(("{", "[")):
        return Extracted("txt", text, encoding)
    fault = max(faults, key=lambda each: each.lineno)
    where = f"line {fault.lineno}, column {fault.colno}"
    raise BadFile(
        f"{file.name}: damaged JSON ({where}: {fault.msg}); mend it or get it once more, or name it .txt if it is text"
    )


def _whole(text: str) -> list[object]:
    """Raises JSONDecodeError, ValueError and RecursionError, as `_each_line`."""
    loaded = _loaded(text)
    return loaded if isinstance(loaded, list) and not isinstance(loaded, _Mapping) else [loaded]


def _each_line(text: str) -> list[object]:
    records, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            try:
                records.append(_loaded(line))
            except json.JSONDecodeError as error:
                raise json.JSONDecodeError(error.msg, text, start + error.pos) from error
        start += len(line) + 1
    return records


def _loaded(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_Mapping, parse_int=str, parse_float=str)


def _records(file: RawFile, records: list[object], format_name: str, encoding: Encoding) -> Extracted:
    builder = TextBuilder(file.name)
    for record in records:
        breaks = "\n\n"
        for path, value in _leaves(file.name, record):
            builder.add(f"{path}: {value}" if path else value, breaks=breaks)
            breaks = "\n"
    metadata = _metadata(records[0]) if len(records) == 1 else {}
    return builder.finish(format_name, encoding, metadata=metadata)


def _metadata(record: object) -> Found:
    """What a file of one record says of itself under the keys that crawlers use."""
    found: Found = {}
    for key, value in record if isinstance(record, _Mapping) else ():
        field = FIELD_OF_KEY.get(key.casefold())
        if field and isinstance(value, str):
            shown = {"date": iso_date, "language": language_tag}.get(field, one_line)(value)
            if shown:
                found.setdefault(field, (shown, "json"))
    return found


def _leaves(file_name: str, record: object) -> Iterator[tuple[str, str]]:
    """(keys, value) of each text, number and truth value, in order; empty ones are left out."""
    waiting: list[tuple[str, object, int]] = [("", record, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise BadFile(f"{file_name}: {_TOO_DEEP}")
        if isinstance(value, _Mapping):
            waiting += [(f"{path}.{key}" if path else key, each, depth + 1) for key, each in reversed(value)]
        elif isinstance(value, list):
            waiting += [(path, each, depth + 1) for each in reversed(value)]
        elif isinstance(value, bool):
            yield path, str(value).lower()
        elif value is not None and str(value).strip():
            yield path, str(value)
