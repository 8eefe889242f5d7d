"""The processes that read files: started when needed, kept, replaced after a violation or many files."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO

import qa_service
from qa_service.errors import BadFile
from qa_service.ingest.extract.wire import NO_MEMORY, from_json, read_frame, write_frame
from qa_service.records import Extracted, RawFile

MEMORY = 1_000_000_000
"""Bytes of address space that one file may take."""
SECONDS = 30.0
SECONDS_PER_MEGABYTE = 2.0
WORKERS = 2
FILES_PER_WORKER = 200
"""A process is replaced after so many, so that what its libraries leak does not grow."""
IDLE_SECONDS = 60.0
"""A process that has had no file for so long is ended: each takes some 100 MB."""
_AT_ONCE_S = 2.0
"""A process that waited and ends so soon over a file may have been ended before it got it."""
_MAX_REPLY = 600_000_000
_START_SECONDS = 60.0
_PACKAGES = str(Path(qa_service.__file__).parents[1])


class _Ended(Exception):
    """The process ended, or had to be ended, over a file."""


class _Worker:
    def __init__(self, memory: int) -> None:
        self.files = 0
        self.idle_since = 0.0
        # -P: a module in the folder that the service was started from is not taken for a library's
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "qa_service.ingest.extract.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
        try:
            write_frame(self._requests, json.dumps({"memory": memory}).encode())
            self._read(time.monotonic() + _START_SECONDS)
        except (_Ended, OSError) as error:
            self.end()
            raise RuntimeError("the process that reads files does not start") from error

    @property
    def _requests(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def extract(self, file: RawFile, format_name: str, seconds: float) -> Extracted:
        """Raises BadFile, and _Ended after which this worker is none any more."""
        self.files += 1
        deadline = time.monotonic() + seconds
        request = {"name": file.name, "format": format_name, "seconds": seconds}
        try:
            write_frame(self._requests, json.dumps(request).encode())
            write_frame(self._requests, file.content)
        except OSError as error:
            raise _Ended(self._how()) from error
        status = self._read(deadline)
        reply = self._read(deadline)
        if status == b"read":
            return from_json(reply)
        if status == b"bad":
            raise BadFile(reply.decode())
        raise _Ended({b"memory": "memory", b"depth": "depth"}.get(status, reply.decode()))

    def _read(self, deadline: float) -> bytes:
        """One frame before the deadline."""
        assert self._process.stdout is not None
        reader = _Deadline(self._process.stdout, deadline)
        try:
            return read_frame(reader)  # type: ignore[arg-type]
        except TimeoutError as error:
            raise _Ended("time") from error
        except EOFError as error:
            raise _Ended(self._how()) from error

    def _how(self) -> str:
        """Why a process ended that nobody asked to."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1)
            # without memory some libraries abort, and some read what is not there
            if code in (-signal.SIGXCPU, -signal.SIGKILL):
                return "time"
            return "memory" if code < 0 or code == NO_MEMORY else f"its reader ended with {code}"
        return "its reader does not answer"

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


class _Deadline:
    """A pipe that is read until a deadline."""

    def __init__(self, pipe: IO[bytes], deadline: float) -> None:
        self._pipe = pipe
        self._deadline = deadline

    def read(self, size: int) -> bytes:
        if size > _MAX_REPLY:
            raise EOFError
        content = bytearray()
        with DefaultSelector() as selector:
            selector.register(self._pipe, EVENT_READ)
            while len(content) < size:
                if not selector.select(max(0.0, self._deadline - time.monotonic())):
                    raise TimeoutError
                chunk = os.read(self._pipe.fileno(), min(1 << 20, size - len(content)))
                if not chunk:
                    break
                content += chunk
        return bytes(content)


class Workers:
    """At most `WORKERS` files are read at once; more wait. Safe for use from many threads."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS) -> None:
        self._memory = memory
        self._seconds = seconds
        self._turns = threading.BoundedSemaphore(WORKERS)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._reaper: threading.Timer | None = None

    def extract(self, file: RawFile, format_name: str) -> Extracted:
        """What a file of a known format holds. Raises BadFile, also for one that takes too much."""
        seconds = self._seconds + SECONDS_PER_MEGABYTE * len(file.content) / 1_000_000
        with self._turns:
            worker = self._take()
            waited, begin = worker.files > 0, time.monotonic()
            try:
                return self._extracted_by(worker, file, format_name, seconds)
            except _Ended as error:
                # one that waited may have been killed before it got the file, by whoever needed its memory
                if not waited or time.monotonic() - begin > _AT_ONCE_S:
                    raise BadFile(f"{file.name}: {self._reason(str(error), seconds)}") from error
            try:
                return self._extracted_by(_Worker(self._memory), file, format_name, seconds)
            except _Ended as error:
                raise BadFile(f"{file.name}: {self._reason(str(error), seconds)}") from error

    def _extracted_by(self, worker: _Worker, file: RawFile, format_name: str, seconds: float) -> Extracted:
        try:
            extracted = worker.extract(file, format_name, seconds)
        except BadFile:
            self._give_back(worker)
            raise
        except BaseException:
            worker.end()
            raise
        self._give_back(worker)
        return extracted

    def close(self) -> None:
        """Ends the processes that wait. One that reads is ended by whom it reads for."""
        with self._lock:
            idle, self._idle = self._idle, []
            if self._reaper is not None:
                self._reaper.cancel()
                self._reaper = None
        for worker in idle:
            worker.end()

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
                worker.end()
        return _Worker(self._memory)

    def _give_back(self, worker: _Worker) -> None:
        if worker.files >= FILES_PER_WORKER:
            worker.end()
            return
        worker.idle_since = time.monotonic()
        with self._lock:
            self._idle.append(worker)
            self._watch()

    def _watch(self) -> None:
        """Looks after the idle ones once more later. The caller holds the lock."""
        if self._reaper is None and self._idle:
            self._reaper = threading.Timer(IDLE_SECONDS, self._end_idle)
            self._reaper.daemon = True
            self._reaper.start()

    def _end_idle(self) -> None:
        with self._lock:
            latest = time.monotonic() - IDLE_SECONDS
            tired = [worker for worker in self._idle if worker.idle_since <= latest]
            self._idle = [worker for worker in self._idle if worker.idle_since > latest]
            self._reaper = None
            self._watch()
        for worker in tired:
            worker.end()

    def _reason(self, how: str, seconds: float) -> str:
        if how == "memory":
            return f"needs more than {self._memory // 1_000_000:,} MB of memory to be read; save the text in parts"
        if how == "time":
            return f"needs more than {seconds:.0f} seconds to be read; save the text in parts"
        if how == "depth":
            return "nested too deep to be read; save the text in a simpler format"
        return f"cannot be read ({how}); save it in another format"


def _environment() -> dict[str, str]:
    """What the process needs to find its packages, and one thread for libraries that start many."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")}
    packages = os.pathsep.join(filter(None, (_PACKAGES, os.environ.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": packages, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
