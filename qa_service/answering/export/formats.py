"""What an answer can be exported as."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qa_service.answering.export.bibtex import write_bibtex
from qa_service.answering.export.gbt7714 import write_gbt7714
from qa_service.answering.export.markdown import write_markdown
from qa_service.answering.export.record import write_record
from qa_service.records import Record

FormatName = Literal["markdown", "bibtex", "gbt7714", "record"]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """How a record is written. `label` is for people; `suffix` and `media_type` are those of a file."""

    label: str
    suffix: str
    media_type: str
    write: Callable[[Record], str]


FORMATS: dict[FormatName, ExportFormat] = {
    "markdown": ExportFormat("Markdown", ".md", "text/markdown", write_markdown),
    "bibtex": ExportFormat("BibTeX", ".bib", "application/x-bibtex", write_bibtex),
    "gbt7714": ExportFormat("GB/T 7714", ".txt", "text/plain", write_gbt7714),
    "record": ExportFormat("Record", ".json", "application/json", write_record),
}
