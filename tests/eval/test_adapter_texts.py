"""What the adapter learns from: versions of one text, questions with right and wrong passages, no held-out document."""

import random
from pathlib import Path

import numpy as np
import pytest

from embeddings.hashing import HashingEncoder
from embeddings.neutral import LanguageMeans
from eval.adapter_texts import Targets, parallel_texts
from eval.reranker_groups import parallel_source
from eval.sets import SetFolder
from eval.splits import document_key, is_held_out
from tests.eval.parallel_articles import ARTICLES, LANGUAGES, line, write_articles


@pytest.fixture
def evalsets(tmp_path: Path) -> Path:
    write_articles(tmp_path)
    return tmp_path


@pytest.fixture
def targets() -> Targets:
    encoder = HashingEncoder()
    means = LanguageMeans(
        encoder.spec.weights_sha256,
        {language: encoder.encode_passages([line(1, 1, language)])[0] for language in LANGUAGES},
    )
    return Targets(encoder, means, [(line(a, 2, language), language) for language in LANGUAGES for a in range(12)])


def test_no_held_out_document_is_trained_on(evalsets: Path) -> None:
    parts = parallel_texts(evalsets)
    held = {document_key("ntrex", f"n{a}-p1", {}) for a in range(ARTICLES)}
    held |= {document_key("xquad", f"x{a}-p1", {}) for a in range(ARTICLES)}
    held = {key for key in held if is_held_out(key)}
    assert held
    texts = [text for found in parts.values() for each in found for text in each.texts.values()]
    for a in range(ARTICLES):
        in_ntrex = any(line(a, 1, "en") == text for text in texts)
        assert in_ntrex == (not is_held_out(document_key("ntrex", f"n{a}-p1", {})))
    assert not {each.document for found in parts.values() for each in found} & held


def test_versions_say_the_same_in_each_language(evalsets: Path) -> None:
    parts = parallel_texts(evalsets)
    assert all(parts.values())
    for each in parts["ntrex lines"]:
        numbers = {tuple(word for word in text.split() if word.isdigit()) for text in each.texts.values()}
        assert set(each.texts) == set(LANGUAGES)
        assert len(numbers) == 1
    assert all(each.query for name in parts for each in parts[name] if name.endswith(("questions", "headlines")))


def test_pairs_are_two_versions_and_share_their_target(evalsets: Path, targets: Targets) -> None:
    parallel = targets.parallel(parallel_texts(evalsets)["ntrex lines"])
    pairs = list(parallel.draw(8, 4, random.Random(1)))
    assert len({one.text for one, _ in pairs} | {other.text for _, other in pairs}) == 16
    for one, other in pairs:
        np.testing.assert_array_equal(one.target, other.target)
        assert np.linalg.norm(one.target) == pytest.approx(1, abs=1e-5)
    assert [one.text for one, _ in parallel.draw(8, 4, random.Random(1))] == [one.text for one, _ in pairs]


def test_a_wrong_passage_does_not_answer(evalsets: Path, targets: Targets) -> None:
    source = parallel_source(SetFolder(evalsets / "xquad"), False, HashingEncoder(), None)
    drawn = list(targets.asked(source, {}).draw(60, random.Random(1)))
    assert len(drawn) == 60
    for each in drawn:
        assert each.family != each.wrong_family
        assert each.question.query
        assert not each.passage.query
        assert not each.wrong.query


def test_lines_of_the_declaration_are_paired_by_what_they_say(tmp_path: Path, targets: Targets) -> None:
    (tmp_path / "en.txt").write_text("All are born free 1\nNo slavery at all 2\nA fair trial 3\n")
    (tmp_path / "de.txt").write_text("All are born free 1\nA fair trial 3\n")
    found = list(targets.declaration(tmp_path))
    assert [each.texts for each in found] == [
        {"en": "All are born free 1", "de": "All are born free 1"},
        {"en": "A fair trial 3", "de": "A fair trial 3"},
    ]
