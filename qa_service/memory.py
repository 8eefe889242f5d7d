"""What glibc keeps of memory that is free; elsewhere these do nothing."""

import ctypes
from contextlib import suppress

_M_ARENA_MAX, _ARENAS = -8, 2
_NOT_GLIBC = (AttributeError, OSError, TypeError)


def use_few_heaps() -> None:
    """It gives each of the many threads that wait a heap of its own: 60 MB for nothing."""
    with suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def give_back_memory() -> None:
    """After a book or a rebuilt index it keeps 100 MB that nobody may need again; to look takes milliseconds."""
    with suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)
