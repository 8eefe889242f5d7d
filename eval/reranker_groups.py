"""What the second stage is trained on: a question, a passage that answers it, and passages that do not.

Any question language with any passage language. The wrong passages are the first stage's own wrong hits (over all
languages, in the answer's and in the question's), other passages of the same document, and the right passage without
the sentence that answers. They carry the first stage's score, since the second stage is added to it.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors
from embeddings.neutral import LanguageMeans, LanguageNeutralizer
from eval.sets import CorpusDocument, Question, SetFolder
from eval.splits import document_key, families_of, is_held_out
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.document import make_document
from qa_service.ingest.search_form import make_search_form
from qa_service.records import Document, Passage, RawFile

WRONG = 4
"""Wrong passages a group."""
_STRIPPED_SHARE = 0.5
_REFUSED_SHARE = 0.5
_NUMBER = re.compile(r"\d{1,9}")
_LATER_WORD = re.compile(r"(?<=\s)[^\W\d_]\w+")
_NEAR = 8
"""A wrong hit is drawn from this many of the first stage's best."""


@dataclass(frozen=True, slots=True)
class Group:
    """`passages[0]` answers the question, the others do not. `scores` are those of the first stage.

    `answers` are the characters of `passages[0]` that answer; none where the set doesn't say. `refused` is a question
    near the topic that its passage does not answer; None where there is none.
    """

    question: str
    passages: tuple[str, ...]
    scores: tuple[float, ...]
    pair: str
    answers: tuple[tuple[int, int], ...]
    refused: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class _Right:
    """The row of a question, of a passage that answers it, and that passage without its answering sentences.

    `answers` are the characters of the passage that answer.
    """

    question: int
    passage: int
    stripped: str
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class GroupSource:
    """Questions and passages of one set. `families` are equal where passages say the same, in whatever language."""

    name: str
    questions: tuple[str, ...]
    question_languages: NDArray[np.str_]
    passages: tuple[str, ...]
    passage_languages: NDArray[np.str_]
    documents: NDArray[np.str_]
    families: NDArray[np.str_]
    rights: tuple[_Right, ...]
    also_answering: tuple[tuple[int, int], ...]
    """Rows of a question and of a further passage that holds its answer: it is neither right nor wrong."""
    refused: tuple[tuple[str, str], ...]
    """Questions with passages that people read and found not to answer."""
    question_vectors: Vectors
    passage_vectors: Vectors

    @cached_property
    def answering(self) -> dict[int, set[str]]:
        """The families that answer a question, by its row."""
        found: dict[int, set[str]] = {}
        for right in self.rights:
            found.setdefault(right.question, set()).add(str(self.families[right.passage]))
        return found

    def groups(self, count: int, chance: random.Random) -> Iterator[Group]:
        """Drawn evenly over the pairs of question and passage."""
        for right in chance.choices(self.rights, k=count):
            yield self.group(right, chance)

    def group(self, right: _Right, chance: random.Random) -> Group:
        scores = self.passage_vectors @ self.question_vectors[right.question]
        wrong = [i for i in np.argsort(-scores)[:400] if str(self.families[i]) not in self.answering[right.question]]
        language, asked = self.passage_languages[right.passage], self.question_languages[right.question]
        beside = [
            i
            for i in np.flatnonzero(self.documents == self.documents[right.passage])
            if i != right.passage and i not in self._answering_rows[right.question]
        ]
        lists = [
            wrong[:_NEAR],
            [i for i in wrong if self.passage_languages[i] == language][:_NEAR],
            [i for i in wrong if self.passage_languages[i] == asked][:_NEAR],
        ]
        own = float(scores[right.passage])
        chosen: list[int] = []
        use_stripped = bool(right.stripped) and (not beside or chance.random() < _STRIPPED_SHARE)
        if beside and not use_stripped:
            lists.insert(0, beside)
        for candidates in [*lists, wrong[: 10 * _NEAR], wrong[: 10 * _NEAR]]:
            left = [int(i) for i in candidates if i not in chosen]
            if left and len(chosen) + use_stripped < WRONG:
                chosen.append(chance.choice(left))
        passages, group_scores = [self.passages[i] for i in chosen], [float(scores[i]) for i in chosen]
        if use_stripped:  # the second stage alone must tell it from the whole: it gets the same first score
            passages.append(right.stripped)
            group_scores.append(own)
        return Group(
            question=self.questions[right.question],
            passages=(self.passages[right.passage], *passages),
            scores=(own, *group_scores),
            pair=f"{asked}>{language}",
            answers=right.answers,
            refused=self._refused(right, chance),
        )

    def _refused(self, right: _Right, chance: random.Random) -> tuple[str, str] | None:
        """Judged by people where the set has such, else the question about another year, sum or name."""
        if self.refused and chance.random() < _REFUSED_SHARE:
            return chance.choice(self.refused)
        other = self.questions[chance.choice(self._rows_of_language[str(self.question_languages[right.question])])]
        altered = alter(self.questions[right.question], other, chance) if right.answers else ""
        return (altered, self.passages[right.passage]) if altered else None

    @cached_property
    def _rows_of_language(self) -> dict[str, list[int]]:
        languages = self.question_languages
        return {str(language): np.flatnonzero(languages == language).tolist() for language in np.unique(languages)}

    def ranked(self, question: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The first stage's k best passages for a question, and their scores."""
        scores = self.passage_vectors @ self.question_vectors[question]
        best = np.argsort(-scores)[:k]
        return best, scores[best]

    @cached_property
    def _answering_rows(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for question, passage in [(r.question, r.passage) for r in self.rights] + list(self.also_answering):
            found.setdefault(question, set()).add(passage)
        return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with the documents that answer it in one language, and what of them is the answer."""

    question: Question
    corpus_language: str


class _Builder:
    """Passages as the service makes them, and which of them answer."""

    def __init__(self, name: str, documents: Sequence[CorpusDocument], family: dict[str, str]) -> None:
        self._name, self._family = name, family
        self._passages: list[str] = []
        self._languages: list[str] = []
        self._documents: list[str] = []
        self._families: list[str] = []
        self._made: dict[tuple[str, str], list[tuple[int, Passage, Document]]] = {}
        for document in documents:
            made, quarantined = make_document(RawFile(document.id, document.text.encode(), document.metadata))
            for passage in make_passages(made, quarantined):
                row = (len(self._passages), passage, made)
                self._made.setdefault((document.id, document.language), []).append(row)
                self._passages.append(passage.search_text)
                self._languages.append(document.language)
                self._documents.append(f"{document.id}/{document.language}")
                self._families.append(family.get(document.id, document.id))

    def build(
        self,
        asked: Sequence[_Asked],
        encoder: Encoder,
        means: LanguageMeans | None,
        unanswerable: Sequence[Question] = (),
    ) -> GroupSource:
        texts = list(dict.fromkeys((each.question.text, each.question.language) for each in asked))
        rows = {text: row for row, text in enumerate(texts)}
        vectors = encoder.encode_passages(self._passages)
        languages = np.array(self._languages)
        corpus = {
            str(language): (vectors[languages == language].mean(axis=0), int(np.sum(languages == language)))
            for language in set(self._languages)
        }
        neutralizer = LanguageNeutralizer.fit(vectors.shape[1], means, corpus)
        passage_vectors = neutralizer.apply(vectors)
        question_vectors = neutralizer.apply(encoder.encode_queries([text for text, _ in texts]))
        rights: list[_Right] = []
        also: list[tuple[int, int]] = []
        for each in asked:
            row = rows[each.question.text, each.question.language]
            for document in each.question.relevant:
                made = self._made.get((document, each.corpus_language), [])
                found = [_Right(row, i, stripped, places) for i, stripped, places in _answering(each.question, made)]
                # a word of the answer stands elsewhere by chance: the passage nearest to the question is meant
                found.sort(key=lambda right: -float(passage_vectors[right.passage] @ question_vectors[right.question]))
                rights += found[:1]
                also += [(row, right.passage) for right in found[1:]]
        return GroupSource(
            name=self._name,
            questions=tuple(text for text, _ in texts),
            question_languages=np.array([language for _, language in texts]),
            passages=tuple(self._passages),
            passage_languages=languages,
            documents=np.array(self._documents),
            families=np.array(self._families),
            rights=tuple(dict.fromkeys(rights)),
            also_answering=tuple(also),
            refused=tuple(
                (question.text, self._passages[row])
                for question in unanswerable
                for candidate in question.candidates
                for row, _, document in self._made.get((candidate, question.language), [])
            ),
            question_vectors=question_vectors,
            passage_vectors=passage_vectors,
        )


def _answering(
    question: Question, made: Sequence[tuple[int, Passage, Document]]
) -> Iterator[tuple[int, str, tuple[tuple[int, int], ...]]]:
    """Rows of passages that hold an answer, their text without the sentences that do, and where it stands."""
    answers = question.answers or tuple(evidence.quote for evidence in question.evidence)
    starts = tuple(answer[:80] for answer in answers if answer)  # a long one may run over the end of a passage
    for row, passage, document in made:
        text = document.text[passage.span.start : passage.span.end]
        if not starts:
            yield row, "", ()
        elif any(start in text for start in starts):
            kept = [
                make_search_form(document.text, sentence).text.strip()
                for sentence in passage.sentences
                if not any(start in document.text[sentence.start : sentence.end] for start in starts)
            ]
            yield row, " ".join(kept), tuple(_places(passage.search_text, answers))


def _places(text: str, answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the answers stand in a search text; none where they were folded otherwise."""
    for answer in answers:
        folded = " ".join(answer.split())
        yield from (found.span() for found in re.finditer(re.escape(folded), text) if folded)


def alter(question: str, other: str, chance: random.Random) -> str:
    """The question about another number, or about a name of another question; empty where it has neither.

    The first word is left alone: it is capitalised whatever it is.
    """
    changes = [(number, _other_number(number[0], chance)) for number in _NUMBER.finditer(question)]
    names = [name[0] for name in _names(other) if name[0] not in question]
    changes += [(name, replacement) for name in _names(question) for replacement in names]
    if not changes:
        return ""
    found, replacement = chance.choice(changes)
    return question[: found.start()] + replacement + question[found.end() :]


def _names(text: str) -> list[re.Match[str]]:
    return [word for word in _LATER_WORD.finditer(text) if word[0][0].isupper()]


def _other_number(number: str, chance: random.Random) -> str:
    return str(max(1, int(number) + chance.choice([-7, -3, -2, -1, 1, 2, 3, 7])))


def parallel_source(
    folder: SetFolder, held_out: bool, encoder: Encoder, means: LanguageMeans | None, only: Sequence[str] = ()
) -> GroupSource:
    """Any question language on any corpus language (XQuAD, NTREX, MLQA)."""
    languages = only or folder.languages
    pairs = list(product(languages, languages))
    name = folder.path.name
    asked = [
        _Asked(question, corpus_language)
        for language, corpus_language in pairs
        if folder.questions_file(language, corpus_language).is_file()
        for question in folder.questions(language, corpus_language)
    ]
    family = families_of(folder)
    documents = [document for language in languages for document in folder.corpus(language)]
    chosen = [d for d in documents if is_held_out(document_key(name, d.id, family)) == held_out]
    ids = {document.id for document in chosen}
    asked = [each for each in asked if each.question.answerable and ids.issuperset(each.question.relevant)]
    return _Builder(name, chosen, family).build(asked, encoder, means)


def single_source(folder: SetFolder, held_out: bool, encoder: Encoder, means: LanguageMeans | None) -> GroupSource:
    """A set of one language."""
    name = folder.path.name
    chosen = [d for d in folder.corpus() if is_held_out(document_key(name, d.id, {})) == held_out]
    ids = {document.id for document in chosen}
    language = chosen[0].language
    asked = [
        _Asked(question, language)
        for question in folder.questions()
        if question.answerable and question.relevant and ids.issuperset(question.relevant)
    ]
    unanswerable = [question for question in folder.questions() if not question.answerable]
    return _Builder(name, [d for d in chosen if d.language == language], {}).build(asked, encoder, means, unanswerable)


def window_source(folder: SetFolder, held_out: bool, encoder: Encoder, means: LanguageMeans | None) -> GroupSource:
    """NTREX's parallel windows: the first sentence of a window asks for the window in another language."""
    name = folder.path.name
    windows = {language: folder.windows(language) for language in folder.languages}
    asked, chosen = [], []
    for language in folder.languages:
        for window in windows[language]:
            if is_held_out(document_key(name, window.id.rpartition("-")[0], {})) != held_out:
                continue
            chosen.append(window)
            made, _ = make_document(RawFile(window.id, window.text.encode(), {}))
            first = make_passages(made, ())[0].sentences[0]
            question = Question(window.id, made.text[first.start : first.end], language, True, (window.id,), (), (), ())
            asked += [_Asked(question, other) for other in folder.languages if other != language]
    return _Builder(f"{name} windows", chosen, {}).build(asked, encoder, means)
