"""Who computes next: one at a time, since one batch keeps all cores busy, and who asks before who files."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 1.0
"""Filing goes on under a constant load of questions: after waiting this long the next turn is its own."""


class Turns:
    """A document is encoded in many short turns, so that a question waits for one of them and not for all."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._questions_waiting = 0
        self._overdue = 0

    @contextmanager
    def question(self) -> Iterator[None]:
        with self._changed:
            self._questions_waiting += 1
            try:
                self._changed.wait_for(lambda: not self._taken and not self._overdue)
            finally:
                self._questions_waiting -= 1
            self._taken = True
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def filing(self) -> Iterator[None]:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._taken and not self._questions_waiting, PATIENCE_S):
                self._overdue += 1
                try:
                    self._changed.wait_for(lambda: not self._taken)
                finally:
                    self._overdue -= 1
            self._taken = True
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()
