"""Which reader reads which format. Imported by the child process alone: the readers' libraries are heavy."""

from collections.abc import Callable, Mapping
from functools import partial

from qa_service.ingest.extract.docx import read_docx
from qa_service.ingest.extract.eml import read_eml
from qa_service.ingest.extract.epub import read_epub
from qa_service.ingest.extract.html import read_html
from qa_service.ingest.extract.json_records import read_json, read_json_lines
from qa_service.ingest.extract.odt import read_odt
from qa_service.ingest.extract.pdf import read_pdf
from qa_service.ingest.extract.rtf import read_rtf
from qa_service.ingest.extract.tables import read_csv, read_workbook
from qa_service.records import Extracted, RawFile

READERS: Mapping[str, Callable[[RawFile], Extracted]] = {
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
    "odt": read_odt,
    "epub": read_epub,
    "eml": read_eml,
    "csv": read_csv,
    "xlsx": partial(read_workbook, format_name="xlsx"),
    "xls": partial(read_workbook, format_name="xls"),
    "ods": partial(read_workbook, format_name="ods"),
    "json": read_json,
    "jsonl": read_json_lines,
    "rtf": read_rtf,
}
