"""A training group: one passage that answers, others that do not, whatever the languages."""

import random
from pathlib import Path

import pytest

from embeddings.hashing import HashingEncoder
from eval.reranker_groups import WRONG, GroupSource, parallel_source, single_source
from eval.sets import SetFolder
from eval.splits import is_held_out
from tests.eval.parallel_set import write_lines

LANGUAGES = ("en", "ru")


def paragraph(number: int, language: str) -> str:
    if language == "en":
        return f"The river of town {number} is long and wide. Its bridge was built in year {1000 + number} by masons."
    return f"Река города {number} длинная и широкая. Её мост построили в году {1000 + number} каменщики."


@pytest.fixture
def folder(tmp_path: Path) -> SetFolder:
    for language in LANGUAGES:
        write_lines(
            tmp_path / "set" / f"corpus.{language}.jsonl",
            [{"id": f"d{i}", "title": "", "text": paragraph(i, language), "language": language} for i in range(40)],
        )
        write_lines(
            tmp_path / "set" / f"queries.{language}.jsonl",
            [
                {
                    "id": f"q{i}",
                    "question": f"bridge {i}?" if language == "en" else f"мост {i}?",
                    "language": language,
                    "relevant": [f"d{i}"],
                    "answers": [str(1000 + i)],
                    "answerable": True,
                }
                for i in range(40)
            ],
        )
    return SetFolder(tmp_path / "set")


def groups_of(source: GroupSource) -> list[tuple[str, tuple[str, ...], str]]:
    return [(each.question, each.passages, each.pair) for each in source.groups(200, random.Random(1))]


def test_the_first_passage_answers_and_no_other_does(folder: SetFolder) -> None:
    source = parallel_source(folder, False, HashingEncoder(), None)
    pairs = set()
    for question, passages, pair in groups_of(source):
        number = int(question.split()[1].strip("?"))
        assert passages[0] in {paragraph(number, language) for language in LANGUAGES}
        assert all(str(1000 + number) not in passage for passage in passages[1:])
        assert 1 < len(passages) <= WRONG + 1
        assert len(set(passages)) == len(passages)
        pairs.add(pair)
    assert pairs == {"en>en", "en>ru", "ru>en", "ru>ru"}


def test_the_right_passage_without_its_answer_is_among_the_wrong_ones(folder: SetFolder) -> None:
    source = parallel_source(folder, False, HashingEncoder(), None)
    stripped = [passages for _, passages, _ in groups_of(source) if any(p in passages[0] for p in passages[1:])]
    assert stripped


def test_the_two_sides_of_the_split_share_no_document(folder: SetFolder) -> None:
    fitted, unseen = (parallel_source(folder, held_out, HashingEncoder(), None) for held_out in (False, True))
    assert not set(fitted.passages) & set(unseen.passages)
    assert not set(fitted.questions) & set(unseen.questions)
    assert set(unseen.families) == {f"d{i}" for i in range(40) if is_held_out(f"set/d{i}")}


def test_the_same_seed_gives_the_same_groups(folder: SetFolder) -> None:
    one, other = (parallel_source(folder, False, HashingEncoder(), None) for _ in range(2))
    assert groups_of(one) == groups_of(other)


def test_a_set_of_one_language_has_groups_too(tmp_path: Path) -> None:
    names = range(30)
    write_lines(
        tmp_path / "corpus.jsonl",
        [{"id": f"d{i}", "title": "", "text": paragraph(i, "en"), "language": "en"} for i in names],
    )
    write_lines(
        tmp_path / "queries.jsonl",
        [
            {
                "id": f"q{i}",
                "question": f"bridge {i}?",
                "language": "en",
                "relevant": [f"d{i}"],
                "answers": [str(1000 + i)],
                "answerable": i % 2 == 0,
            }
            for i in names
        ],
    )
    source = single_source(SetFolder(tmp_path), False, HashingEncoder(), None)
    assert source.questions
    assert all(int(question.split()[1].strip("?")) % 2 == 0 for question in source.questions)
