import logging
from pathlib import Path

import pytest

from eval.sets import Evidence, SetError, SetFolder, read_corpus, read_folder, read_questions
from tests.eval.parallel_set import write_lines, write_parallel_set


def test_questions_of_the_projects_own_layout(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    evidence = [{"document": "a.txt", "quote": "Trade grew."}]
    base = {"id": "s1", "question": "Did trade grow?", "language": "en", "answerable": True}
    write_lines(path, [base | {"evidence": evidence, "answers": ["grew"]}])
    (question,) = read_questions(path)
    assert (question.id, question.text, question.language, question.answerable) == ("s1", "Did trade grow?", "en", True)
    assert question.evidence == (Evidence("a.txt", "Trade grew."),)
    assert question.answers == ("grew",)
    assert question.relevant == question.candidates == ()


def test_questions_of_the_public_layout_with_extra_keys(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    base = {"question": "?", "language": "en", "relevant": ["d"], "answerable": True}
    write_lines(
        path,
        [
            base | {"id": "1", "answers": ["a"], "candidates": ["d", "e"]},
            base | {"id": "2", "answers": ["a free text"], "evidence_sentences": ["One.", "Two."]},
        ],
    )
    first, second = read_questions(path)
    assert first.relevant == ("d",)
    assert first.candidates == ("d", "e")
    assert second.evidence == (Evidence("d", "One."), Evidence("d", "Two."))
    assert second.answers == ()


def test_a_file_that_is_absent_or_broken_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SetError, match="no such file"):
        read_questions(tmp_path / "absent.jsonl")
    short, broken = tmp_path / "short.jsonl", tmp_path / "broken.jsonl"
    short.write_text('{"id": "1"}\n', encoding="utf-8")
    broken.write_text('{"id": "1", "title": "", "text": "", "language": "en"}\n{"id"\n', encoding="utf-8")
    with pytest.raises(SetError, match="a question lacks 'question'"):
        read_questions(short)
    with pytest.raises(SetError, match="a document lacks 'title'"):
        read_corpus(short)
    with pytest.raises(SetError, match=r"broken\.jsonl:2: not JSON"):
        read_corpus(broken)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    line = {"id": "d", "title": "", "text": "\ufeffTrade grew.", "language": "en"}
    write_lines(tmp_path / "corpus.jsonl", [line])
    assert read_corpus(tmp_path / "corpus.jsonl")[0].text == "Trade grew."


def test_a_cross_lingual_run_takes_the_answers_of_the_corpus_language(tmp_path: Path) -> None:
    write_parallel_set(tmp_path)
    folder = SetFolder(tmp_path)
    assert folder.languages == ("en", "ru", "zh")
    question = folder.questions("zh", "en")[1]
    assert question.text == "绿色 梨"
    assert question.answers == ("green pear",)
    assert folder.questions("zh", "zh")[1].answers == ("绿色 梨",)


def test_a_file_of_the_pair_itself_comes_first(tmp_path: Path) -> None:
    write_parallel_set(tmp_path)
    line = {"id": "p", "question": "?", "language": "zh", "relevant": ["d0"], "answers": ["red"], "answerable": True}
    write_lines(tmp_path / "queries.zh-on-en.jsonl", [line])
    assert [question.id for question in SetFolder(tmp_path).questions("zh", "en")] == ["p"]


def test_a_folder_gives_the_files_that_its_manifest_names(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Trade grew.\r\nBy a tenth, they said.\n")
    (tmp_path / "README.md").write_text("Not a document.", encoding="utf-8")
    write_lines(tmp_path / "manifest.jsonl", [{"file_name": "a.txt", "title": "Trade", "language": "kk", "url": None}])
    (document,) = read_folder(tmp_path)
    assert (document.id, document.title, document.language) == ("a.txt", "Trade", "kk")
    assert document.text == "Trade grew.\r\nBy a tenth, they said.\n"
    assert document.metadata == {"title": "Trade", "language": "kk"}


def test_a_folder_without_manifest_gives_every_readable_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.txt").write_text("The trade between the countries grew by a tenth.", encoding="utf-8")
    (tmp_path / "b.bin").write_bytes(b"\0\1\2")
    with caplog.at_level(logging.WARNING):
        documents = read_folder(tmp_path)
    assert [(document.id, document.language) for document in documents] == [("a.txt", "en")]
    assert "b.bin" in caplog.text
    with pytest.raises(SetError, match="no such folder"):
        read_folder(tmp_path / "absent")
