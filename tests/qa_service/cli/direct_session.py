"""A session over a service of this process with an encoder that needs no model: the calls that take in and delete."""

from collections.abc import Iterator
from typing import Any

from qa_service.records import RawFile
from qa_service.service import Service
from qa_service.web.document_responses import DocumentOut, LeftOut, ReceiptOut


class DirectSession:
    def __init__(self, service: Service) -> None:
        self.service = service

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)

    def add(self, file: RawFile) -> ReceiptOut:
        return ReceiptOut.of(self.service.add(file))

    def documents(self, path: str | None = None) -> Iterator[DocumentOut]:
        yield from map(DocumentOut.of, self.service.documents(1, 500, path=path)[0])

    def leave(self, document_id: str, path: str) -> LeftOut:
        return LeftOut.of(self.service.leave(document_id, path))

    def delete(self, document_id: str, with_versions: bool, audit: bool) -> None:
        self.service.delete(document_id, with_versions, "delete" if audit else None)
