"""The newest answers, for who asks the same again."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from qa_service.records import Answer, Filters


def ask_key(question: str, before: Sequence[str], top_k: int, filters: Filters) -> bytes:
    """What an answer depends on beside the index and the settings; `before` are the questions asked before it."""
    return hashlib.sha256(repr((question, tuple(before), top_k, filters)).encode(errors="backslashreplace")).digest()


class AnswerCache:
    """In memory only, of one service, whose settings don't change. Safe to call from several threads.

    All answers in it were given over one state of the index; any other state empties it.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._state: object = None
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()

    def get(self, state: object, key: bytes) -> Answer | None:
        """The answer that was given over this state of the index, if it is still there."""
        with self._lock:
            if state != self._state:
                return None
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, state: object, key: bytes, answer: Answer) -> None:
        """`state` is that of the index both before the search and after it."""
        with self._lock:
            if state != self._state:
                self._answers.clear()
                self._state = state
            self._answers[key] = answer
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """What was deleted is not kept in answers either."""
        with self._lock:
            self._answers.clear()
