"""The frozen follow-ups are proven, and the command runs over them."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from eval.check_questions import DEFAULT_DOCUMENTS, QUESTION_TYPES, check_questions, load_sources, read_questions
from eval.follow_ups import DEVELOPMENT, FROZEN, main, read_follow_ups

LINES = [json.loads(line) for line in FROZEN.read_text("utf-8").splitlines()]


def test_the_set_is_the_one_that_was_frozen() -> None:
    frozen = FROZEN.with_suffix(".sha256").read_text(encoding="utf-8").split()[0]
    assert hashlib.sha256(FROZEN.read_bytes()).hexdigest() == frozen


def test_the_frozen_follow_ups_are_proven() -> None:
    written_out = [
        {name: line[name] for name in QUESTION_TYPES} | {"question": line["full_question"]} for line in LINES
    ]
    questions, defects = read_questions([json.dumps(line) for line in written_out])
    assert defects == []
    assert check_questions(questions, load_sources(DEFAULT_DOCUMENTS)) == []


def test_the_frozen_follow_ups_cover_languages_and_kinds() -> None:
    follow_ups = read_follow_ups(FROZEN)
    assert Counter(each.bare.language for each in follow_ups) == {"en": 10, "zh": 10, "ru": 10, "kk": 10}
    kinds = Counter(each.kind for each in follow_ups)
    assert kinds.keys() == {"entity", "number", "attribute", "pronoun", "why", "two turns", "new topic"}
    assert min(kinds.values()) >= 4
    for each in follow_ups:
        assert (each.bare.text == each.written_out) == (each.kind == "new topic")
        assert sum(turn.role == "user" for turn in each.history) == (2 if each.kind == "two turns" else 1)


def test_the_development_pairs_are_on_xquad() -> None:
    pairs = [json.loads(line) for line in DEVELOPMENT.read_text("utf-8").splitlines()]
    assert all(pair["first"].startswith("xq-") and pair["first"] != pair["second"] for pair in pairs)
    assert all(
        pair["follow_up"].keys() <= {"en", "zh", "ru", "tr", "ar", *pair.get("written_out", ())} for pair in pairs
    )


def test_the_command_prints_all_three_ways(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_RERANK", "off")
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["--model", "hashing", "--verbose"]) == 0
    printed = capsys.readouterr().out
    assert all(way in printed for way in ("bare", "with history", "written out", "new topic"))
    assert "follow-en-08 R@5" in printed
    assert main(["--development", "--evalsets", str(tmp_path)]) == 2
