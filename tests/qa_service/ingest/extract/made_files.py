"""Files of every format, made by the libraries that people's programs use, or by hand where that is clearer."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from email.message import EmailMessage

import docx
import openpyxl

from qa_service.errors import BadFile
from qa_service.ingest.extract import expand, extract
from qa_service.records import Extracted, RawFile

_ODF = " ".join(
    f'xmlns:{part}="urn:oasis:names:tc:opendocument:xmlns:{part}:1.0"' for part in ("office", "text", "table", "meta")
)
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def extracted(name: str, content: bytes) -> Extracted:
    return extract(RawFile(name, content, {}))


def documents(name: str, content: bytes) -> dict[str, RawFile]:
    """What a file holds that can be documents, by name."""
    return {file.name: file for file in expand(RawFile(name, content, {})) if isinstance(file, RawFile)}


def refusals(name: str, content: bytes) -> list[str]:
    return [str(file) for file in expand(RawFile(name, content, {})) if isinstance(file, BadFile)]


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def word_document() -> bytes:
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "Форум", "Ли Мин"
    document.add_heading("Сауда айналымы", 1)
    document.add_paragraph("Қазақстан мен Қытай арасындағы сауда өсті.")
    table = document.add_table(2, 2)
    for row, values in enumerate((("Year", "Trade"), ("2024", "43.8\nbn"))):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    document.add_heading("第二部分", 2)
    document.add_paragraph("第三届论坛在北京举行。")
    document.add_heading("End", 1)
    document.sections[0].header.paragraphs[0].text = "Ministry of Trade"
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def word_body(body: str) -> bytes:
    """A Word document of this XML."""
    text = f"<w:document {_W}><w:body>{body}</w:body></w:document>"
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": text})


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.properties.title, book.properties.creator = "Trade of the region", "Bureau of Statistics"
    sheet = book.active
    assert sheet is not None
    sheet.title = "Trade"
    for row in (["Country", "Year", "Trade, bn"], ["Казахстан", 2024, 43.8], ["中国", 2025, None]):
        sheet.append(row)
    book.create_sheet("Notes")["B2"] = "only a note"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def open_document() -> bytes:
    body = (
        '<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:h text:outline-level="1">Head'
        '<text:s text:c="2"/>one</text:h><text:p>Some <text:span>bold</text:span> text<text:note><text:note-citation>1'
        "</text:note-citation><text:note-body><text:p>A footnote.</text:p></text:note-body></text:note> goes on."
        "</text:p><table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell>"
        "<text:p>b</text:p></table:table-cell></table:table-row></table:table>"
    )
    content = f"<office:document-content {_ODF}><office:body><office:text>{body}</office:text></office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"{content}</office:document-content>",
            "meta.xml": f'<office:document-meta {_ODF}><office:meta><title xmlns="http://purl.org/dc/elements/1.1/">'
            "Own title</title></office:meta></office:document-meta>",
        }
    )


def book() -> bytes:
    container = '<container><rootfiles><rootfile full-path="OEBPS/c.opf"/></rootfiles></container>'
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>Book</dc:title><dc:creator>A B</dc:creator><dc:date>2018-04</dc:date>"
        "<dc:language>ru-RU</dc:language></metadata><manifest>"
        '<item id="c1" href="ch%201.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="c2" href="c2.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c2"/><itemref idref="c1"/></spine></package>'
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/c.opf": package,
            "OEBPS/ch 1.xhtml": "<html><body><h1>Глава 1</h1><p>Текст&nbsp;первый.</p></body></html>",
            "OEBPS/c2.xhtml": "<html><body><h1>Предисловие</h1><p>Начало.</p></body></html>",
        }
    )


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Ли Мин <a@b.org>", "x@y.z"
    message["Subject"], message["Date"] = "Отчёт за июнь", "Sat, 14 Jun 2025 10:00:00 +0300"
    message.set_content("Здравствуйте!\nСм. вложение.\n")
    message.add_alternative("<p>Здравствуйте!</p>", subtype="html")
    message.add_attachment(b"notes of the day", maintype="text", subtype="plain", filename="../Заметки.txt")
    message.add_attachment(zipped({"in.txt": "inner text"}), maintype="application", subtype="zip", filename="a.zip")
    return bytes(message)


def pdf(*pages: str) -> bytes:
    """Lines of Latin text on pages."""
    streams = [
        zlib.compress(
            b"BT /F1 12 Tf 72 760 Td "
            + b"".join(b"(%s) Tj 0 -20 Td " % line.encode("latin-1") for line in page.split("\n"))
            + b"ET"
        )
        for page in pages
    ]
    return pdf_of(streams)


def pdf_of(streams: list[bytes]) -> bytes:
    """A PDF whose pages have these compressed contents."""
    count = len(streams)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, stream in enumerate(streams):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (5 + 2 * i)
        )
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream))
    content, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, table, len(objects) + 1, len(content))
    )
