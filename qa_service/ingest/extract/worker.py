"""`python -m qa_service.ingest.extract.worker`: reads files for the service, one after the other, within limits.

A process of its own, because files come from anywhere: one that wants all memory or never ends takes only this
process with it. Requests and replies are frames on standard input and output (wire.py).
"""

import json
import os
import resource
import sys
import threading
import time
from typing import IO

from qa_service.errors import BadFile
from qa_service.ingest.extract.formats import READERS
from qa_service.ingest.extract.wire import NO_MEMORY, read_frame, to_json, write_frame
from qa_service.records import RawFile

_PARENT_LOOK = 1.0
_MAX_MESSAGE = 500


def main() -> None:
    requests, replies = sys.stdin.buffer, _own_output()
    settings = json.loads(read_frame(requests))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (settings["memory"], settings["memory"]))
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    write_frame(replies, b"{}")  # ready
    while True:
        try:
            request = json.loads(read_frame(requests))
            content = read_frame(requests)
        except EOFError:
            return
        _limit_processor(request["seconds"])
        status, reply = _reply(RawFile(request["name"], content, {}), request["format"])
        del content
        write_frame(replies, status)
        write_frame(replies, reply)


def _reply(file: RawFile, format_name: str) -> tuple[bytes, bytes]:
    try:
        return b"read", to_json(READERS[format_name](file))
    except BadFile as error:
        return b"bad", str(error).encode("utf-8", "backslashreplace")
    except MemoryError:
        return b"memory", b""
    except RecursionError:
        return b"depth", b""
    except Exception as error:  # whatever a reader meets in a hostile file costs that file only
        return b"failed", f"{type(error).__name__}: {error}".encode("utf-8", "backslashreplace")[:_MAX_MESSAGE]


def _own_output() -> IO[bytes]:
    """Replies go where standard output went; whatever a library prints goes nowhere."""
    own = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return own


def _limit_processor(seconds: float) -> None:
    """From now on. The hard limit stays, so that the next file gets a limit of its own."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _end_with_parent(parent: int) -> None:
    """The pipe's end tells a waiting process that its parent has gone; this tells a busy one."""
    while os.getppid() == parent:
        time.sleep(_PARENT_LOOK)
    os._exit(1)


if __name__ == "__main__":
    try:
        main()
    except MemoryError:
        os._exit(NO_MEMORY)
