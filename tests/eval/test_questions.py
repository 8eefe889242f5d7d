"""The committed question set is proven, and the checker finds every kind of defect."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from eval.check_questions import (
    DEFAULT_DOCUMENTS,
    DEFAULT_FILE,
    Source,
    check_questions,
    language_pair,
    load_sources,
    main,
    read_questions,
)

SOURCES = {
    "a.txt": Source("Trade reached $94.8 billion in 2024.\n\nIt rose. It rose.", "en"),
    "b.txt": Source("为31.5万公顷农田灌溉\n\n提供保障。", "zh"),
}
ENGLISH = {"document": "a.txt", "quote": "Trade reached $94.8 billion in 2024."}
GOOD: dict[str, object] = {
    "id": "made-1",
    "question": "Каков был товарооборот?",
    "language": "ru",
    "answerable": True,
    "evidence": [ENGLISH],
    "answers": ["94.8 BILLION"],
}


def defects_of(*records: object) -> list[str]:
    questions, defects = read_questions([json.dumps(record, ensure_ascii=False) for record in records])
    return [str(defect) for defect in [*defects, *check_questions(questions, SOURCES)]]


def test_the_seed_questions_are_proven() -> None:
    questions, defects = read_questions(DEFAULT_FILE.read_bytes().decode("utf-8").removesuffix("\n").split("\n"))
    assert defects == []
    assert check_questions(questions, load_sources(DEFAULT_DOCUMENTS)) == []


def test_the_seed_questions_cover_the_languages() -> None:
    questions, _ = read_questions(DEFAULT_FILE.read_bytes().decode("utf-8").removesuffix("\n").split("\n"))
    sources = load_sources(DEFAULT_DOCUMENTS)
    pairs = Counter(language_pair(question, sources) for question in questions)
    for pair in ("en>en", "zh>zh", "en>zh", "zh>en", "ru>en", "ru>zh", "kk>en", "kk>zh"):
        assert pairs[pair] >= 12, pair
    assert len(questions) >= 160
    assert sum(not question.answerable for question in questions) >= 45
    assert all(pairs[f"{language}>-"] for language in ("en", "zh", "ru", "kk", "ky", "uz"))


def test_the_seeds_are_the_bytes_that_their_manifest_names() -> None:
    entries = [json.loads(line) for line in (DEFAULT_DOCUMENTS / "manifest.jsonl").read_text("utf-8").splitlines()]
    assert sorted(entry["file_name"] for entry in entries) == sorted(p.name for p in DEFAULT_DOCUMENTS.glob("*.txt"))
    for entry in entries:
        content = (DEFAULT_DOCUMENTS / entry["file_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["file_name"]


def test_a_good_question_has_no_defect() -> None:
    over_a_break = GOOD | {
        "id": "made-2",
        "question": "农田有多大？",
        "evidence": [{"document": "b.txt", "quote": "为31.5万公顷农田灌溉\n\n提供保障。"}],
        "answers": ["31.5万公顷"],
    }
    assert defects_of(GOOD, over_a_break) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"language": "xx"}, "unknown language 'xx'"),
        ({"id": "Made 1"}, "the id is not made of"),
        ({"id": "  "}, "id is not a text, or is blank"),
        ({"question": ""}, "question is not a text, or is blank"),
        ({"question": 7}, "question is not of type str"),
        ({"question": "Why? "}, "begins or ends with white space"),
        ({"answerable": 1}, "answerable is not of type bool"),
        ({"evidence": {}}, "evidence is not of type list"),
        ({"evidence": ["a.txt"]}, "evidence is not an object"),
        ({"evidence": [{"document": "a.txt"}]}, "evidence lacks quote"),
        ({"evidence": [{"document": "a.txt", "quote": "Trade reached", "page": 1}]}, "unknown keys: page"),
        ({"evidence": [{"document": "c.txt", "quote": "Trade reached"}]}, "no document 'c.txt'"),
        ({"evidence": [{"document": "a.txt", "quote": "trade reached $94.8 billion"}]}, "does not stand in a.txt"),
        ({"evidence": [{"document": "a.txt", "quote": "It rose."}]}, "the quote stands 2 times"),
        ({"evidence": [{"document": "a.txt", "quote": "Trade"}]}, "a quote of 5 characters"),
        (
            {"evidence": [{"document": "a.txt", "quote": "Trade reached $94.8 billion"}] * 2},
            "same evidence stands twice",
        ),
        ({"answers": ["94.9 billion"]}, "stands in none of the quotes"),
        ({"answers": ["94.8 billion", "94.8 billion"]}, "the same answer stands twice"),
        ({"answers": [None]}, "answers is not a text"),
        ({"answers": []}, "answerable, but without"),
        ({"evidence": []}, "answerable, but without"),
        ({"answerable": False}, "not answerable, but with"),
        ({"note": "draft"}, "the question has unknown keys: note"),
    ],
)
def test_each_defect_is_found(change: dict[str, object], message: str) -> None:
    assert any(message in defect for defect in defects_of(GOOD | change)), defects_of(GOOD | change)


def test_a_missing_key_is_found() -> None:
    assert defects_of({key: value for key, value in GOOD.items() if key != "answers"}) == [
        "line 1: the question lacks answers"
    ]


def test_ids_and_questions_are_unique() -> None:
    assert defects_of(GOOD, GOOD | {"question": "Другой?"}) == ["line 2: made-1: this id stands in line 1 too"]
    same_words = GOOD | {"id": "made-2", "question": "каков  БЫЛ товарооборот?"}
    assert defects_of(GOOD, same_words) == ["line 2: made-2: the same question stands in line 1"]


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"id": "a", "id": "b"}'])
def test_a_line_that_is_no_question_is_a_defect(line: str) -> None:
    questions, defects = read_questions([line])
    assert questions == []
    assert [defect.line for defect in defects] == [1]


def test_the_pair_names_every_language_of_the_evidence() -> None:
    both = GOOD | {"evidence": [{"document": "b.txt", "quote": "31.5万公顷农田灌溉"}, ENGLISH]}
    none = GOOD | {"id": "made-2", "answerable": False, "evidence": [], "answers": []}
    questions, _ = read_questions([json.dumps(record) for record in (both, none)])
    assert [language_pair(question, SOURCES) for question in questions] == ["ru>en+zh", "ru>-"]


def test_the_command_prints_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "kk>zh" in capsys.readouterr().out


def test_the_command_names_every_defect_in_a_line_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made.jsonl"
    made.write_text(json.dumps(GOOD) + "\n\n{}\n", encoding="utf-8")
    assert main([str(made)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["line 1", "line 2", "line 3"]


def test_a_missing_file_or_folder_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2
    assert main(["--documents", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_manifest_reaches_no_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text('{"file_name": "../x.txt", "language": "en"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="not a plain file name"):
        load_sources(tmp_path)


def test_the_set_is_the_one_that_was_frozen() -> None:
    frozen = DEFAULT_FILE.with_suffix(".sha256").read_text(encoding="utf-8").split()[0]
    assert hashlib.sha256(DEFAULT_FILE.read_bytes()).hexdigest() == frozen
