"""Files into the store and its index, and out of them again."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace

import numpy as np

from embeddings.encoder import Encoder
from qa_service.errors import BadInput, NotFound, StoreError
from qa_service.ingest.carry_over import CORRECTED, carry_over
from qa_service.ingest.chunk import kept_text, make_passages
from qa_service.ingest.clean_meaning import AdvertisementRule
from qa_service.ingest.decisions import kept_out, restored
from qa_service.ingest.document import described_without, document_id, make_document, with_sections
from qa_service.ingest.likeness import NEAR, Shingled, fingerprints, shared_share
from qa_service.memory import give_back_memory
from qa_service.records import (
    Document,
    DocumentStatus,
    Quarantined,
    QuarantineKind,
    RawFile,
    Receipt,
    Span,
    Status,
)
from qa_service.store.corrections import Corrections, correct, restate, unsaid
from qa_service.store.encoding import encode_document, encode_passages
from qa_service.store.likeness import Likeness
from qa_service.store.manifest import IndexManifest
from qa_service.store.passage_index import PassageIndex
from qa_service.store.receipts import read_receipt
from qa_service.store.rows import EncodedPassage
from qa_service.store.store import PassageChange, Store
from qa_service.store.versions import Standing

log = logging.getLogger(__name__)

_INDEXED_AT_ONCE = 5_000
_A_BOOK = 1_000_000
"""Characters, or bytes."""
Decide = Callable[[Document, Sequence[Quarantined]], Sequence[Quarantined]]
Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


def no_progress(_done: int, _total: int) -> None:
    """Nobody watches."""


class OneEach:
    """A lock for each of the things that are under way: nobody waits for a book but who sends the same one."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._under_way: dict[str, tuple[threading.Lock, list[None]]] = {}

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        with self._guard:
            lock, interested = self._under_way.setdefault(key, (threading.Lock(), []))
            interested.append(None)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                interested.pop()
                if not interested:
                    del self._under_way[key]


@dataclass(frozen=True, slots=True)
class Indexer:
    """Encoding happens outside the lock; the store's commit and the index' change inside."""

    store: Store
    index: PassageIndex
    encoder: Encoder
    advertisements: AdvertisementRule | None = None
    """Of the encoder, where there is one."""
    _replacing: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)
    _taking_in: OneEach = field(default_factory=OneEach, init=False, repr=False, compare=False)

    @property
    def manifest(self) -> IndexManifest:
        return IndexManifest.current(self.encoder.spec)

    def add(self, file: RawFile) -> Receipt:
        """Takes in a file; the same bytes again change nothing but where they stand and what is said of them. Raises
        BadFile.

        Another content at the path of a document, or for the name that is given to be replaced, is its new version.
        """
        begin = time.perf_counter()
        made = document_id(file.content)
        with self._taking_in.turn(made):  # the same bytes at once: encoded once
            while True:
                standing = self.store.standing(made)
                older = self.store.older(made, file.path, file.replaces)
                if standing is None:
                    with self._room_for(file):
                        status = self._add(file, older, begin)
                elif standing.status == "superseded" and self.store.is_overruled(made, file.path):
                    status = "superseded"
                elif standing.status == "superseded":
                    status = self._bring_back(made, standing, file, older)
                else:
                    status = self._move(made, standing, file, older)
                if status is not None and standing is not None and _is_same_file(standing, file):
                    status = self._restated(made, file, status)
                if status is not None:
                    if file.replaces is not None:
                        self.store.withdraw(file.replaces, made)
                    return read_receipt(self.store, made, status)

    def _room_for(self, file: RawFile) -> AbstractContextManager[None]:
        """One book at a time."""
        return self.index.resting() if len(file.content) > _A_BOOK else nullcontext()

    def _add(self, file: RawFile, older: str | None, begin: float) -> Status | None:
        """None, and nothing is done, when the store changed meanwhile: look again."""
        made, found = make_document(file)
        made = replace(made, path=file.path, replaces=older)
        _tidy_up(made)
        document, quarantined = self._carried_over(older, made, found)
        likeness = self._likeness(document, quarantined)
        _tidy_up(document)  # before the passages are there: of a book each takes tens of megabytes
        described, entries, passages = encode_document(
            self.encoder, document, quarantined, self.advertisements, self.store.database.path.parent
        )
        if self._alike(document, likeness.fingerprints) != likeness.looked_at:  # others came meanwhile
            likeness = self._likeness(document, quarantined)
        _tidy_up(document)
        with self._deciding(older), self.index.lock:
            if self._carried_over(older, made, found) != (document, quarantined):
                return None  # an operator decided on the older version
            took_ms = (time.perf_counter() - begin) * 1000
            change = self.store.add(
                described, file.content, entries, passages, self.manifest, took_ms=took_ms, likeness=likeness
            )
            self._change_index(change, passages)
        if change is None:
            return None
        if document.status == "waiting":
            return "waiting"
        return "replaced" if older else "added"

    def _bring_back(self, document_id: str, standing: Standing, file: RawFile, older: str | None) -> Status | None:
        """An older version's bytes came again: it counts once more, or waits if it was never accepted. None as for
        `_add`."""
        status: DocumentStatus = "waiting" if standing.was_waiting else "indexed"

        def decided() -> tuple[Document, tuple[Quarantined, ...]]:
            stored, quarantined = self.store.document(document_id), self.store.quarantined(document_id)
            name = file.name if file.path else stored.file_name
            document = replace(stored, status=status, path=file.path, file_name=name, replaces=older)
            return self._carried_over(older, document, quarantined)

        try:
            document, quarantined = decided()
            passages = self._encoded(document, quarantined)
            with self._deciding(document_id), self.index.lock:
                if decided() != (document, quarantined):
                    return None
                change = self.store.bring_back(document, quarantined, passages, self.manifest, file.name)
                self._change_index(change, passages)
        except NotFound:
            return None
        if change is None:
            return None
        if status == "waiting":
            return "waiting"
        return "replaced" if older else "restored"

    def _restated(self, document_id: str, file: RawFile, status: Status) -> Status | None:
        """What is said of known bytes counts where they stand; of copies elsewhere each would say its own. None as for
        `_add`."""
        if not file.metadata and file.path is None:  # it says nothing, and what stands beside it is not known
            return status
        with self._replacing, suppress(NotFound):
            own = None
            if unsaid(self.store.document(document_id), file):
                own = described_without(make_document(file)[0], self.store.quarantined(document_id))
            is_new = restate(self.store, document_id, file, own)
            return "described" if is_new and status == "unchanged" else status
        return None

    def _move(self, document_id: str, standing: Standing, file: RawFile, older: str | None) -> Status | None:
        """With the path the name follows: citations name the file that the bytes stand in. None as for `_add`."""
        waits = standing.status == "waiting"
        is_there = file.path is None or (file.path, file.name) == (standing.path, standing.file_name)
        is_known = is_there and self.store.was_seen(document_id, file.path, file.name)
        if is_known and (file.path is not None or older in {None, standing.waits_for}):
            return "waiting" if waits else "unchanged"
        with self._deciding(older), self.index.lock:
            removed = self.store.move(document_id, file.path, file.name, older)
            if removed:
                self.index.remove(removed)
        if removed is None:
            return None
        if waits:
            return "waiting"
        return "replaced" if older else "unchanged"

    def _carried_over(
        self, older: str | None, document: Document, quarantined: tuple[Quarantined, ...]
    ) -> tuple[Document, tuple[Quarantined, ...]]:
        if older is None:
            return document, quarantined
        try:
            return carry_over(self.store.document(older), self.store.quarantined(older), document, quarantined)
        except NotFound:  # deleted meanwhile: the store will not take the new version in its place
            return document, quarantined

    def _likeness(self, document: Document, quarantined: Sequence[Quarantined]) -> Likeness:
        shingled = Shingled.of(kept_text(document.text, quarantined))
        prints = fingerprints(shingled)
        alike, near = self._alike(document, prints), []
        for each in alike:
            with suppress(NotFound):
                other = kept_text(self.store.document(each).text, self.store.quarantined(each))
                near.append((each, shared_share(shingled, Shingled.of(other))))
        return Likeness(prints, tuple((each, share) for each, share in near if share >= NEAR), alike)

    def _alike(self, document: Document, prints: Sequence[int]) -> tuple[str, ...]:
        return tuple(each for each in self.store.alike(prints) if each != document.replaces)

    @contextmanager
    def _deciding(self, older: str | None) -> Iterator[None]:
        """What an operator decides of the older version waits until the new one is there."""
        if older is None:
            yield
        else:
            with self._replacing:
                yield

    def _encoded(self, document: Document, quarantined: Sequence[Quarantined]) -> list[EncodedPassage]:
        """None for a document that is not searched."""
        if document.status != "indexed":
            return []
        return encode_passages(self.encoder, make_passages(document, quarantined), self.store.database.path.parent)

    def _change_index(self, change: PassageChange | None, passages: Sequence[EncodedPassage]) -> None:
        """The caller holds the lock of the index."""
        if change is not None:
            if change.removed:
                self.index.remove(change.removed)
            self._add_to_index(change.added, passages)

    def delete(self, document_id: str, with_versions: bool = False, audit: str | None = None) -> tuple[str, ...]:
        """Deletes a document with all that was derived from it; the ids of all that went. Raises NotFound.

        Its older versions stay unless told to; none of them comes back. What was decided of it holds in the version
        that waits for its place. `audit` names the command for the line that is then kept.
        """
        with self._replacing, suppress(NotFound):
            for waiting in map(self.store.document, self.store.waiting_for(document_id)):
                decided = self._decided_meanwhile(waiting, self.store.quarantined(waiting.id))
                self._replace(waiting.id, decided, waiting.status)
        with self.index.lock:
            deleted = self.store.delete(document_id, with_versions, audit)
            self.index.remove(deleted.passages)
        try:
            self.store.purge()
        except StoreError as error:  # it is deleted; its words go from the disk with the next one or the next start
            log.warning("what was deleted is still on the disk: %s", error)
        return deleted.documents

    def restore(self, document_id: str, start: int) -> Receipt:
        """Lets a quarantined or flagged stretch be searched as any other, for good. Raises NotFound."""

        def decide(_document: Document, entries: Sequence[Quarantined]) -> Sequence[Quarantined]:
            decided = restored(entries, start)
            if decided is None:
                raise NotFound(f"no quarantined stretch of document {document_id} begins at {start}")
            return decided

        return self._decide(document_id, decide, "restored")

    def quarantine(self, document_id: str, span: Span, kind: QuarantineKind) -> Receipt:
        """Keeps a stretch out of search, for good. Raises NotFound and BadInput."""

        def decide(document: Document, entries: Sequence[Quarantined]) -> Sequence[Quarantined]:
            if span.end > len(document.text):
                raise BadInput(f"the stretch ends behind the text: the document has {len(document.text):,} characters")
            return kept_out(entries, span, kind)

        return self._decide(document_id, decide, "quarantined")

    def accept(self, document_id: str) -> Receipt:
        """Lets what the rules left of a waiting document be searched. Raises NotFound and BadInput."""

        def decide(document: Document, entries: Sequence[Quarantined]) -> Sequence[Quarantined]:
            if document.status != "waiting":
                raise BadInput(f"document {document_id} does not wait for a decision")
            return entries

        return self._decide(document_id, decide, "accepted")

    def _decide(self, document_id: str, decide: Decide, status: Status) -> Receipt:
        """An operator's decision on any stretch of a waiting document is one on the document: it takes its place."""
        with self._replacing:
            document, entries = self.store.document(document_id), self.store.quarantined(document_id)
            decided = decide(document, entries)
            if document.status == "waiting":
                self._replace(document_id, self._decided_meanwhile(document, decided), "indexed")
            else:
                self._replace(document_id, decided, document.status)
        return read_receipt(self.store, document_id, status)

    def _decided_meanwhile(self, waiting: Document, entries: Sequence[Quarantined]) -> Sequence[Quarantined]:
        """The entries with those of the version that was searched while this one waited; its corrections are stored.

        What was decided of this very version counts before that.
        """
        document, entries = self._carried_over(waiting.replaces, waiting, tuple(entries))
        changes = {
            name: getattr(document.metadata, name) or ""
            for name, origin in document.origins.items()
            if origin == CORRECTED and waiting.origins.get(name) != CORRECTED
        }
        if changes:
            correct(self.store, waiting.id, changes)
        return entries

    def correct(self, document_id: str, changes: Corrections) -> Document:
        """Corrects a document's metadata, not while its passages are made anew. Raises NotFound and BadInput."""
        with self._replacing:
            return correct(self.store, document_id, changes)

    def remake_all(self, progress: Progress) -> int:
        """Makes the passages of every document anew; how many documents there are."""
        ids = self.store.document_ids()
        for done, each in enumerate(ids, start=1):
            with self._replacing, suppress(NotFound):  # deleted meanwhile
                self._replace(each, self.store.quarantined(each))
            progress(done, len(ids))
        return len(ids)

    def _replace(
        self, document_id: str, quarantined: Sequence[Quarantined], status: DocumentStatus | None = None
    ) -> None:
        """The caller holds `_replacing`, so that nobody restores a stretch between the look at it and the change."""
        document = _with_sections(self.store, document_id, quarantined)
        if status is not None:
            document = replace(document, status=status)
        passages = self._encoded(document, quarantined)
        with self.index.lock:
            old, new = self.store.replace_passages(document_id, quarantined, passages, self.manifest, status)
            self.index.remove(old)
            self._add_to_index(new, passages)
        self.store.set_fingerprints(document_id, fingerprints(Shingled.of(kept_text(document.text, quarantined))))

    def _add_to_index(self, ids: list[int], passages: Sequence[EncodedPassage]) -> None:
        for start in range(0, len(ids), _INDEXED_AT_ONCE):
            part = slice(start, start + _INDEXED_AT_ONCE)
            self.index.add(ids[part], np.stack([each.vector for each in passages[part]]).astype(np.float32))


def remake(store: Store, encoder: Encoder, ids: Sequence[str], progress: Progress) -> int:
    """Makes the passages of these documents anew, a document a transaction, while no index is open over the store."""
    manifest, folder = IndexManifest.current(encoder.spec), store.database.path.parent
    for done, each in enumerate(ids, start=1):
        quarantined = store.quarantined(each)
        document = _with_sections(store, each, quarantined)
        searched = document.status == "indexed"
        passages = encode_passages(encoder, make_passages(document, quarantined), folder) if searched else []
        store.replace_passages(each, quarantined, passages, manifest)
        store.set_fingerprints(each, fingerprints(Shingled.of(kept_text(document.text, quarantined))))
        progress(done, len(ids))
    if ids:
        store.forget_base()
    return len(ids)


def _with_sections(store: Store, document_id: str, quarantined: Sequence[Quarantined]) -> Document:
    """A document of the store; the sections that an earlier version did not look for are found and stored."""
    stored = store.document(document_id)
    document = with_sections(stored, quarantined)
    if document.sections != stored.sections:
        store.set_sections(document)
    return document


def _tidy_up(document: Document) -> None:
    if len(document.text) > _A_BOOK:
        give_back_memory()


def _is_same_file(standing: Standing, file: RawFile) -> bool:
    """Not a copy elsewhere, or under another name."""
    return file.path == standing.path if file.path and standing.path else file.name == standing.file_name
