"""E-mails: the head's lines, then the body as text. Attachments are files of their own (archive.py)."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.extract.blocks import TextBuilder, one_line, storable
from qa_service.ingest.extract.html import append_html, declared_charset, parse_html
from qa_service.ingest.extract.html_metadata import Found
from qa_service.records import Encoding, Extracted, RawFile

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_WHERE = "eml header"


def read_eml(file: RawFile) -> Extracted:
    """Raises BadFile."""
    builder = TextBuilder(file.name)
    try:
        message = email.message_from_bytes(file.content, policy=email.policy.default)
        lines = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
        builder.add("\n".join(lines))
        encoding = _append_body(builder, file.name, message)
        return builder.finish("eml", encoding, metadata=_metadata(message))
    except (RecursionError, MessageError, ValueError, LookupError, AttributeError, IndexError) as error:
        raise BadFile(
            f"{file.name}: an e-mail that cannot be read ({type(error).__name__}); save it as text"
        ) from error


def _append_body(builder: TextBuilder, file_name: str, message: Message) -> Encoding | None:
    """The plain text, or else the page; how it was encoded."""
    plain, pages = _bodies(message)
    for part in plain:
        if content := _payload(part):
            try:
                text, encoding = decode(RawFile(file_name, content, {}), part.get_content_charset())
            except BadFile:
                continue
            builder.add(text.replace("\r\n", "\n"))
            return encoding
    for part in pages:
        if content := _payload(part):
            charset = part.get_content_charset() or declared_charset(content)
            markup, encoding = decode(RawFile(file_name, content, {}), charset)
            append_html(builder, parse_html(file_name, markup), None)
            return encoding
    return None


def _bodies(message: Message) -> tuple[list[Message], list[Message]]:
    """The parts of plain text, and those of HTML, that are no attachments and stand in no attached message."""
    plain, pages = [], []
    for part in _parts(message):
        if part.get_content_disposition() != "attachment" and not part.get_filename():
            if part.get_content_type() == "text/plain":
                plain.append(part)
            elif part.get_content_type() == "text/html":
                pages.append(part)
    return plain, pages


def _parts(message: Message) -> Iterator[Message]:
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart":
            waiting[:0] = [each for each in part.get_payload() if isinstance(each, Message)]
        elif part.get_content_maintype() != "message":
            yield part


def _payload(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) and content.strip() else b""


def _header(message: Message, name: str) -> str:
    return one_line(storable(str(message.get(name) or "")))


def _metadata(message: EmailMessage | Message) -> Found:
    found: Found = {}
    if title := _header(message, "Subject"):
        found["title"] = (title, _WHERE)
    if author := _header(message, "From"):
        found["author"] = (author, _WHERE)
    with suppress(ValueError, TypeError, IndexError):
        found["date"] = (parsedate_to_datetime(_header(message, "Date")).date().isoformat(), _WHERE)
    return found
