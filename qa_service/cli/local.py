"""The commands' calls carried out in this process, under the data directory's lock."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from embeddings.encoder import Encoder
from qa_service import app
from qa_service.answering.export.check import check_record
from qa_service.answering.export.formats import FormatName
from qa_service.answering.quote_check import QuoteChecker
from qa_service.cli.progress import shown_progress
from qa_service.config import Settings
from qa_service.records import Filters, QuarantineKind, RawFile, Span
from qa_service.service import Service
from qa_service.store.corrections import Corrections, correct
from qa_service.store.receipts import read_receipt
from qa_service.store.store import Store
from qa_service.web.document_responses import AuditOut, DescriptionOut, DocumentOut, LeftOut, ReceiptOut
from qa_service.web.record_file import ExportsOut, RecordFile
from qa_service.web.responses import AnswerOut, RecordCheckOut, SearchOut, VerifyOut

_PAGE_SIZE = 500


class LocalSession:
    """What needs no model does not load it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._service: Service | None = None
        self._deleted = False

    def close(self) -> None:
        if self._service is not None:
            self._service.settle()
            self._service.close()
        if self._deleted:
            self._purge()

    def add(self, file: RawFile) -> ReceiptOut:
        return ReceiptOut.of(self._opened().add(file))

    def ask(self, question: str, top_k: int, filters: Filters, export: Sequence[FormatName] = ()) -> AnswerOut:
        service = self._opened(asking=True)
        answer = service.ask(question, top_k, filters)
        return AnswerOut.of(answer, exports=ExportsOut.of(service.record(answer), export))

    def search(self, question: str, top_k: int, filters: Filters) -> SearchOut:
        return SearchOut.of(self._opened(asking=True).search(question, top_k, filters))

    def check_record(self, record: RecordFile) -> RecordCheckOut:
        with closing(Store(self._settings.data_dir)) as store:
            return RecordCheckOut.of(check_record(store, record.to_record(), record.sha256))

    def verify(self, quote: str, document_id: str | None) -> VerifyOut:
        with closing(Store(self._settings.data_dir)) as store:
            return VerifyOut.of(QuoteChecker(store).check(quote, document_id))

    def documents(self, path: str | None = None) -> Iterator[DocumentOut]:
        with closing(Store(self._settings.data_dir)) as store:
            page, entries = 1, store.documents(1, _PAGE_SIZE, path=path)[0]
            while entries:
                yield from map(DocumentOut.of, entries)
                page += 1
                entries = store.documents(page, _PAGE_SIZE, path=path)[0]

    def receipt(self, document_id: str) -> ReceiptOut:
        with closing(Store(self._settings.data_dir)) as store:
            return ReceiptOut.of(read_receipt(store, document_id))

    def audit(self) -> AuditOut:
        with closing(Store(self._settings.data_dir)) as store:
            return AuditOut.of(store.audit())

    def delete(self, document_id: str, with_versions: bool, audit: bool) -> None:
        command = "delete" if audit else None
        if self._service is None:
            with closing(Store(self._settings.data_dir)) as store:
                if not store.waiting_for(document_id):  # else what was decided of it is taken over
                    store.delete(document_id, with_versions, command)
                    self._deleted = True
                    return
        self._opened().delete(document_id, with_versions, command)

    def leave(self, document_id: str, path: str) -> LeftOut:
        if self._service is not None:
            return LeftOut.of(self._service.leave(document_id, path))
        with closing(Store(self._settings.data_dir)) as store:
            return LeftOut.of(store.leave(document_id, path))

    def _purge(self) -> None:
        """Takes what was deleted off the disk, once for all of it: the index file is made anew when it is next read."""
        with closing(Store(self._settings.data_dir)) as store:
            store.forget_base()
            store.purge()
        for path in (self._settings.data_dir / "index").glob("base-*"):
            path.unlink(missing_ok=True)

    def correct(self, document_id: str, changes: Corrections) -> DescriptionOut:
        with closing(Store(self._settings.data_dir)) as store:
            return DescriptionOut.of(correct(store, document_id, changes))

    def restore(self, document_id: str, start: int) -> ReceiptOut:
        return ReceiptOut.of(self._opened().restore(document_id, start))

    def quarantine(self, document_id: str, span: Span, kind: QuarantineKind) -> ReceiptOut:
        return ReceiptOut.of(self._opened().quarantine(document_id, span, kind))

    def accept(self, document_id: str) -> ReceiptOut:
        return ReceiptOut.of(self._opened().accept(document_id))

    def reindex(self, everything: bool) -> int:
        encoder = self._encoder()
        with shown_progress("Documents") as progress:
            return app.reindex(self._settings, encoder, everything, progress)

    def _opened(self, asking: bool = False) -> Service:
        """A session either asks or changes documents, and only questions need the second stage."""
        if self._service is None:
            encoder = self._encoder()
            reranker = app.choose_reranker(self._settings, encoder) if asking else None
            self._service = app.open_service(self._settings, encoder, reranker)
        return self._service

    def _encoder(self) -> Encoder:
        with shown_progress("Building the model") as progress:
            return app.choose_encoder(self._settings, progress)
