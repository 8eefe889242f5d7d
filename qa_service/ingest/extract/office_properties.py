"""What a document or a workbook of an Office program says of itself: docProps/core.xml (ECMA-376, part 2)."""

from qa_service.ingest.extract.blocks import one_line
from qa_service.ingest.extract.html_metadata import Found, iso_date, language_tag
from qa_service.ingest.extract.zipped_xml import Package

_PART = "docProps/core.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_NOBODY = {"openpyxl", "python-docx", "microsoft office user", "windows user", "user", "admin", "unknown"}
"""What programs write in the place of an author."""


def office_properties(package: Package, format_name: str) -> Found:
    """Title, author, language and the day it was made; empty where there are none that can be read."""
    root = package.optional_tree(_PART)
    if root is None:
        return {}
    values = {
        "title": one_line(root.findtext(_DC + "title") or ""),
        "author": one_line(root.findtext(_DC + "creator") or ""),
        "language": language_tag(one_line(root.findtext(_DC + "language") or "")),
        "date": iso_date(root.findtext(_TERMS + "created") or ""),
    }
    return {
        field: (value, f"{format_name} properties")
        for field, value in values.items()
        if value and not (field == "author" and value.casefold() in _NOBODY)
    }
