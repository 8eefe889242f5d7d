"""`index --watch`: a folder is followed. What is new or changed is taken in once it is at rest; what went is told.

A change, whatever is told of it, only says that it is time to look at the whole folder again: what counts is what
stands there, after moves of folders, lost messages and manifests alike.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import watch

from qa_service.cli.batch import Batch, Watcher, add_document, add_entry, documents_of, own_entries, place_of
from qa_service.cli.output import out
from qa_service.cli.progress import printable
from qa_service.cli.session import Session
from qa_service.config import Settings
from qa_service.errors import BadFile, BadInput, DataDirectoryInUse, NotFound
from qa_service.ingest.document import document_id
from qa_service.ingest.files import FileEntry, Stamp, stamp
from qa_service.records import RawFile
from qa_service.web.document_responses import DocumentOut, LeftOut, ReceiptOut

log = logging.getLogger(__name__)

AT_REST_S = 1.0
"""A file is taken in when it did not change for so long."""
GONE_S = 2.0
"""A file went when it was not seen for so long: one that was only moved is taken in at its new place before."""
_LOOK_MS = 250
_LOOK_ANYWAY_S = 30.0

State = tuple[Stamp, Mapping[str, str]] | str
"""How a file looks: its stamp with what is said of it beside it, or why it can't be one."""


@dataclass(slots=True)
class FolderChanges:
    """Files that came or changed and are at rest, and places that are empty now."""

    entries: list[FileEntry | BadFile] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


class Follower:
    """Compares what stands below folders with what was there before. `clock` gives seconds."""

    def __init__(
        self, look: Callable[[], Iterable[FileEntry | BadFile]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look, self._clock = look, clock
        self._known: dict[str, State] = {}
        self._since: dict[str, tuple[State | None, float]] = {}

    @property
    def is_waiting(self) -> bool:
        """Is there something that has not been at rest for long enough?"""
        return bool(self._since)

    def begin(self) -> None:
        """What is there now counts as known."""
        states = ((place_of(entry), _state(entry)) for entry in self._look())
        self._known = {place: state for place, state in states if state is not None}

    def changes(self) -> FolderChanges:
        now = self._clock()
        found = {place_of(entry): (entry, _state(entry)) for entry in self._look()}
        changes = FolderChanges()
        for place, (entry, state) in found.items():
            if state is not None and self._is_settled(place, state, now):
                self._known[place] = state
                changes.entries.append(entry)
        empty = [place for place in self._known if place not in found or found[place][1] is None]
        if any(isinstance(entry, FileEntry) for entry, _ in found.values()):  # else it may not be mounted any more
            changes.gone = [place for place in empty if self._is_settled(place, None, now)]
        for place in changes.gone:
            del self._known[place]
        self._since = {each: since for each, since in self._since.items() if each in found or each in self._known}
        return changes

    def put_back(self, changes: FolderChanges) -> None:
        """Nothing could be done about these: they are told again."""
        for entry in changes.entries:
            self._known.pop(place_of(entry), None)
        self._known.update(dict.fromkeys(changes.gone, ""))

    def _is_settled(self, place: str, state: State | None, now: float) -> bool:
        """Does it look so for long enough, unlike before?"""
        if self._known.get(place) == state:
            self._since.pop(place, None)
            return False
        last, since = self._since.get(place, (None, now))
        if place not in self._since or last != state:
            self._since[place] = (state, now)
            return False
        if now - since < (GONE_S if state is None else AT_REST_S):
            return False
        del self._since[place]
        return True


def _state(entry: FileEntry | BadFile) -> State | None:
    """None for a file that went just now."""
    if isinstance(entry, BadFile):
        return str(entry)
    try:
        return stamp(entry.path), entry.metadata
    except OSError:
        return None


class FolderWatch:
    """Takes in through a session what changes below folders after this was made, until it is interrupted."""

    def __init__(
        self,
        session: Session,
        folders: list[Path],
        settings: Settings,
        tell: Watcher[ReceiptOut],
        delete_missing: bool,
        batch: Batch[ReceiptOut],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`batch` takes what becomes of the files. Raises BadInput for what is no folder."""
        for folder in folders:
            if not folder.is_dir():
                raise BadInput(f"--watch: {folder} is not a folder")
        self._session, self._folders, self._settings, self._tell = session, folders, settings, tell
        self._delete_missing = delete_missing
        self._batch, self._clock = batch, clock
        self._follower = Follower(lambda: own_entries(folders, settings), clock)
        self._follower.begin()

    def run(self, stop: threading.Event) -> None:
        """`stop` ends it, as an interruption does."""
        last = self._clock()
        for told in _wakings(self._folders, stop):
            if told or self._follower.is_waiting or self._clock() - last > _LOOK_ANYWAY_S:
                self.look()
                last = self._clock()

    def look(self) -> None:
        changes = self._follower.changes()
        try:
            while changes.entries:
                self._take_in(changes.entries[0])
                del changes.entries[0]
            mounted = [each for each in self._folders if _has_files(each, self._settings)] if changes.gone else []
            while changes.gone:
                if any(_is_at(changes.gone[0], _absolute(each)) for each in mounted):
                    self._forget(changes.gone[0])
                del changes.gone[0]
        except DataDirectoryInUse as error:  # the service that owns it went away, and may come back
            log.warning("%s; the folder is looked at again", error)
            self._follower.put_back(changes)

    def _take_in(self, entry: FileEntry | BadFile) -> None:
        place = place_of(entry)
        for each in [each for each in self._batch.taken if _is_at(each, place)]:
            del self._batch.taken[each]
        add_entry(self._session.add, entry, self._settings, self._batch, self._tell)
        if self._delete_missing and any(each.startswith(f"{place}/") for each in self._batch.taken):
            # an archive: it may have lost some
            _delete_gone(self._session, place, self._settings, self._batch, self._tell)
        receipts = {each: self._batch.taken[each] for each in self._batch.taken if _is_at(each, place)}
        take_in_replaced(self._session, self._settings, self._batch, self._tell, receipts)

    def _forget(self, place: str) -> None:
        self._batch.taken.pop(place, None)
        for document in _gone_below(self._session, place, self._batch):
            _let_go(
                *(self._session, document, self._settings, self._batch, self._tell), delete_missing=self._delete_missing
            )


def delete_missing(
    session: Session,
    folders: Iterable[Path],
    settings: Settings,
    batch: Batch[ReceiptOut],
    tell: Watcher[ReceiptOut],
) -> None:
    """Deletes the documents that were taken in from below these folders and whose files are there no more.

    `batch` is what was just taken in: what an archive among it holds no more is gone, too.

    A folder that is not there, or empty, is taken for one that is not mounted: nothing is deleted.
    """
    for folder in folders:
        if not _has_files(folder, settings):
            out.print(f"nothing deleted: {printable(str(folder))} holds no files, it may not be mounted")
            continue
        _delete_gone(session, _absolute(folder), settings, batch, tell)


def _has_files(folder: Path, settings: Settings) -> bool:
    return any(isinstance(entry, FileEntry) for entry in own_entries([folder], settings))


def _absolute(folder: Path) -> str:
    return os.path.abspath(folder)  # noqa: PTH100  Path.absolute leaves `..` in it


def _delete_gone(
    session: Session, place: str, settings: Settings, batch: Batch[ReceiptOut], tell: Watcher[ReceiptOut]
) -> None:
    for document in _gone_below(session, place, batch):
        _let_go(session, document, settings, batch, tell, delete_missing=True)


def _let_go(
    session: Session,
    document: DocumentOut,
    settings: Settings,
    batch: Batch[ReceiptOut],
    tell: Watcher[ReceiptOut],
    *,
    delete_missing: bool,
) -> None:
    """The file of a document is gone. Where its bytes were sent, or stand elsewhere, it stands so; else it is deleted,
    or kept."""
    place = document.path or ""
    try:
        left = _leave(session, document.document_id, place, settings, batch, tell)
        if left.stands or not delete_missing:
            out.print(f"gone, kept as {printable(left.path or document.document_id)}: {printable(place)}")
        else:
            session.delete(document.document_id, with_versions=True, audit=False)
            out.print(f"deleted {document.document_id} {printable(place)}")
    except NotFound:
        log.info("%s was deleted meanwhile", document.document_id)


def _leave(
    session: Session,
    known: str,
    place: str,
    settings: Settings,
    batch: Batch[ReceiptOut],
    tell: Watcher[ReceiptOut],
) -> LeftOut:
    """The bytes of a document went from a place: it is taken in at another one that holds them. Raises NotFound."""
    left = session.leave(known, place)
    while left.path is not None:
        try:
            copy = _copy_at(left.path, known, settings)
        except (OSError, BadFile) as error:
            log.info("%s may hold a copy of %s: %s", left.path, known, error)
            break
        if copy is not None:
            add_document(session.add, left.path, copy, batch, tell)
            break
        left = session.leave(known, left.path)
    return left


def _gone_below(session: Session, place: str, batch: Batch[ReceiptOut]) -> list[DocumentOut]:
    """What was taken in from a file, an archive or a folder and stands there no more, older versions left out."""
    found = [each for each in session.documents(place) if each.status != "superseded"]
    return [each for each in found if each.path is not None and _is_gone(each.path, batch)]


def _is_at(file: str, place: str) -> bool:
    """Is it the file at a place, or in the archive there?"""
    return file == place or file.startswith(f"{place}/")


def _is_gone(place: str, batch: Batch[ReceiptOut]) -> bool:
    """Does no file stand there, nor an archive that holds it? What cannot be looked at is not gone.

    An archive that was just taken in without a fault holds what came from it and nothing else.
    """
    try:
        file = _file_at(place)
    except OSError:
        return False
    if file is None or file == Path(place):
        return file is None
    inside = f"{file}/"
    has_faults = any(each.file == str(file) or each.file.startswith(inside) for each in batch.failures)
    return place not in batch.taken and not has_faults and any(each.startswith(inside) for each in batch.taken)


def take_in_replaced(
    session: Session,
    settings: Settings,
    batch: Batch[ReceiptOut],
    tell: Watcher[ReceiptOut],
    receipts: Mapping[str, ReceiptOut],
) -> None:
    """Takes in again what was just replaced by another content of its file, where its bytes stand elsewhere too.

    `receipts` say by place what was done there.
    """
    for place, receipt in receipts.items():
        if receipt.replaces is not None and receipt.status in {"replaced", "waiting"}:
            try:
                _leave(session, receipt.replaces, place, settings, batch, tell)
            except NotFound:
                log.info("%s was deleted meanwhile", receipt.replaces)


def _copy_at(place: str, known: str, settings: Settings) -> RawFile | None:
    """The file, or member of an archive, that stands there with the bytes of a document. Raises OSError and BadFile
    where that cannot be known for now."""
    file, fault = _file_at(place), None
    if file is None and _may_be_unmounted(place):
        raise BadFile(f"{place}: may not be mounted")
    for entry in own_entries([file], settings) if file is not None else ():
        for each in documents_of(entry, settings):
            if isinstance(each, BadFile):
                fault = each
            elif each.path == place and document_id(each.content) == known:
                return each
    if fault is not None:
        raise fault
    return None


def _file_at(place: str) -> Path | None:
    """The file that stands there, or the archive that it may be in. Raises OSError."""
    return next((each for each in (Path(place), *Path(place).parents) if each.is_file()), None)


def _may_be_unmounted(place: str) -> bool:
    """Is the next folder above it that is there an empty one?"""
    try:
        return not any(next(each for each in Path(place).parents if each.is_dir()).iterdir())
    except OSError:
        return True


def _wakings(folders: list[Path], stop: threading.Event) -> Iterator[bool]:
    """True when something changed, else False every now and then; polls where the system can't tell of changes."""
    for polling in (False, True):
        try:
            for changes in watch(
                *folders,
                watch_filter=None,
                debounce=_LOOK_MS,
                step=_LOOK_MS // 4,
                stop_event=stop,
                rust_timeout=_LOOK_MS,
                yield_on_timeout=True,
                force_polling=polling or None,
            ):
                yield bool(changes)
            return
        except OSError as error:
            if polling:
                raise
            log.warning("cannot be told of changes (%s): looking every now and then", error)
