"""What the encoder's adapter is trained on: texts that say the same in several languages, and questions with passages.

Parallel texts are the lines and headlines of NTREX, the questions of XQuAD and MLQA, the paragraphs of XQuAD, and the
paragraphs of the Universal Declaration (the texts that the language means are fitted on). Questions with passages are
those of the second stage (eval/reranker_groups.py). Held-out documents (eval/splits.py) are in none of them.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors
from embeddings.neutral import LanguageMeans, LanguageNeutralizer
from eval.reranker_groups import GroupSource
from eval.sets import SetFolder
from eval.splits import document_key, families_of, is_held_out

ENGLISH = "en"
_ENGLISH_SHARE = 0.5
"""What the English version counts in the vector that all versions are drawn to; the rest is the mean of all."""
_LIKELY = 0.35
"""The cosine without language from which two lines of the Declaration are versions of one paragraph."""
_NEAR = 30
"""A wrong passage is drawn from this many of the first stage's best."""


@dataclass(frozen=True, slots=True)
class Versions:
    """One text in several languages, by language; `query` tells which of the encoder's two inputs it is."""

    texts: Mapping[str, str]
    query: bool
    document: str


@dataclass(frozen=True, slots=True)
class Text:
    """An input of the encoder and the neutral vector that it is drawn to, shape [d]."""

    text: str
    query: bool
    target: Vectors


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, a passage that answers it and one that does not; `family` is what answers, in any language."""

    question: Text
    passage: Text
    wrong: Text
    family: str
    wrong_family: str


def parallel_texts(evalsets: Path) -> dict[str, list[Versions]]:
    """The parallel texts of the public sets by their name, of documents that may be trained on."""
    return {
        "ntrex lines": list(_ntrex_lines(SetFolder(evalsets / "ntrex"))),
        "ntrex windows": list(_ntrex_windows(SetFolder(evalsets / "ntrex"))),
        "ntrex headlines": list(_questions(SetFolder(evalsets / "ntrex"))),
        "xquad questions": list(_questions(SetFolder(evalsets / "xquad"))),
        "xquad paragraphs": list(_paragraphs(SetFolder(evalsets / "xquad"))),
        "mlqa questions": list(_questions(SetFolder(evalsets / "mlqa_dev"))),
    }


def _ntrex_lines(folder: SetFolder) -> Iterator[Versions]:
    """A line of an article is the same sentence in each language."""
    for document, texts in _paired(folder, windows=False):
        lines = {language: text.split("\n") for language, text in texts.items()}
        if len({len(found) for found in lines.values()}) != 1:
            continue
        for place, line in enumerate(lines[ENGLISH]):
            versions = {language: found[place].strip() for language, found in lines.items()}
            if len(line) > 20 and all(versions.values()):
                yield Versions(versions, False, document)


def _ntrex_windows(folder: SetFolder) -> Iterator[Versions]:
    for document, texts in _paired(folder, windows=True):
        yield Versions(texts, False, document.rpartition("-")[0])


def _paragraphs(folder: SetFolder) -> Iterator[Versions]:
    for document, texts in _paired(folder, windows=False):
        yield Versions(texts, False, document_key(folder.path.name, document, {}))


def _paired(folder: SetFolder, windows: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """Documents to train on: id and text by language."""
    read = folder.windows if windows else folder.corpus
    by_language = {language: {d.id: d.text for d in read(language)} for language in folder.languages}
    for document in by_language[ENGLISH]:
        key = document_key(folder.path.name, document.rpartition("-")[0] if windows else document, {})
        if not is_held_out(key):
            yield document, {language: found[document] for language, found in by_language.items() if document in found}


def _questions(folder: SetFolder) -> Iterator[Versions]:
    """The questions (of NTREX: the headlines) whose documents, in whatever language, may all be trained on."""
    family = families_of(folder)
    texts: dict[str, dict[str, str]] = {}
    documents: dict[str, set[str]] = {}
    for asked in folder.languages:
        for held in folder.languages:
            if not folder.questions_file(asked, held).is_file():
                continue
            for question in folder.questions(asked, held):
                texts.setdefault(question.id, {})[asked] = question.text
                keys = {document_key(folder.path.name, document, family) for document in question.relevant}
                documents.setdefault(question.id, set()).update(keys)
    for question_id, versions in texts.items():
        keys = documents[question_id]
        if keys and len(versions) > 1 and not any(is_held_out(key) for key in keys):
            yield Versions(versions, True, min(keys))


class Targets:
    """Neutral vectors of the encoder as it is: what the adapted one is drawn to, and its fixed directions.

    The adapted encoder is trained with the directions of the languages taken out, so that it need not change them.
    """

    def __init__(self, encoder: Encoder, means: LanguageMeans, texts: Sequence[tuple[str, str]]) -> None:
        """`texts` are passages of the training corpora with their language."""
        self._encoder = encoder
        vectors = encoder.encode_passages([text for text, _ in texts])
        languages = np.array([language for _, language in texts])
        corpus = {
            str(language): (vectors[languages == language].mean(axis=0), int(np.sum(languages == language)))
            for language in np.unique(languages)
        }
        self.neutralizer = LanguageNeutralizer.fit(vectors.shape[1], means, corpus)

    def vectors(self, texts: Sequence[str], query: bool) -> Vectors:
        encode = self._encoder.encode_queries if query else self._encoder.encode_passages
        return self.neutralizer.apply(encode(texts))

    def declaration(self, folder: Path) -> Iterator[Versions]:
        """The paragraphs of FOLDER/LANGUAGE.txt that are surely the same: each other's nearest, near in place."""
        lines = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in sorted(folder.glob("*.txt"))}
        lines = {language: [line for line in found if line.strip()] for language, found in lines.items()}
        vectors = {language: self.vectors(found, query=False) for language, found in lines.items()}
        versions: list[dict[str, str]] = [{ENGLISH: line} for line in lines[ENGLISH]]
        for language, found in vectors.items():
            scores = vectors[ENGLISH] @ found.T
            for row, column in enumerate(scores.argmax(axis=1)):
                mutual = scores[:, column].argmax() == row
                if language != ENGLISH and mutual and scores[row, column] >= _LIKELY and abs(row - column) <= 5:
                    versions[row][language] = lines[language][column]
        for place, found_versions in enumerate(versions):
            if len(found_versions) > 1:
                yield Versions(found_versions, False, f"udhr/{place // 4}")

    def parallel(self, versions: Sequence[Versions]) -> "Parallel":
        targets = np.empty((len(versions), self.neutralizer.directions.shape[1]), dtype=np.float32)
        for query in (False, True):
            rows = [row for row, each in enumerate(versions) if each.query == query]
            texts = [text for row in rows for text in versions[row].texts.values()]
            vectors = iter(self.vectors(texts, query))
            for row in rows:
                own = {language: next(vectors) for language in versions[row].texts}
                mean: Vectors = np.stack(list(own.values())).mean(axis=0)
                english: Vectors = own.get(ENGLISH, mean)
                drawn = _ENGLISH_SHARE * english + (1 - _ENGLISH_SHARE) * mean
                targets[row] = drawn / np.linalg.norm(drawn)
        return Parallel(tuple(versions), targets)

    def asked(self, source: GroupSource, questions: Mapping[str, Vectors]) -> "AskedSource":
        """`questions` are the targets of questions that are known in several languages, by their text."""
        own = self.vectors(source.questions, query=True)
        vectors = np.stack([questions.get(text, vector) for text, vector in zip(source.questions, own, strict=True)])
        return AskedSource(source, vectors, self.vectors(source.passages, query=False))


@dataclass(frozen=True)
class Parallel:
    """Texts of one set in several languages, and the vector that each is drawn to, shape [n, d]."""

    versions: tuple[Versions, ...]
    targets: Vectors

    @cached_property
    def _documents(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, each in enumerate(self.versions):
            found.setdefault(each.document, []).append(row)
        return found

    def draw(self, count: int, beside: int, chance: random.Random) -> Iterator[tuple[Text, Text]]:
        """Pairs of versions in two languages, up to `beside` of one document: they must be told apart."""
        documents = list(self._documents)
        rows: dict[int, None] = {}
        while len(rows) < min(count, len(self.versions)):
            inside = self._documents[chance.choice(documents)]
            rows.update(dict.fromkeys(chance.sample(inside, min(beside, len(inside)))))
        for row in list(rows)[:count]:
            each = self.versions[row]
            one, other = chance.sample(list(each.texts.values()), 2)
            yield Text(one, each.query, self.targets[row]), Text(other, each.query, self.targets[row])

    def by_text(self) -> dict[str, Vectors]:
        return {text: self.targets[row] for row, each in enumerate(self.versions) for text in each.texts.values()}


@dataclass(frozen=True)
class AskedSource:
    """The questions and passages of a set, and the neutral vectors that they are drawn to."""

    source: GroupSource
    question_targets: Vectors
    passage_targets: Vectors

    @cached_property
    def _rights(self) -> dict[str, NDArray[np.int64]]:
        """Rows of the rights by language pair."""
        source = self.source
        pairs: dict[str, list[int]] = {}
        for row, right in enumerate(source.rights):
            pair = f"{source.question_languages[right.question]}>{source.passage_languages[right.passage]}"
            pairs.setdefault(pair, []).append(row)
        return {pair: np.array(rows) for pair, rows in pairs.items()}

    def draw(self, count: int, chance: random.Random) -> Iterator[Asked]:
        """Evenly over the language pairs; the wrong passage is a near one, half of the time of the question's language.

        That half is what a reader's own language tempts to.
        """
        source, pairs = self.source, list(self._rights)
        for pair in chance.choices(pairs, k=count):
            right = source.rights[int(chance.choice(self._rights[pair]))]
            asked = source.question_languages[right.question]
            scores = self.passage_targets @ self.question_targets[right.question]
            if chance.random() < 0.5:
                scores = np.where(source.passage_languages == asked, scores, scores - 2)
            families = source.answering[right.question]
            near = [int(i) for i in np.argsort(-scores)[: 2 * _NEAR] if str(source.families[i]) not in families]
            wrong = chance.choice(near[:_NEAR])
            yield Asked(
                Text(source.questions[right.question], True, self.question_targets[right.question]),
                Text(source.passages[right.passage], False, self.passage_targets[right.passage]),
                Text(source.passages[wrong], False, self.passage_targets[wrong]),
                str(source.families[right.passage]),
                str(source.families[wrong]),
            )
