"""What a file is: by what it holds, then by its name."""

import re
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

from qa_service.errors import BadFile
from qa_service.records import RawFile

_HEAD = 4_096
_BY_NAME = {
    **dict.fromkeys((".md", ".markdown", ".mdown"), "md"),
    **dict.fromkeys((".html", ".htm", ".xhtml", ".xht", ".shtml"), "html"),
    **dict.fromkeys((".csv", ".tsv", ".tab"), "csv"),
    **dict.fromkeys((".json", ".geojson"), "json"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".eml": "eml",
}
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL
)
_ANY_TAG = re.compile(rb"<(?:html|head|body|div|p|h[1-6]|table|a|span|br|meta|title|article|ul)\b[^>]*>", re.IGNORECASE)
_MAIL_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n){3,}")
_MAIL_FIELD = re.compile(rb"^(?:received|message-id|from|mime-version):", re.IGNORECASE | re.MULTILINE)
_FIELD_OF_NAMED_MAIL = re.compile(rb"^(?:from|to|subject|date):", re.IGNORECASE | re.MULTILINE)
_BINARIES = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"BM", "a BMP image"),
    (b"8BPS", "a Photoshop image"),
    (b"AT&TFORM", "a DjVu scan"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"\x1a\x45\xdf\xa3", "a Matroska film"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\0asm", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\0\1\0\0\0", "a font"),
    (b"OTTO", "a font"),
    (b"%!PS", "a PostScript file"),
)
_RIFF = {b"WEBP": "a WebP image", b"WAVE": "a WAV recording", b"AVI ": "an AVI film"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IN_OLE = (
    ("EncryptedPackage", "an encrypted Office document; save it without a password"),
    ("WordDocument", "a Word document of before 2007; save it as .docx"),
    ("PowerPoint Document", "a PowerPoint file of before 2007; save it as .pdf"),
    ("__properties_version1.0", "an Outlook message; save it as .eml"),
)
_PACKAGES = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsx"}
_MIMETYPES = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}
_PDF, _PDF_WITHIN = b"%PDF-", 1024
_OBJECT = re.compile(rb"\b\d+ \d+ obj\b")


def find_kind(file: RawFile) -> str:
    """The format of a file: txt, md, html, pdf, docx, odt, epub, eml, csv, xlsx, xls, ods, json, jsonl, rtf or zip.

    Raises BadFile for an empty file and for what is none of these, saying what it looks like.
    """
    head = file.content[:_HEAD]
    if not head:
        raise BadFile(f"{file.name}: the file is empty")
    if head.lstrip().startswith(_PDF) and not _is_about_pdf(file):
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_kind(file)
    if head.startswith(_OLE):
        return _ole_kind(file)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if _PDF in head[:_PDF_WITHIN] and _OBJECT.search(file.content):  # what came before is junk
        return "pdf"
    if looks_like := _binary(head):
        why = "; unpack it first" if "archive" in looks_like else ", which holds no text that can be read"
        raise BadFile(f"{file.name}: looks like {looks_like}{why}")
    return _text_kind(file)


def _text_kind(file: RawFile) -> str:
    head = file.content[:_HEAD].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf")  # UTF-16 shows its tags so
    head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    named = _BY_NAME.get(PurePosixPath(file.name).suffix.casefold(), "txt")
    if _HTML.match(head):
        return "html"
    if named == "html" and not _ANY_TAG.search(file.content.replace(b"\0", b"")):
        return "txt"
    if named in ("txt", "eml"):
        header = _MAIL_HEADER.match(head)
        fields = [_MAIL_FIELD, _FIELD_OF_NAMED_MAIL] if named == "eml" else [_MAIL_FIELD]
        is_mail = header is not None and any(len(_fields(each, header.group())) > 1 for each in fields)
        return "eml" if is_mail else "txt"
    return named


def _fields(wanted: re.Pattern[bytes], header: bytes) -> set[bytes]:
    return {field.lower() for field in wanted.findall(header)}


def _zip_kind(file: RawFile) -> str:
    try:
        with zipfile.ZipFile(BytesIO(file.content)) as archive:
            names = set(archive.namelist())
            for member, kind in _PACKAGES.items():
                if member in names:
                    return kind
            if "ppt/presentation.xml" in names:
                raise BadFile(f"{file.name}: looks like a PowerPoint file; save it as .pdf")
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                mimetype = archive.read("mimetype").strip()
                if mimetype.startswith(b"application/vnd.oasis.opendocument") and mimetype not in _MIMETYPES:
                    raise BadFile(f"{file.name}: looks like an OpenDocument file of another kind; save it as .pdf")
                return _MIMETYPES.get(mimetype, "zip")
            if "[Content_Types].xml" in names:
                raise BadFile(f"{file.name}: an Office file of another kind or without its text; save it as .pdf")
            return "zip"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise BadFile(f"{file.name}: a damaged or cut short zip file ({error}); get it once more") from error


def _ole_kind(file: RawFile) -> str:
    for stream, advice in _IN_OLE:
        if stream.encode("utf-16-le") in file.content:
            raise BadFile(f"{file.name}: looks like {advice}")
    if any(stream.encode("utf-16-le") in file.content for stream in ("Workbook", "Book")):
        return "xls"
    raise BadFile(f"{file.name}: looks like a file of an old Office program; save it as .docx or .pdf")


def _is_about_pdf(file: RawFile) -> bool:
    """A text whose first words are the mark of a PDF: it has no object, and is not named as one."""
    is_named = PurePosixPath(file.name).suffix.casefold() == ".pdf"
    return not is_named and not _OBJECT.search(file.content) and not any(byte < 9 for byte in file.content[:_HEAD])


def _binary(head: bytes) -> str:
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "a recording")
    if head[4:8] == b"ftyp":
        return "a film, a recording or an image of a phone"
    if head[257:262] == b"ustar":
        return "a tar archive"
    for magic, looks_like in _BINARIES:
        if head.startswith(magic) and (len(magic) > 3 or _has_controls(head)):
            return looks_like
    return ""


def _has_controls(head: bytes) -> bool:
    """Two or three letters of ASCII begin many texts; a binary file goes on otherwise."""
    return any(byte < 9 for byte in head[:64])
