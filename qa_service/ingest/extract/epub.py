"""E-books: the chapters in reading order."""

import posixpath
import re
from urllib.parse import unquote

from lxml import etree

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.extract.blocks import TextBuilder, one_line
from qa_service.ingest.extract.html import append_html, declared_charset, parse_html
from qa_service.ingest.extract.html_metadata import Found, iso_date, language_tag
from qa_service.ingest.extract.zipped_xml import Package, opened
from qa_service.records import Extracted, RawFile

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CHAPTERS = {"application/xhtml+xml", "text/html", "application/html+xml"}
_YEAR_OR_MONTH = re.compile(r"\d{4}(?:-\d{2})?", re.ASCII)
_FIELDS = {"title": "title", "creator": "author", "publisher": "source", "date": "date", "language": "language"}


def read_epub(file: RawFile) -> Extracted:
    """Raises BadFile."""
    builder = TextBuilder(file.name)
    with opened(file) as package:
        book = _book_name(file, package)
        root = package.tree(book)
        chapters = _chapters(root, posixpath.dirname(book))
        locked = _locked(package) & set(chapters)
        if locked:
            raise BadFile(f"{file.name}: copy-protected (DRM); only its publisher's programs read it")
        for name in chapters:
            if name in package.names:
                _append_chapter(builder, RawFile(f"{file.name}/{name}", package.read(name), {}))
    return builder.finish("epub", metadata=_metadata(root))


def _append_chapter(builder: TextBuilder, chapter: RawFile) -> None:
    try:
        markup, _ = decode(chapter, declared_charset(chapter.content))
        append_html(builder, parse_html(chapter.name, markup), None)
    except BadFile as error:
        if "no words" not in str(error) and "empty" not in str(error):  # a cover is an image
            raise


def _book_name(file: RawFile, package: Package) -> str:
    for rootfile in package.tree(_CONTAINER).iter("{*}rootfile"):
        if name := rootfile.get("full-path"):
            return name
    raise BadFile(f"{file.name}: damaged (no book is named in {_CONTAINER})")


def _chapters(root: etree._Element, folder: str) -> list[str]:
    """The names of the parts that are read, in their order."""
    items = {item.get("id"): item for item in root.iter(_OPF + "item")}
    names = []
    for reference in root.iter(_OPF + "itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and item.get("media-type") in _CHAPTERS:
            names.append(posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or ""))))
    return names


def _locked(package: Package) -> set[str]:
    """Encrypted parts. Fonts often are, in books that anybody may read."""
    if _ENCRYPTION not in package.names:
        return set()
    references = package.tree(_ENCRYPTION).iter("{http://www.w3.org/2001/04/xmlenc#}CipherReference")
    return {unquote(reference.get("URI") or "") for reference in references}


def _metadata(root: etree._Element) -> Found:
    found: Found = {}
    for tag, field in _FIELDS.items():
        values = [one_line("".join(map(str, each.itertext()))) for each in root.iter(_DC + tag)]
        value = ", ".join(filter(None, values)) if field == "author" else next(filter(None, values), "")
        if field == "date":
            value = iso_date(value) or (value if _YEAR_OR_MONTH.fullmatch(value) else "")
        elif field == "language":
            value = language_tag(value) or ""
        if value:
            found[field] = (value, "epub metadata")
    return found
