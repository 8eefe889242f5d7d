"""The XML parts of zipped documents (docx, odt, epub), read within limits and without following any reference.

Uses lxml. The parts are read as a stream: a part of gigabytes behind some kilobytes of zip takes no memory.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO, cast

from lxml import etree

from qa_service.errors import BadFile
from qa_service.records import RawFile

MAX_PART = 500_000_000
_CHUNK = 1 << 16


@contextmanager
def opened(file: RawFile) -> Iterator["Package"]:
    """The parts of a zipped document. What is wrong with them is raised as BadFile."""
    try:
        with zipfile.ZipFile(BytesIO(file.content)) as archive:
            yield Package(file.name, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise BadFile(f"{file.name}: damaged or cut short ({error}); get it once more") from error
    except RuntimeError as error:  # how zipfile says it
        raise BadFile(f"{file.name}: encrypted; save it without a password") from error
    except etree.XMLSyntaxError as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_NO_MEMORY:  # how lxml says it
            raise MemoryError from error
        raise BadFile(f"{file.name}: damaged (its XML: {error.msg}); save it again") from error


class Package:
    """A zipped document by the names of its parts."""

    def __init__(self, file_name: str, archive: zipfile.ZipFile) -> None:
        self._file_name = file_name
        self._archive = archive
        self.names = frozenset(archive.namelist())

    def read(self, name: str, limit: int = MAX_PART // 10) -> bytes:
        """A part as bytes. Raises BadFile for one that is not there or too large."""
        with self._open(name) as part:
            content = part.read(limit + 1)
        if len(content) > limit:
            raise self.too_large(name)
        return content

    def tree(self, name: str) -> etree._Element:
        """A small part, parsed."""
        root = etree.fromstring(self.read(name), _parser())
        self._check(root)
        return root

    def optional_tree(self, name: str) -> etree._Element | None:
        """A small part that the text is whole without; None where it is not there or cannot be read."""
        try:
            return self.tree(name) if name in self.names else None
        except (etree.XMLSyntaxError, BadFile):
            return None

    def events(self, name: str, *tags: str) -> Iterator[tuple[str, etree._Element]]:
        """(start or end, element) of a large part for these tags; whoever is done with an element clears it."""
        parser = etree.XMLPullParser(
            events=("start", "end"), tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
        )
        read = 0
        with self._open(name) as part:
            while chunk := part.read(_CHUNK):
                read += len(chunk)
                if read > MAX_PART:
                    raise self.too_large(name)
                if read == len(chunk) and b"<!DOCTYPE" in chunk:
                    raise self._entities()
                parser.feed(chunk)
                yield from cast(Iterator[tuple[str, etree._Element]], parser.read_events())
            parser.close()
            yield from cast(Iterator[tuple[str, etree._Element]], parser.read_events())

    def too_large(self, name: str) -> BadFile:
        return BadFile(f"{self._file_name}: {name} in it is too large to be read; save the text in parts")

    def _open(self, name: str) -> IO[bytes]:
        if name not in self.names:
            raise BadFile(f"{self._file_name}: damaged ({name} is missing); save it again")
        return self._archive.open(name)

    def _check(self, root: etree._Element) -> None:
        # a declaration is enough: an entity that was not resolved would be text that is lost
        if any(True for _ in root.iter(etree.Entity)):
            raise self._entities()

    def _entities(self) -> BadFile:
        return BadFile(f"{self._file_name}: declares XML entities, which no document needs and bombs are made of")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def release(element: etree._Element) -> None:
    """Lets go of an element that was read and of what stood before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)
