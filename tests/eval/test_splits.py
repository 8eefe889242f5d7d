"""What was fitted on is never reported on."""

from pathlib import Path

from eval.catalog import Choice, open_public_set
from eval.sets import Question
from eval.splits import HELD_OUT_SHARE, document_key, families, is_held_out
from tests.eval.parallel_set import write_lines


def test_about_a_quarter_of_the_documents_is_held_out_always_the_same() -> None:
    keys = [f"set/document {i}" for i in range(4_000)]
    held_out = [key for key in keys if is_held_out(key)]
    assert abs(len(held_out) / len(keys) - HELD_OUT_SHARE) < 0.03
    assert held_out == [key for key in keys if is_held_out(key)]


def test_the_paragraphs_of_an_article_are_on_one_side() -> None:
    keys = {document_key(folder, f"xq-a04-p0{i}", {}) for folder in ("xquad", "xquad_abstain") for i in range(5)}
    assert keys == {"xquad/xq-a04"}


def test_two_sets_over_the_same_documents_are_split_alike() -> None:
    assert document_key("kazqad_abstain", "kazqad-1", {}) == document_key("kazqad_val", "kazqad-1", {})


def question(id_: str, *relevant: str) -> Question:
    return Question(id_, "?", "en", True, relevant, (), (), ())


def test_documents_that_answer_one_question_are_one_family() -> None:
    found = families(
        [question("1", "en-1"), question("1", "zh-7"), question("2", "zh-7", "ar-3"), question("3", "en-2")]
    )
    assert found["en-1"] == found["zh-7"] == found["ar-3"] != found["en-2"]


def test_unseen_questions_are_those_on_held_out_documents_over_the_whole_corpus(tmp_path: Path) -> None:
    names = [f"d{i}" for i in range(60)]
    folder = tmp_path / "cmrc2018_trial"
    write_lines(folder / "corpus.jsonl", [{"id": n, "title": "", "text": f"text {n}", "language": "zh"} for n in names])
    write_lines(
        folder / "queries.jsonl",
        [
            {"id": f"q{n}", "question": n, "language": "zh", "relevant": [n], "answers": [n], "answerable": True}
            for n in names
        ],
    )
    (pool,) = open_public_set("cmrc", tmp_path, Choice(unseen=True)).pools
    assert len(pool.documents) == 60
    assert {q.relevant[0] for q in pool.questions} == {n for n in names if is_held_out(f"cmrc2018_trial/{n}")}
    assert 0 < len(pool.questions) < 60
