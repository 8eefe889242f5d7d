"""Question sets as frozen records, and their readers.

Two layouts: the project's own (`eval/questions/*.jsonl` over a folder of files) and that of the public sets
(`corpus[.LANG].jsonl` and `queries[.LANG].jsonl`, or `queries.Y-on-X.jsonl`, in one folder).
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from qa_service.errors import BadFile
from qa_service.ingest.document import make_document
from qa_service.ingest.files import find_files

logger = logging.getLogger(__name__)

_MAX_BYTES = 1_000_000_000


class SetError(Exception):
    """A question set that is absent or contradicts itself; the message says where."""


@dataclass(frozen=True, slots=True)
class CorpusDocument:
    """One document of a corpus. `metadata` is what its manifest says of it, as the service would be told."""

    id: str
    title: str
    text: str
    language: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verbatim quote of a document that answers a question."""

    document: str
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its judgements: whole documents (`relevant`), quotes (`evidence`), or both.

    `candidates` are documents that annotators judged without saying which of them answers.
    """

    id: str
    text: str
    language: str
    answerable: bool
    relevant: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    answers: tuple[str, ...]
    candidates: tuple[str, ...]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file. Raises SetError with the line's number."""
    if not path.is_file():
        raise SetError(f"{path}: no such file")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise SetError(f"{path}:{number}: not JSON: {error}") from error


@lru_cache(maxsize=256)
def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of a file in either layout. Raises SetError."""
    try:
        return tuple(_question(line) for line in read_lines(path))
    except KeyError as error:
        raise SetError(f"{path}: a question lacks {error}") from error


def _question(line: Mapping[str, Any]) -> Question:
    """`evidence_sentences` (ClapNQ) stand in the relevant documents; free-text answers beside them are no spans."""
    relevant = tuple(line.get("relevant", ()))
    sentences = tuple(line.get("evidence_sentences", ()))
    evidence = tuple(Evidence(item["document"], item["quote"]) for item in line.get("evidence", ()))
    evidence += tuple(Evidence(document, sentence) for document in relevant for sentence in sentences)
    return Question(
        id=line["id"],
        text=line["question"],
        language=line["language"],
        answerable=line["answerable"],
        relevant=relevant,
        evidence=evidence,
        answers=() if sentences else tuple(line.get("answers", ())),
        candidates=tuple(line.get("candidates", ())),
    )


@lru_cache(maxsize=256)
def read_corpus(path: Path) -> tuple[CorpusDocument, ...]:
    """The documents of a corpus file; a title, where there is one, is told to the service. Raises SetError.

    A byte order mark, with which some texts of XQuAD begin, is no text: a file loses it when it is read, too.
    """
    try:
        return tuple(
            CorpusDocument(
                id=line["id"],
                title=line["title"],
                text=line["text"].removeprefix("\ufeff"),
                language=line["language"],
                metadata={"title": line["title"]} if line["title"] else {},
            )
            for line in read_lines(path)
        )
    except KeyError as error:
        raise SetError(f"{path}: a document lacks {error}") from error


def read_folder(folder: Path) -> tuple[CorpusDocument, ...]:
    """The files of a folder by file name, read as the service reads them; files that it refuses are left out."""
    if not folder.is_dir():
        raise SetError(f"{folder}: no such folder")
    documents = []
    for entry in find_files([folder]):
        try:
            if isinstance(entry, BadFile):
                raise entry
            file = entry.read(_MAX_BYTES)
            document, _ = make_document(file)
        except BadFile as error:
            logger.warning("left out: %s", error)
            continue
        said = document.metadata
        documents.append(CorpusDocument(file.name, said.title, document.text, said.language, file.metadata))
    return tuple(documents)


@dataclass(frozen=True, slots=True)
class SetFolder:
    """A public set in its folder."""

    path: Path

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that have a corpus file of their own; empty where there is one corpus only."""
        names = (path.name.split(".") for path in self.path.glob("corpus.*.jsonl"))
        return tuple(sorted(parts[1] for parts in names if len(parts) == 3))

    def corpus(self, language: str = "") -> tuple[CorpusDocument, ...]:
        return read_corpus(self.corpus_file(language))

    def windows(self, language: str) -> tuple[CorpusDocument, ...]:
        """Parallel windows of a few sentences, where a set has them (NTREX)."""
        return read_corpus(self.path / f"passages.{language}.jsonl")

    def questions(self, language: str = "", corpus_language: str = "") -> tuple[Question, ...]:
        """Questions in `language` on the corpus in `corpus_language`, with the answers of the corpus' language."""
        questions = read_questions(self.questions_file(language, corpus_language))
        if language == corpus_language or self.pair_file(language, corpus_language).is_file():
            return questions
        answers = {question.id: question.answers for question in self.questions(corpus_language, corpus_language)}
        return tuple(replace(question, answers=answers.get(question.id, ())) for question in questions)

    def corpus_file(self, language: str = "") -> Path:
        return self.path / (f"corpus.{language}.jsonl" if language else "corpus.jsonl")

    def pair_file(self, language: str, corpus_language: str) -> Path:
        return self.path / f"queries.{language}-on-{corpus_language}.jsonl"

    def questions_file(self, language: str = "", corpus_language: str = "") -> Path:
        pair = self.pair_file(language, corpus_language)
        if pair.is_file():
            return pair
        return self.path / (f"queries.{language}.jsonl" if language else "queries.jsonl")
