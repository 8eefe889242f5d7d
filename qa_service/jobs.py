"""Large batches, taken in one file at a time while questions go on; what waits survives a restart."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from qa_service.errors import BadFile, QAError, Stopping
from qa_service.records import Failure, RawFile, TakenIn
from qa_service.store.jobs import Job, JobReceipt, JobTable, NextFile, StagedFile
from qa_service.store.right_of_way import withdrawn
from qa_service.store.staging import Staging

log = logging.getLogger(__name__)

_ATTEMPTS = 3
_PAUSE_S = 5.0


class Jobs:
    """One thread works the files off, oldest job first. Safe to call from several threads."""

    def __init__(
        self, table: JobTable, staging: Staging, take_in: Callable[[RawFile], TakenIn], pause_s: float = _PAUSE_S
    ) -> None:
        """`pause_s` is between two attempts at a file that was not to blame, as when the disk is full."""
        self._table, self._staging, self._take_in, self._pause_s = table, staging, take_in, pause_s
        self._lock = threading.Lock()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._turn: NextFile | None = None
        self._withdrawn = threading.Event()

    def resume(self) -> None:
        """Goes on where the last process stopped; nobody else uses the data directory."""
        wanted = self._table.staged()
        self._staging.remove_others(wanted)
        if wanted:
            self._work_on()

    def submit(self, files: Sequence[StagedFile], failures: Sequence[Failure]) -> Job:
        """Takes the files over; they stay staged until their turn is over. `failures` were no use from the start."""
        self._staging.sync(file.staged for file in files)
        job = self._table.job(self._table.add(files, failures))
        self._work_on()
        return job

    def job(self, job_id: str) -> Job:
        """Raises NotFound."""
        return self._table.job(job_id)

    def jobs(self) -> list[Job]:
        """The newest first."""
        return self._table.jobs()

    def receipts(self, job_id: str, after: int, limit: int) -> list[JobReceipt]:
        return self._table.receipts(job_id, after, limit)

    def failures(self, job_id: str) -> list[Failure]:
        return self._table.failures(job_id)

    def cancel(self, job_id: str) -> Job:
        """What waits is not taken in, nor the rest of the file whose turn it is; what was taken in stays. Raises
        NotFound."""
        with self._lock:
            staged = set(self._table.cancel(job_id))
            if self._turn is not None and self._turn.job_id == job_id:
                self._withdrawn.set()
                staged.discard(self._turn.file.staged)  # it may be read just now
        self._staging.remove(staged)
        return self._table.job(job_id)

    def stop(self) -> None:
        """No further file has its turn until the next start."""
        self._stopping.set()
        self._wake.set()

    def close(self) -> None:
        """Waits for the file whose turn it is."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _work_on(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        withdrawn.set(self._withdrawn)
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                worked = self._next_turn()
            except QAError as error:  # the store cannot be read or written: another attempt is the cure, if any
                log.error("the jobs pause: %s", error)
                self._stopping.wait(self._pause_s)
                continue
            if not worked:
                self._wake.wait()

    def _next_turn(self) -> bool:
        """False when nothing waits."""
        with self._lock:
            self._turn = turn = self._table.next_file()
            self._withdrawn.clear()
        if turn is None:
            return False
        begin = time.monotonic()
        try:
            taken_in = self._attempt(turn)
        except Stopping:
            if not self._table.put_back(turn):
                self._staging.remove([turn.file.staged])
            return True
        if taken_in is None:
            self._stopping.wait(self._pause_s)
            return True
        with self._lock:
            self._table.finish(turn, taken_in, time.monotonic() - begin)
            self._turn = None
        self._staging.remove([turn.file.staged])
        return True

    def _attempt(self, turn: NextFile) -> TakenIn | None:
        """What became of the file; None where it deserves another attempt. Raises Stopping."""
        file = turn.file
        if turn.attempts > _ATTEMPTS:  # whatever it does to the process, it does not do it for ever
            reason = f"{file.name}: the service ended while reading it, {_ATTEMPTS} times; it is left out"
            return _failed(turn, BadFile.code, reason)
        try:
            content = self._staging.read(file.staged)
            return self._take_in(file.to_raw(content))
        except Stopping:
            raise
        except QAError as error:
            log.error("%s", error)
            return _failed(turn, error.code, str(error)) if turn.attempts == _ATTEMPTS else None
        except Exception:  # a bug costs one file, not the thread that all jobs wait for
            log.exception("a bug in taking in a file of job %s", turn.job_id)
            return _failed(turn, "internal_error", f"{file.name}: a bug in the service; its log holds the details")


def _failed(turn: NextFile, code: str, reason: str) -> TakenIn:
    return TakenIn((), (Failure(turn.file.name, code, reason),), is_container=False)
