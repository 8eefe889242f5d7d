"""What a file holds of other files: the members of a zip, the attachments of an e-mail. Nothing touches the disk."""

import email
import posixpath
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from email.message import Message
from io import BytesIO
from pathlib import PurePosixPath

from qa_service.errors import BadFile
from qa_service.ingest.encoding_guess import guess
from qa_service.ingest.extract.kinds import find_kind
from qa_service.ingest.sidecar import MANIFEST, MAX_BYTES, OF_A_SIDECAR, SUFFIX, is_sidecar, owner_among, parse_sidecar
from qa_service.records import RawFile

MAX_FILES = 10_000
LARGEST = 20_000_000
"""Bytes of one file in an archive, unless whoever opens it takes others."""
MAX_RATIO = 200
"""Text is packed to a tenth or a twentieth of itself; so much and more is a bomb, or a file of one letter."""
MIN_TOTAL = 100_000_000
MAX_TOTAL = 4_000_000_000
MAX_DEPTH = 3
_MEMBER = b"PK\x03\x04"
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}
_LEFT_OUT = re.compile(r"(?:^|/)(?:\.|__MACOSX(?:/|$)|Thumbs\.db$|desktop\.ini$)")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_OWN_FIELDS = {"title", "url"}
"""What is given for an archive holds for each file in it, but for these."""


def expand(file: RawFile, largest: int = LARGEST) -> Iterator[RawFile | BadFile]:
    """The documents in a file, in order; an error in place of each that cannot be one, or has more bytes than
    `largest`.

    A zip is none itself and gives its members, named "archive.zip/folder/name.txt"; an e-mail is one and gives its
    attachments too; every other file gives itself.
    """
    yield from _expand(file, largest, depth=1)


def _expand(file: RawFile, largest: int, depth: int) -> Iterator[RawFile | BadFile]:
    try:
        kind = find_kind(file)
    except BadFile:
        yield file  # whoever reads it says what is wrong
        return
    if kind == "zip":
        if depth > MAX_DEPTH:
            yield BadFile(f"{file.name}: an archive within {MAX_DEPTH} others; unpack it first")
            return
        for member in _members(file, largest):
            if isinstance(member, BadFile):
                yield member
            else:
                yield from _expand(member, largest, depth + 1)
    else:
        yield file
        if kind == "eml":
            for attachment in _attachments(file):
                yield from _expand(attachment, largest, depth + 1) if depth < MAX_DEPTH else (attachment,)


def contents(file: RawFile) -> tuple[int, int]:
    """How many files a zip holds, and their bytes, as far as its table of contents says it; (1, 0) for no zip.

    An archive in it counts for as much as there may be.
    """
    try:
        if find_kind(file) != "zip" or file.content.count(b"PK\x01\x02") > MAX_FILES:
            return 1, 0
        with zipfile.ZipFile(BytesIO(file.content)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            sizes = [MAX_TOTAL if each.filename.lower().endswith(".zip") else each.file_size for each in members]
            return len(members), sum(sizes)
    except (BadFile, zipfile.BadZipFile, ValueError, OSError):  # whoever opens it says what is wrong
        return 1, 0


def _members(file: RawFile, largest: int) -> Iterator[RawFile | BadFile]:
    if file.content.count(b"PK\x01\x02") > MAX_FILES:  # before the list of them is built
        yield BadFile(f"{file.name}: holds more than {MAX_FILES:,} files; take it in as several archives")
        return
    try:
        with zipfile.ZipFile(BytesIO(file.content)) as archive:
            if file.content.startswith(_MEMBER) and all(info.header_offset for info in archive.infolist()):
                raise zipfile.BadZipFile("its end is that of an archive in it")
            yield from _opened_members(file, archive, largest)
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        yield BadFile(f"{file.name}: a damaged or cut short zip file ({error}); get it once more")


def _opened_members(file: RawFile, archive: zipfile.ZipFile, largest: int) -> Iterator[RawFile | BadFile]:
    total, most = 0, min(MAX_TOTAL, max(MIN_TOTAL, MAX_RATIO * len(file.content)))
    members = [
        (info, inner)
        for info, inner in zip(archive.infolist(), _names(archive.infolist()), strict=True)
        if inner and not info.is_dir() and not _LEFT_OUT.search(inner)
    ]
    sidecars = _sidecars(members)
    described_by = {info.header_offset for info in sidecars.values()}
    for info, inner in members:
        name = f"{file.name}/{inner}"
        if info.header_offset in described_by:
            continue
        if is_sidecar(PurePosixPath(inner)):
            yield BadFile(f"{name}: the file that this metadata is of is not in the archive, or it may be of several")
            continue
        if posixpath.basename(inner) == MANIFEST:
            yield BadFile(f"{name}: counts in a folder only; unpack the archive and take in the folder")
            continue
        content = _content(archive, info, name, min(largest, most - total))
        if isinstance(content, BadFile):
            yield content
            if "more than" in str(content):
                total += min(info.file_size, largest)
        else:
            total += len(content)
            yield _described(_inner_file(file, name, content), archive, sidecars.get(inner))
        if total >= most:
            yield BadFile(f"{file.name}: holds more than {most // 1_000_000} MB; the rest of it is left out")
            return
    if not members:
        yield BadFile(f"{file.name}: the archive holds no files")


def _sidecars(members: Sequence[tuple[zipfile.ZipInfo, str]]) -> dict[str, zipfile.ZipInfo]:
    """The members that hold the metadata of another one, by the name of that one."""
    names = {inner for _, inner in members}
    found = [(info, owner_among(inner, names)) for info, inner in members if is_sidecar(PurePosixPath(inner))]
    return {owner: info for info, owner in found if owner is not None}


def _described(member: RawFile, archive: zipfile.ZipFile, sidecar: zipfile.ZipInfo | None) -> RawFile | BadFile:
    """With what stands beside it in the archive."""
    if sidecar is None:
        return member
    try:
        content = _content(archive, sidecar, f"{member.name}{SUFFIX}", MAX_BYTES)
        if isinstance(content, BadFile):
            raise content
        said = parse_sidecar(content)
    except BadFile as error:
        return BadFile(f"{member.name}: not taken in, for the metadata beside it: {error}")
    origins = {**member.metadata_origins, **dict.fromkeys(said, OF_A_SIDECAR)}
    return replace(member, metadata={**member.metadata, **said}, metadata_origins=origins)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, limit: int) -> bytes | BadFile:
    """The bytes of a member. What its head says of its length is not believed."""
    if stat.S_ISLNK(info.external_attr >> 16):
        return BadFile(f"{name}: a link, not a file; put the file itself into the archive")
    if info.flag_bits & _ENCRYPTED:
        return BadFile(f"{name}: encrypted; unpack the archive with its password and take in the files")
    if info.compress_type not in _METHODS:
        return BadFile(f"{name}: packed in a way that is not read here; unpack the archive first")
    try:
        with archive.open(info) as member:
            content = member.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        return BadFile(f"{name}: damaged in the archive ({error})")
    if len(content) > limit:
        return BadFile(f"{name}: more than {limit // 1_000_000} MB when unpacked, which is too large")
    return content


def _inner_file(file: RawFile, name: str, content: bytes) -> RawFile:
    given = {field: value for field, value in file.metadata.items() if field not in _OWN_FIELDS}
    path = file.path + name.removeprefix(file.name) if file.path is not None else None
    return replace(
        file,
        name=name,
        content=content,
        metadata=given,
        path=path,
        replaces=name if file.replaces is not None else None,
    )


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Harmless names, empty for none. Names that are not marked as UTF-8 are in the encoding of whoever packed them."""
    marked = [bool(info.flag_bits & _UTF8_NAME) for info in infos]
    raw = [_raw_name(info) for info, is_utf8 in zip(infos, marked, strict=True) if not is_utf8]
    codec = _codec_of_names(b"\n".join(raw))
    return _apart(
        _harmless(info.filename if is_utf8 else _raw_name(info).decode(codec, "backslashreplace"))
        for info, is_utf8 in zip(infos, marked, strict=True)
    )


def _apart(names: Iterable[str]) -> list[str]:
    """A further file of the same name gets a number: it is another document, not a new version."""
    counts: Counter[str] = Counter()
    found = []
    for name in names:
        counts[name] += 1
        stem, suffix = posixpath.splitext(name)
        found.append(f"{stem} ({counts[name]}){suffix}" if name and counts[name] > 1 else name)
    return found


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("cp437", "replace")


def _codec_of_names(names: bytes) -> str:
    try:
        names.decode("utf-8")
    except UnicodeDecodeError:
        best, _, _ = guess(names)
        return best.encoding if best is not None else "cp437"
    return "utf-8"


def _harmless(name: str) -> str:
    """Without what leads out of the archive: no root, no drive, no step upwards, no control character."""
    parts = _UNSAFE.sub("", name.partition("\0")[0]).replace("\\", "/").split("/")
    kept = [part for part in parts if part.strip(" .") and not re.fullmatch(r"[A-Za-z]:", part)]
    return posixpath.join("", *kept) if kept else ""


def _attachments(file: RawFile) -> Iterator[RawFile]:
    try:
        message = email.message_from_bytes(file.content)
    except (RecursionError, ValueError, LookupError):
        return
    waiting: list[Message] = [message]
    number = 0
    while waiting and number < MAX_FILES:
        part = waiting.pop(0)
        name = _attachment_name(part)
        if part.get_content_type() == "message/rfc822" and part is not message:
            number += 1
            for inner in _inner_messages(part):
                yield _inner_file(file, f"{file.name}/{name or f'message-{number}.eml'}", inner.as_bytes())
        elif part.is_multipart():
            waiting[:0] = _inner_messages(part)
        elif name or part.get_content_disposition() == "attachment":
            content = part.get_payload(decode=True)
            number += 1
            if (
                isinstance(content, bytes)
                and content
                and part.get_content_maintype() not in ("image", "audio", "video")
            ):
                yield _inner_file(file, f"{file.name}/{name or f'attachment-{number}'}", content)


def _inner_messages(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _attachment_name(part: Message) -> str:
    """As the sender gives it, in words and without a path."""
    try:
        name = part.get_filename() or ""
        decoded = email.header.make_header(email.header.decode_header(name))
        return posixpath.basename(_harmless(str(decoded)))
    except (ValueError, LookupError, email.errors.MessageError):
        return ""
