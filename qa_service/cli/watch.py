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

from qa_service.cli.batch import Batch, Watcher, add_entry, own_entries, place_of
from qa_service.cli.output import out
from qa_service.cli.progress import printable
from qa_service.cli.session import Session
from qa_service.config import Settings
from qa_service.errors import BadFile, BadInput, DataDirectoryInUse, NotFound
from qa_service.ingest.files import FileEntry, Stamp, stamp
from qa_service.web.document_responses import DocumentOut, ReceiptOut

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
            while changes.gone:
                self._forget(changes.gone[0])
                del changes.gone[0]
        except DataDirectoryInUse as error:  # the service that owns it went away, and may come back
            log.warning("%s; the folder is looked at again", error)
            self._follower.put_back(changes)

    def _take_in(self, entry: FileEntry | BadFile) -> None:
        place = place_of(entry)
        for each in [each for each in self._batch.taken if each == place or each.startswith(f"{place}/")]:
            del self._batch.taken[each]
        add_entry(self._session.add, entry, self._settings, self._batch, self._tell)
        if self._delete_missing and any(each.startswith(f"{place}/") for each in self._batch.taken):
            _delete_gone(self._session, place, self._batch)  # an archive: it may have lost some
        receipt = self._batch.taken.get(place)
        if receipt is None or receipt.replaces is None or receipt.status not in {"replaced", "waiting"}:
            return
        is_found = self._take_in_copy(receipt.replaces)  # the older version left its place, but may stand elsewhere too
        if not is_found and receipt.status == "replaced":
            _take_in_elsewhere(self._session, receipt.replaces, place, self._settings, self._batch, self._tell)

    def _forget(self, place: str) -> None:
        self._batch.taken.pop(place, None)
        if not _is_gone(place, self._batch):
            return  # not looked at for now: what stands beside it cannot be read
        for document in _below(self._session, place):
            if self._take_in_copy(document.document_id):
                continue
            if not self._delete_missing:
                out.print(f"gone, kept as {document.document_id}: {printable(place)}")
            else:
                _delete(self._session, document, self._batch)

    def _take_in_copy(self, document_id: str) -> bool:
        """Takes in another file of the same bytes, if there is one."""
        copies = {place for place, receipt in self._batch.taken.items() if receipt.document_id == document_id}
        for entry in own_entries(self._folders, self._settings) if copies else ():
            if isinstance(entry, FileEntry) and entry.place in copies:
                add_entry(self._session.add, entry, self._settings, self._batch, self._tell)
                return True
        return False


def delete_missing(session: Session, folders: Iterable[Path], settings: Settings, batch: Batch[ReceiptOut]) -> None:
    """Deletes the documents that were taken in from below these folders and whose files are there no more.

    `batch` is what was just taken in: what an archive among it holds no more is gone, too.

    A folder that is not there, or empty, is taken for one that is not mounted: nothing is deleted.
    """
    for folder in folders:
        if not any(isinstance(entry, FileEntry) for entry in own_entries([folder], settings)):
            out.print(f"nothing deleted: {printable(str(folder))} holds no files, it may not be mounted")
            continue
        _delete_gone(session, os.path.abspath(folder), batch)  # noqa: PTH100  Path.absolute leaves `..` in it


def _delete_gone(session: Session, place: str, batch: Batch[ReceiptOut]) -> None:
    for document in _below(session, place):
        if document.path is not None and _is_gone(document.path, batch):
            _delete(session, document, batch)


def _delete(session: Session, document: DocumentOut, batch: Batch[ReceiptOut]) -> None:
    """Deletes a document whose file is gone, unless the same bytes stand elsewhere: then it stands there."""
    if document.path is None:
        return
    try:
        left = session.leave(document.document_id, document.path)
        while left.path is not None and _is_gone(left.path, batch) and not _may_be_unmounted(left.path):
            left = session.leave(document.document_id, left.path)
        if left.stands:
            out.print(f"gone, kept as {printable(left.path or document.document_id)}: {printable(document.path)}")
        else:
            session.delete(document.document_id, with_versions=True, audit=False)
            out.print(f"deleted {document.document_id} {printable(document.path)}")
    except NotFound:
        log.info("%s was deleted meanwhile", document.document_id)


def _below(session: Session, place: str) -> list[DocumentOut]:
    """What was taken in from a file, an archive or a folder, older versions left out."""
    return [each for each in session.documents(place) if each.status != "superseded"]


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


def take_in_replaced(session: Session, settings: Settings, batch: Batch[ReceiptOut], tell: Watcher[ReceiptOut]) -> None:
    """Takes in again what was just replaced by another content of its file, where its bytes stand elsewhere too."""
    for place, receipt in list(batch.taken.items()):
        if receipt.status == "replaced" and receipt.replaces is not None:
            _take_in_elsewhere(session, receipt.replaces, place, settings, batch, tell)


def _take_in_elsewhere(
    session: Session,
    document_id: str,
    place: str,
    settings: Settings,
    batch: Batch[ReceiptOut],
    tell: Watcher[ReceiptOut],
) -> None:
    """Takes in a file of the same bytes as an older version that left its place, wherever one was seen."""
    try:
        path = session.leave(document_id, place).path
        while path is not None and (file := _file_at(path)) is None and not _may_be_unmounted(path):
            path = session.leave(document_id, path).path
    except (NotFound, OSError) as error:
        log.info("no copy of %s was looked for: %s", document_id, error)
        return
    if path is not None and file is not None:
        for entry in own_entries([file], settings):
            add_entry(session.add, entry, settings, batch, tell)


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
