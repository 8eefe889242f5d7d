"""JSON: a record a paragraph, a value a line with the keys that lead to it."""

import json
from collections.abc import Iterator
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
    """What is no JSON in spite of its name is text. Raises BadFile."""
    text, encoding = decode(file)
    try:
        loaded = _loaded(text)
    except json.JSONDecodeError:
        return read_json_lines(file) if "\n" in text.strip() else Extracted("txt", text, encoding)
    except (RecursionError, ValueError) as error:
        raise BadFile(f"{file.name}: {_TOO_DEEP if isinstance(error, RecursionError) else error}") from error
    is_list = isinstance(loaded, list) and not isinstance(loaded, _Mapping)
    return _records(file, loaded if is_list else [loaded], "json", encoding)


def read_json_lines(file: RawFile) -> Extracted:
    """An object a line. What is no JSON in spite of its name is text. Raises BadFile."""
    text, encoding = decode(file)
    records = []
    try:
        for line in text.split("\n"):
            if line.strip():
                records.append(_loaded(line))
    except json.JSONDecodeError:
        return Extracted("txt", text, encoding)
    except (RecursionError, ValueError) as error:
        raise BadFile(f"{file.name}: {_TOO_DEEP if isinstance(error, RecursionError) else error}") from error
    return _records(file, records, "jsonl", encoding)


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
