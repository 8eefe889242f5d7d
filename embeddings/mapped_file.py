"""Files that a library has mapped into memory and read to the end."""

import ctypes
import mmap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_READ_ONLY = "r--s"
"""What was never written to is read again from the file, should somebody need it after all."""


def release(path: Path) -> None:
    """Takes the pages of a mapped file out of this process. On other systems than Linux they stay, which is no harm."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for start, size in _mappings(path):
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), mmap.MADV_DONTNEED)


def _mappings(path: Path) -> Iterator[tuple[int, int]]:
    """Address and size in bytes of each."""
    for line in _MAPS.read_text(encoding="utf-8", errors="surrogateescape").split("\n"):
        fields = line.split(maxsplit=5)
        if fields[1:2] == [_READ_ONLY] and fields[5:] == [str(path.resolve())]:
            start, end = (int(address, 16) for address in fields[0].split("-"))
            yield start, end - start
