"""Tables as rows: each a line of its own that says under which heads its values stand. Uses python-calamine."""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator, Sequence

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.extract.blocks import TextBuilder, one_line, storable
from qa_service.ingest.extract.html_metadata import Found
from qa_service.ingest.extract.office_properties import office_properties
from qa_service.ingest.extract.zipped_xml import opened
from qa_service.records import Extracted, RawFile

_DELIMITERS = ",;\t|"
_LOOKED_AT = 50
_MAX_CELL = 10_000_000
_MIN_HEADS = 2


def read_csv(file: RawFile) -> Extracted:
    """Values between commas, semicolons, tabs or bars. Raises BadFile."""
    text, encoding = decode(file)
    csv.field_size_limit(_MAX_CELL)
    builder = TextBuilder(file.name)
    try:
        _append_rows(builder, csv.reader(io.StringIO(storable(text), newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise BadFile(f"{file.name}: not a table that can be read ({error}); save it again, or as .txt") from error
    return builder.finish("csv", encoding)


def read_workbook(file: RawFile, format_name: str) -> Extracted:
    """The sheets of a workbook (xlsx, xlsb, xls, ods) one after the other, a section each. Raises BadFile."""
    builder = TextBuilder(file.name)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(file.content))
        for sheet in workbook.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_name(sheet.name).iter_rows()
                _append_rows(builder, ([_shown(cell) for cell in row] for row in rows), sheet.name)
    except PasswordError as error:
        raise BadFile(f"{file.name}: encrypted; save it without a password") from error
    except (CalamineError, OSError) as error:
        raise BadFile(
            f"{file.name}: a workbook that cannot be read ({one_line(str(error))}); save it as .csv"
        ) from error
    return builder.finish(format_name, metadata=_properties(file, format_name))


def _properties(file: RawFile, format_name: str) -> Found:
    """Those of a workbook that is a zip; older ones have others."""
    try:
        with opened(file) as package:
            return office_properties(package, format_name)
    except BadFile:
        return {}


def _append_rows(builder: TextBuilder, rows: Iterable[Sequence[str]], title: str = "") -> None:
    """The rows that hold anything, below the title, if any. The first one with two values or more gives the heads."""
    breaks = "\n\n"
    heads: list[str] | None = None
    for row in rows:
        cells = [one_line(cell) for cell in row]
        filled = sum(map(bool, cells))
        if not filled:
            continue
        if title:
            builder.add(title, level=1)
            title = ""
        if heads is None and filled >= _MIN_HEADS:
            heads = cells if _are_heads(cells) else []
            builder.add(" | ".join(filter(None, cells)), breaks=breaks)
        else:
            builder.add(" | ".join(_named(cells, heads or [])), breaks=breaks)
        breaks = "\n"


def _named(cells: Sequence[str], heads: Sequence[str]) -> Iterator[str]:
    for i, cell in enumerate(cells):
        if cell:
            head = heads[i] if i < len(heads) else ""
            yield f"{head}: {cell}" if head else cell


def _are_heads(cells: Sequence[str]) -> bool:
    """Different words, none of them a number alone, unless it is a year: 2023 | 2024."""
    filled = [cell for cell in cells if cell]
    return len(set(filled)) == len(filled) and not all(map(_is_number, filled)) and not _is_number(filled[0])


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "").replace(" ", "").rstrip("%"))
    except ValueError:
        return False
    return True


def _delimiter(text: str) -> str:
    """The one that cuts the first lines into the same number of values, and into most."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()][:_LOOKED_AT]

    def evenness(delimiter: str) -> tuple[float, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(counts), key=counts.count)
        return (counts.count(usual) / len(counts) if usual > 1 else 0.0, usual)

    return max(_DELIMITERS, key=evenness) if lines else ","


def _shown(cell: object) -> str:
    """A value as a person writes it: whole numbers without a point, days without midnight."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ")
    return storable(str(cell))
