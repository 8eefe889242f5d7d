"""A system that ranks lines by the words they share with the question."""

from collections.abc import Sequence

from eval.sets import CorpusDocument
from eval.systems import Cited, Reply, Retrieved


class WordOverlapSystem:
    """Every line is a passage; its score is the share of the question's words in it. It answers from 0.5 on."""

    index_version = "lines"
    refused: Sequence[str] = ()

    def __init__(self, name: str = "overlap") -> None:
        self.name = name
        self.indexed: list[list[str]] = []
        self._lines: list[Retrieved] = []

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        self.indexed.append([document.text for document in documents])
        self._lines = []
        for document in documents:
            start = 0
            for line in document.text.splitlines(keepends=True):
                if line.strip():
                    text = line.rstrip("\n")
                    self._lines.append(Retrieved(document.id, start, start + len(text), text, 0))
                start += len(line)

    def search(self, question: str, top_k: int) -> Sequence[Retrieved]:
        asked = _words(question)
        scored = [
            Retrieved(line.document_id, line.start, line.end, line.text, len(asked & _words(line.text)) / len(asked))
            for line in self._lines
        ]
        return sorted(scored, key=lambda hit: -hit.score)[:top_k]

    def ask(self, question: str) -> Reply:
        best = self.search(question, 1)[0]
        if best.score < 0.5:
            return Reply(False, best.score, (), None)
        return Reply(True, best.score, (Cited(best, best.start, best.end),), best.text)

    def close(self) -> None:
        pass


def _words(text: str) -> set[str]:
    return {word.strip(".,?") for word in text.casefold().split()}
