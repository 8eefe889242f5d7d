"""The texts of all documents in memory, verbatim and comparable: what is looked for in them can't be missed."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from qa_service.answering.comparable import make_comparable
from qa_service.store.store import Store

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class HeldText:
    sha256: str
    text: str
    comparable: str


class CorpusTexts:
    """Read when they are first asked for, some 5 bytes a character; then only what was added. Safe for threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._generation = -1
        self._texts: Mapping[str, HeldText] = {}

    def current(self) -> Mapping[str, HeldText]:
        """By document id, in the order they came: as the store is now, what was deleted no longer among them."""
        with self._lock:
            generation = self._store.generation
            if generation != self._generation:
                self._texts = self._read()
                self._generation = generation
            return self._texts

    def _read(self) -> Mapping[str, HeldText]:
        versions = self._store.text_versions()
        held = {each: text for each, text in self._texts.items() if versions.get(each) == text.sha256}
        missing = [each for each in versions if each not in held]
        for i in range(0, len(missing), _AT_ONCE):
            for each, text in self._store.texts(missing[i : i + _AT_ONCE]).items():
                held[each] = HeldText(versions[each], text, make_comparable(text).text)
        return {each: held[each] for each in versions if each in held}
