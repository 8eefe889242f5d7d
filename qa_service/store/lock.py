"""One process owns a data directory. The lock file says which, and where its service answers."""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from qa_service.errors import DataDirectoryInUse, StoreError

LOCK_FILE = "lock"
_READ_ATTEMPTS = 20
_TAKE_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock. `url` is where its service answers, None when it is no service."""

    pid: int
    command: str
    url: str | None


class DataDirectoryLock:
    """Held from construction to `close`; the system drops it when the process dies. Raises DataDirectoryInUse."""

    def __init__(self, data_dir: Path, command: str, url: str | None = None) -> None:
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"{data_dir}: cannot be used as the data directory ({error.strerror})") from error
        try:
            self._take(data_dir)
            self._write(Holder(os.getpid(), command, url))
        except OSError as error:
            os.close(self._descriptor)
            raise StoreError(f"{data_dir}: cannot be written to ({error.strerror})") from error
        except BaseException:
            os.close(self._descriptor)
            raise

    def close(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def __enter__(self) -> "DataDirectoryLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, data_dir: Path) -> None:
        """Someone who only looks who holds the lock has it too, for a moment: hence several attempts."""
        for _ in range(_TAKE_ATTEMPTS):
            try:
                return fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if (holder := read_holder(data_dir)) is not None:
                    raise DataDirectoryInUse(
                        f"{data_dir} is in use by process {holder.pid} ({holder.command}); wait for it or end it"
                    ) from None
                time.sleep(0.01)
        raise DataDirectoryInUse(f"{data_dir} is in use by another process; wait for it or end it")

    def _write(self, holder: Holder) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(asdict(holder)).encode(), 0)


def read_holder(data_dir: Path) -> Holder | None:
    """Who holds the lock of a data directory, None when nobody does."""
    try:
        descriptor = os.open(data_dir / LOCK_FILE, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{data_dir}: cannot be used as the data directory ({error.strerror})") from error
    try:
        for _ in range(_READ_ATTEMPTS):
            if _is_free(descriptor):
                return None
            try:
                return Holder(**json.loads(os.pread(descriptor, 10_000, 0)))
            except (ValueError, TypeError):  # taken a moment ago and not written yet
                time.sleep(0.05)
        return Holder(0, "unknown", None)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True
