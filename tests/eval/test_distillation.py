"""What the teacher teaches: scores of English versions for passages in any language, of no held-out document."""

import random
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.hashing import HashingEncoder
from eval.adapter_texts import parallel_texts
from eval.distillation import NEAR, Taught, Window, queries_of, teach, windows_of
from eval.splits import document_key, is_held_out
from tests.eval.parallel_articles import ARTICLES, LANGUAGES, write_articles
from tests.eval.parallel_set import write_lines


class WordTeacher:
    """Counts the words that a passage shares with the question; keeps what it was asked."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        self.read += [question, *passages]
        return np.array([len(set(question.split()) & set(each.split())) for each in passages], dtype=np.float32)


@pytest.fixture
def evalsets(tmp_path: Path) -> Path:
    write_articles(tmp_path)
    text = "The dam of {0} was built in 19{0} by Alice Brown and 40 masons of the river town."
    names = [f"c{10 + i}" for i in range(40)]
    documents = [
        {"id": name, "title": "", "text": text.format(10 + i), "language": "en"} for i, name in enumerate(names)
    ]
    write_lines(tmp_path / "clapnq_dev" / "corpus.jsonl", documents)
    questions = [
        {"id": name, "question": f"who built the dam {name}", "language": "en", "relevant": [name], "answerable": True}
        for name in names
    ]
    write_lines(tmp_path / "clapnq_dev" / "queries.jsonl", questions)
    return tmp_path


def taught_by(teacher: WordTeacher, evalsets: Path) -> Taught:
    return teach(evalsets, HashingEncoder(), teacher, evalsets / "scores.npz", seed=1)


def windows_in(evalsets: Path) -> tuple[Window, ...]:
    return windows_of(evalsets, parallel_texts(evalsets))


def test_windows_are_parallel_and_of_no_held_out_document(evalsets: Path) -> None:
    windows = windows_in(evalsets)
    for window in windows:
        counts = {len(sentences) for sentences in window.sentences.values()}
        numbers = {tuple(word for word in window.text(each).split() if word.isdigit()) for each in window.sentences}
        assert len(counts) == len(numbers) == 1
    texts = " ".join(window.text("en") for window in windows)
    held = {number: is_held_out(document_key("clapnq_dev", f"c{number}", {})) for number in range(10, 50)}
    assert set(held.values()) == {True, False}
    for number, is_held in held.items():
        assert (f"dam of {number} " in texts) != is_held
    assert sum(set(window.sentences) == set(LANGUAGES) for window in windows) > ARTICLES


def test_a_window_is_cut_between_sentences_and_loses_none(evalsets: Path) -> None:
    lines = [f"Sentence number {n} of a long text says a little of this and of that and stops here." for n in range(20)]
    row = {"id": "long", "title": "", "text": "\n".join(lines), "language": "en"}
    write_lines(evalsets / "clapnq_dev" / "corpus.jsonl", [row])
    assert not is_held_out(document_key("clapnq_dev", "long", {}))
    windows = [each for each in windows_in(evalsets) if each.sentences["en"][0].startswith("Sentence number")]
    assert len(windows) > 1
    assert [sentence for window in windows for sentence in window.sentences["en"]] == lines


def test_a_gap_leaves_out_what_it_asks_for(evalsets: Path) -> None:
    parallel = parallel_texts(evalsets)
    asked = queries_of(evalsets, parallel, windows_of(evalsets, parallel), seed=1)
    queries = [each.texts["en"] for each in asked if each.kind == "gapped"]
    dams = [query for query in queries if "dam" in query.lower()]
    assert dams
    for query in dams:
        word = query.split()[0].lower()
        assert word in {"when", "how", "who", "what", "which", "where"}
        assert word != "when" or not re.search(r"\b19\d\d\b", query)


def test_the_teacher_reads_english_alone(evalsets: Path) -> None:
    teacher = WordTeacher()
    taught_by(teacher, evalsets)
    assert teacher.read
    assert all(text.isascii() for text in teacher.read)


def test_scores_are_kept_and_asked_for_once(evalsets: Path) -> None:
    first, second = WordTeacher(), WordTeacher()
    np.testing.assert_array_equal(taught_by(first, evalsets).scores, taught_by(second, evalsets).scores)
    assert not second.read
    with pytest.raises(ValueError, match="about other texts"):
        teach(evalsets, HashingEncoder(), second, evalsets / "scores.npz", seed=2)


def test_groups_carry_the_score_of_the_english_version(evalsets: Path) -> None:
    taught = taught_by(WordTeacher(), evalsets)
    by_text = {
        (window.text(language), query.texts["en"]): float(taught.scores[row, place])
        for row, query in enumerate(taught.queries)
        for place in range(NEAR)
        for window in [taught.windows[taught.near[row, place]]]
        for language in window.sentences
    }
    english = {text: query.texts["en"] for query in taught.queries for text in query.texts.values()}
    scripts = set()
    for group in taught.draw(200, 5, random.Random(1)):
        assert len(group.passages) == 5
        scripts.add((group.question.isascii(), tuple(passage.isascii() for passage in group.passages)))
        for passage, score in zip(group.passages, group.scores, strict=True):
            assert by_text[passage, english[group.question]] == score
    assert {question for question, _ in scripts} == {True, False}
    assert {ascii for _, passages in scripts for ascii in passages} == {True, False}
