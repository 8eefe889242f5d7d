"""`index`: files and folders taken in, and followed afterwards if told to."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from qa_service.cli.batch import Batch, Watcher, add_files
from qa_service.cli.output import print_batch, print_outcome
from qa_service.cli.progress import errors
from qa_service.cli.session import Session
from qa_service.cli.watch import FolderWatch, delete_missing, take_in_replaced
from qa_service.config import Settings
from qa_service.errors import BadInput
from qa_service.web.document_responses import ReceiptOut


@dataclass(frozen=True, slots=True)
class Following:
    """Is a folder followed afterwards, and is deleted what stands there no more?"""

    watch: bool
    delete_missing: bool


def take_in(
    session: Session,
    paths: list[Path],
    settings: Settings,
    batch: Batch[ReceiptOut],
    tell: Watcher[ReceiptOut],
    following: Following,
) -> None:
    """Takes in the files and prints what became of them, of those too that were done when it was interrupted."""
    watcher = None
    if following.watch:
        watcher = FolderWatch(session, paths, settings, _both(tell), following.delete_missing, batch)
    try:
        add_files(session.add, paths, settings, batch, tell)
        take_in_replaced(session, settings, batch, tell, dict(batch.taken))
    finally:
        print_batch(batch)
    if following.delete_missing:
        delete_missing(session, [path for path in paths if path.is_dir()], settings, batch, tell)
    if watcher is not None:
        errors.print("following the folders; stop it with Ctrl-C")
        with _ended_by_signals():
            watcher.run(threading.Event())


def _both(tell: Watcher[ReceiptOut]) -> Watcher[ReceiptOut]:
    def both(file: str, outcome: ReceiptOut | BadInput) -> None:
        tell(file, outcome)
        print_outcome(file, outcome)

    return both


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block; what is under way is undone or finished, never half done."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        errors.print("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
