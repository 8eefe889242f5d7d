"""A data directory as the commands see it: in this process, or through the service that owns it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from qa_service.answering.export.formats import FormatName
from qa_service.cli.remote import RemoteSession
from qa_service.config import Settings
from qa_service.errors import BadInput, StoreError
from qa_service.records import Filters, QuarantineKind, RawFile, Span
from qa_service.store.corrections import Corrections
from qa_service.store.database import FILE_NAME
from qa_service.store.lock import DataDirectoryLock, read_holder
from qa_service.web.document_responses import AuditOut, DescriptionOut, DocumentOut, LeftOut, ReceiptOut
from qa_service.web.record_file import RecordFile
from qa_service.web.responses import AnswerOut, RecordCheckOut, SearchOut, VerifyOut


class Session(Protocol):
    """What the commands call."""

    def add(self, file: RawFile) -> ReceiptOut: ...

    def ask(self, question: str, top_k: int, filters: Filters, export: Sequence[FormatName] = ()) -> AnswerOut: ...

    def search(self, question: str, top_k: int, filters: Filters) -> SearchOut: ...

    def check_record(self, record: RecordFile) -> RecordCheckOut: ...

    def verify(self, quote: str, document_id: str | None) -> VerifyOut: ...

    def documents(self, path: str | None = None) -> Iterator[DocumentOut]:
        """All, older versions among them, or those taken in from `path` or below it."""
        ...

    def receipt(self, document_id: str) -> ReceiptOut: ...

    def audit(self) -> AuditOut: ...

    def delete(self, document_id: str, with_versions: bool, audit: bool) -> None: ...

    def leave(self, document_id: str, path: str) -> LeftOut:
        """The bytes of a document went from `path`: does it stand elsewhere?"""
        ...

    def correct(self, document_id: str, changes: Corrections) -> DescriptionOut: ...

    def restore(self, document_id: str, start: int) -> ReceiptOut: ...

    def quarantine(self, document_id: str, span: Span, kind: QuarantineKind) -> ReceiptOut: ...

    def accept(self, document_id: str) -> ReceiptOut: ...

    def reindex(self, everything: bool) -> int: ...


@contextmanager
def session(settings: Settings, command: str, **flags: object) -> Iterator[Session]:
    """Through the running service if there is one, else in this process under the lock. Raises QAError.

    `flags` are those of the command that a running service cannot take over: refused instead of dropped.
    """
    holder = read_holder(settings.data_dir)
    if holder is not None and holder.url is not None:
        if given := [f"--{name.replace('_', '-')}" for name, value in flags.items() if value is not None]:
            raise BadInput(
                f"{', '.join(given)}: the service at {holder.url} has its own; stop it first, or ask without"
            )
        remote = RemoteSession(holder, holder.url)
        try:
            yield remote
        finally:
            remote.close()
    else:
        if holder is None and command != "index" and not (settings.data_dir / FILE_NAME).is_file():
            raise StoreError(f"{settings.data_dir} holds no documents yet; run: python -m qa_service index PATH")
        from qa_service.cli.local import LocalSession  # noqa: PLC0415  what goes through a service needs none of it

        with DataDirectoryLock(settings.data_dir, command):
            local = LocalSession(settings)
            try:
                yield local
            finally:
                local.close()
