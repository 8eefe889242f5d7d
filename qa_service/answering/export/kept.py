"""The records of the newest answers, for who downloads one after reading it."""

import threading
from collections import OrderedDict

from qa_service.errors import NotFound
from qa_service.records import Record

MAX_KEPT = 500


class KeptRecords:
    """In memory only: nothing of a deleted document stays on the disk. Safe to call from several threads."""

    def __init__(self, size: int = MAX_KEPT) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._records: OrderedDict[str, Record] = OrderedDict()

    def keep(self, record: Record) -> None:
        with self._lock:
            self._records[record.id] = record
            while len(self._records) > self._size:
                self._records.popitem(last=False)

    def forget(self, document_id: str) -> None:
        """Every record that cites a document which is to be there no more."""
        with self._lock:
            citing = [
                answer_id
                for answer_id, record in self._records.items()
                if any(citation.document_id == document_id for citation in record.citations)
            ]
            for answer_id in citing:
                del self._records[answer_id]

    def get(self, answer_id: str) -> Record:
        """Raises NotFound."""
        with self._lock:
            if answer_id not in self._records:
                raise NotFound("this answer is kept no more; ask again")
            return self._records[answer_id]
