"""What a teacher of English teaches about passages in other languages: its scores of English versions.

Windows of a few sentences are passages: parallel ones of XQuAD and NTREX, English ones of MLQA and ClapNQ. What asks
are the sets' own questions, English sentences that have lost a number or a name, and sentences of parallel windows.
Whatever a text's language, the score is that of its English version. Held-out documents (eval/splits.py) are in none.
"""

import hashlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors
from eval.adapter_texts import ENGLISH, Versions, parallel_texts
from eval.sets import SetFolder
from eval.splits import document_key, families_of, is_held_out
from eval.teacher import Teacher
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.document import make_document
from qa_service.records import RawFile

NEAR = 12
"""Windows that the teacher reads for each query: those nearest to it."""
SHARES = {
    "xquad questions": 0.3,
    "mlqa questions": 0.2,
    "clapnq questions": 0.1,
    "ntrex headlines": 0.1,
    "gapped": 0.2,
    "sentences": 0.1,
}
"""How often a query is drawn from each kind."""
_WINDOW = 400
"""Characters of an English window."""
_GAPPED = 2
"""Sentences of a window that ask, of each kind."""
_UNSPACED = {"zh", "th"}
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\b")
_NAME = re.compile(r"(?<=\s)[A-Z][\w'’-]+(?:\s(?:of\s|the\s)?[A-Z][\w'’-]+)*")
_MARKS = re.compile(r'[",;:()“”]')


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences that follow one another, by language; as many in each."""

    sentences: Mapping[str, tuple[str, ...]]

    def text(self, language: str) -> str:
        return ("" if language in _UNSPACED else " ").join(self.sentences[language])


@dataclass(frozen=True, slots=True)
class Query:
    kind: str
    texts: Mapping[str, str]
    """By language; the English one is what the teacher reads."""


@dataclass(frozen=True, slots=True)
class TaughtGroup:
    """A question and passages in whatever languages, with the teacher's log-odds of their English versions."""

    question: str
    passages: tuple[str, ...]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class Taught:
    """`near` are rows of the windows that the teacher read for each query, `scores` its log-odds; both [q, NEAR]."""

    windows: tuple[Window, ...]
    queries: tuple[Query, ...]
    near: NDArray[np.int64]
    scores: NDArray[np.float32]

    @cached_property
    def _rows(self) -> dict[str, list[int]]:
        return {kind: [row for row, query in enumerate(self.queries) if query.kind == kind] for kind in SHARES}

    def draw(self, count: int, size: int, chance: random.Random) -> Iterator[TaughtGroup]:
        """Groups of `size` passages, the teacher's best among them; half of them in one language as far as it goes."""
        kinds = [kind for kind in SHARES if self._rows[kind]]
        for kind in chance.choices(kinds, [SHARES[kind] for kind in kinds], k=count):
            row = chance.choice(self._rows[kind])
            best = int(np.argmax(self.scores[row]))
            others = [place for place in range(NEAR) if place != best]
            chosen = [best, *chance.sample(others, size - 1)]
            windows = [self.windows[self.near[row, place]] for place in chosen]
            common = chance.choice(sorted({language for window in windows for language in window.sentences}))
            alike = chance.random() < 0.5
            yield TaughtGroup(
                question=_any_language(self.queries[row].texts, chance),
                passages=tuple(_passage(window, common if alike else "", chance) for window in windows),
                scores=self.scores[row, chosen],
            )


def _any_language(texts: Mapping[str, str], chance: random.Random) -> str:
    return texts[chance.choice(sorted(texts))]


def _passage(window: Window, language: str, chance: random.Random) -> str:
    """In the language, or in English where the window has it not; in any of its languages for ""."""
    if not language:
        return window.text(chance.choice(sorted(window.sentences)))
    return window.text(language if language in window.sentences else ENGLISH)


def windows_of(evalsets: Path, parallel: Mapping[str, Sequence[Versions]]) -> tuple[Window, ...]:
    texts = [each.texts for name in ("xquad paragraphs", "ntrex windows") for each in parallel[name]]
    for name, language in (("mlqa_dev", ENGLISH), ("clapnq_dev", "")):
        folder = SetFolder(evalsets / name)
        families = families_of(folder)
        for document in folder.corpus(language):
            if not is_held_out(document_key(name, document.id, families)):
                texts.append({ENGLISH: document.text})
    return tuple(window for versions in texts for window in _windows(versions))


def _windows(versions: Mapping[str, str]) -> Iterator[Window]:
    sentences = {language: _sentences(text) for language, text in versions.items()}
    english = sentences[ENGLISH]
    parallel = {language: found for language, found in sentences.items() if len(found) == len(english)}
    first, length = 0, 0
    for end, sentence in enumerate([*english, ""]):
        if first < end and (end == len(english) or length + len(sentence) > _WINDOW):
            yield Window({language: found[first:end] for language, found in parallel.items()})
            first, length = end, 0
        length += len(sentence)


def _sentences(text: str) -> tuple[str, ...]:
    made, _ = make_document(RawFile("text", text.encode(), {}))
    found = [made.text[s.start : s.end] for passage in make_passages(made, ()) for s in passage.sentences]
    return tuple(dict.fromkeys(found))


def queries_of(
    evalsets: Path, parallel: Mapping[str, Sequence[Versions]], windows: Sequence[Window], seed: int
) -> tuple[Query, ...]:
    asked = {name: parallel[name] for name in SHARES if name in parallel}
    queries = [
        Query(name, each.texts) for name, versions in asked.items() for each in versions if ENGLISH in each.texts
    ]
    folder = SetFolder(evalsets / "clapnq_dev")
    for question in folder.questions():
        documents = question.relevant or question.candidates
        if documents and not any(is_held_out(document_key("clapnq_dev", each, {})) for each in documents):
            queries.append(Query("clapnq questions", {ENGLISH: question.text}))
    chance = random.Random(seed)
    for window in windows:
        english = window.sentences[ENGLISH]
        gapped = [_gapped(sentence, chance) for sentence in chance.sample(english, min(_GAPPED, len(english)))]
        queries += [Query("gapped", {ENGLISH: text}) for text in gapped if text]
        others = sorted(set(window.sentences) - {ENGLISH})
        for language in chance.sample(others, min(_GAPPED, len(others))):
            place = chance.randrange(len(english))
            queries.append(Query("sentences", {ENGLISH: english[place], language: window.sentences[language][place]}))
    return tuple(queries)


def _gapped(sentence: str, chance: random.Random) -> str:
    """A question of words around a year, a number or a name that is left out; empty where there is none."""
    if not 6 <= len(sentence.split()) <= 45:
        return ""
    gaps = [("when", gap) for gap in _YEAR.finditer(sentence)]
    gaps += [("how many", gap) for gap in _NUMBER.finditer(sentence) if not _YEAR.fullmatch(gap[0])]
    gaps += [(chance.choice(["who", "what", "which", "where"]), gap) for gap in _NAME.finditer(sentence)]
    if not gaps:
        return ""
    asks, gap = chance.choice(gaps)
    before, after = (_MARKS.sub(" ", part).split() for part in (sentence[: gap.start()], sentence[gap.end() :]))
    words, length = [*before, *after], chance.randint(4, 12)
    first = max(0, min(len(before) - length // 2, len(words) - length))
    text = f"{asks} {' '.join(words[first : first + length]).rstrip('. ')}"
    return text.lower() if chance.random() < 0.6 else f"{text[0].upper()}{text[1:]}?"


def teach(evalsets: Path, encoder: Encoder, teacher: Teacher, kept: Path, seed: int) -> Taught:
    """`kept` is the file that keeps what the teacher said, since it takes its time.

    Raises ValueError where that was said of other texts.
    """
    parallel = parallel_texts(evalsets)
    windows = windows_of(evalsets, parallel)
    queries = queries_of(evalsets, parallel, windows, seed)
    asked, english = [query.texts[ENGLISH] for query in queries], [window.text(ENGLISH) for window in windows]
    sha256 = hashlib.sha256("\0".join([*asked, *english]).encode()).hexdigest()
    if not kept.is_file():
        passages: Vectors = encoder.encode_passages(english)
        near = np.argsort(-(encoder.encode_queries(asked) @ passages.T), axis=1)[:, :NEAR]
        said = [teacher.score(text, [english[row] for row in rows]) for text, rows in zip(asked, near, strict=True)]
        aside = kept.with_suffix(".tmp.npz")
        np.savez(aside, near=near, scores=np.stack(said), sha256=np.array(sha256))
        aside.replace(kept)
    with np.load(kept) as saved:
        if str(saved["sha256"]) != sha256:
            raise ValueError(f"{kept}: the teacher was asked about other texts; choose another folder")
        return Taught(windows, queries, saved["near"], saved["scores"])
