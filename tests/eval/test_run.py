import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from embeddings.hashing import HashingEncoder
from eval import run
from eval.cache import CachedEncoder
from eval.catalog import Choice, QuestionSet, open_own_set, open_public_set
from eval.tables import pair_table
from eval.textbook import TextbookSystem
from tests.eval.parallel_set import write_lines, write_parallel_set
from tests.eval.word_overlap_system import WordOverlapSystem

COMMAND = ["python", "-m", "eval.run"]
MEASURES = [
    *("n", "R@1", "R@3", "R@5", "R@2000c", "MRR@10", "nDCG@10"),
    *("citation_precision", "answer_contains", "answer_contains_if_found", "quote_covers_evidence"),
    *("evidence_F1", "abstention"),
]
TEXTS = {
    "en.txt": "The forum opened in Astana on Thursday.\nTrade grew to ninety billion dollars.\n",
    "zh.txt": "论坛 周四 在 阿斯塔纳 开幕。\n贸易额 增长 到 九百亿 美元。\n",
}


@pytest.fixture
def encoder() -> Iterator[CachedEncoder]:
    with closing(CachedEncoder(HashingEncoder())) as cached:
        yield cached


@pytest.fixture
def own_set(tmp_path: Path) -> QuestionSet:
    """Evidence at rank 1 and quoted; at rank 2, another line quoted; at rank 3, refused. Then two without evidence,
    the first refused, the second answered."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_lines(folder / "manifest.jsonl", [{"file_name": name, "language": name[:2]} for name in TEXTS])
    trade = [{"document": "en.txt", "quote": "Trade grew to ninety billion dollars."}]
    opened = [{"document": "zh.txt", "quote": "论坛 周四 在 阿斯塔纳 开幕。"}]
    base: dict[str, Any] = {"language": "en", "answerable": True, "answers": []}
    nothing: dict[str, Any] = {"answerable": False, "evidence": [], "answers": [], "language": "en"}
    write_lines(
        tmp_path / "own.jsonl",
        [
            base | {"id": "1", "question": "Trade grew to dollars", "evidence": trade, "answers": ["NINETY billion"]},
            base | {"id": "2", "question": "forum opened Trade", "evidence": trade},
            base | {"id": "3", "question": "论坛 Astana forum opened Trade grew to", "evidence": opened},
            nothing | {"id": "4", "question": "who won the chess match"},
            nothing | {"id": "5", "question": "forum opened in Paris"},
        ],
    )
    return open_own_set("own", tmp_path / "own.jsonl", folder)


def evaluated(question_set: QuestionSet, encoder: CachedEncoder, *names: str) -> dict[str, Any]:
    systems = [WordOverlapSystem(name) for name in names]
    with run.progress_bars(Console(quiet=True)) as progress:
        return run.evaluate([question_set], systems, encoder, COMMAND, progress)


def test_figures_by_hand(own_set: QuestionSet, encoder: CachedEncoder) -> None:
    """Ranks of the evidence: 1, 2 and 3 of four lines; questions 1, 2 and 5 are answered."""
    (figures,) = evaluated(own_set, encoder, "overlap")["runs"]
    overall = figures["overall"]
    assert list(overall) == MEASURES
    assert overall["n"] == 5
    assert overall["R@1"] == pytest.approx(1 / 3, abs=1e-4)
    assert overall["R@3"] == overall["R@5"] == overall["R@2000c"] == 1
    assert overall["MRR@10"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, abs=1e-4)
    assert overall["citation_precision"] == 0.5
    assert overall["quote_covers_evidence"] == pytest.approx(1 / 3, abs=1e-4)
    assert overall["answer_contains"] == 1
    # Confidences 1, 2/3, 3/7 against 0 and 3/4: of six pairs four are in order.
    assert overall["abstention"] == pytest.approx(
        {"auroc": 4 / 6, "accuracy": 3 / 5, "false_answers": 1 / 2, "false_refusals": 1 / 3}, abs=1e-4
    )


def test_the_object_has_the_shape_of_the_design(own_set: QuestionSet, encoder: CachedEncoder, tmp_path: Path) -> None:
    out = tmp_path / "results" / "out.json"
    run.write(evaluated(own_set, encoder, "overlap"), out)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert list(written) == ["set", "system", "overall", "by_pair", "ci95", "latency_ms", "manifest"]
    assert list(written["by_pair"]) == ["en>-", "en>en", "en>zh"]
    assert all(list(figures) == MEASURES for figures in written["by_pair"].values())
    assert written["by_pair"]["en>zh"]["answer_contains"] is None
    low, high = written["ci95"]["MRR@10"]
    assert low <= written["overall"]["MRR@10"] <= high
    assert set(written["ci95"]["abstention"]) == {"auroc", "accuracy", "false_answers", "false_refusals"}
    latency = written["latency_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
    manifest = written["manifest"]
    assert manifest["set"] == "own"
    assert len(manifest["files"]["own.jsonl"]) == 64
    assert manifest["model"]["name"] == "hashing"
    assert manifest["index_version"] == "lines"
    assert manifest["misplaced_spans"] == 0
    assert {"date", "git_commit", "command", "cpu", "packages"} <= set(manifest)


def test_two_systems_are_compared_on_the_same_questions(
    own_set: QuestionSet, encoder: CachedEncoder, tmp_path: Path
) -> None:
    report = evaluated(own_set, encoder, "first", "second")
    assert [(each["set"], each["system"]) for each in report["runs"]] == [("own", "first"), ("own", "second")]
    (paired,) = report["differences"]
    assert paired["difference"]["R@1"] == 0
    assert paired["ci95"]["R@1"] == [0, 0]
    console = Console(record=True, width=250, quiet=True)
    run.print_report(report, console)
    run.write(report, tmp_path / "out.json")
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert len(written["runs"]) == 2
    assert written["overall"] == written["runs"][0]["overall"]
    assert written["system"] == "first"


def test_many_language_pairs_are_shown_as_a_matrix() -> None:
    languages = [f"l{number}" for number in range(7)]
    by_pair = {f"{asked}>{held}": {"n": 1, "MRR@10": 0.5} for asked in languages for held in languages}
    table = pair_table("set", "system", by_pair)
    assert (len(table.columns), table.row_count) == (8, 7)


def test_several_sets_stand_beside_each_other(own_set: QuestionSet, encoder: CachedEncoder, tmp_path: Path) -> None:
    (first,) = evaluated(own_set, encoder, "overlap")["runs"]
    run.write({"runs": [first, first | {"set": "other"}], "differences": []}, tmp_path / "out.json")
    assert set(json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))) == {"runs", "differences"}


def test_a_mixed_pool_is_indexed_once_a_rotation_and_only_searched(tmp_path: Path, encoder: CachedEncoder) -> None:
    write_parallel_set(tmp_path / "xquad")
    mixed = open_public_set("xquad-mixed", tmp_path, Choice())
    system = WordOverlapSystem()
    with run.progress_bars(Console(quiet=True)) as progress:
        report = run.evaluate([mixed], [system], encoder, COMMAND, progress)
    (figures,) = report["runs"]
    assert len(system.indexed) == 3
    assert figures["overall"]["n"] == 4 * 3 * 3
    assert len(figures["by_pair"]) == 9
    assert {pair: each["R@1"] for pair, each in figures["by_pair"].items() if pair[:2] == pair[3:]} == {
        "en>en": 1,
        "ru>ru": 1,
        "zh>zh": 1,
    }
    assert figures["overall"]["abstention"]["auroc"] is None
    assert figures["manifest"]["latency_of"] == "search"
    assert figures["manifest"]["distinct_questions"] == 4


def test_the_textbook_pipeline_returns_spans_of_its_documents(own_set: QuestionSet, encoder: CachedEncoder) -> None:
    system = TextbookSystem(encoder)
    system.index(own_set.pools[0].documents)
    texts = {document.id: document.text for document in own_set.pools[0].documents}
    hits = system.search("Trade grew", 10)
    assert {hit.document_id for hit in hits} == set(texts)
    assert all(texts[hit.document_id][hit.start : hit.end] == hit.text for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert system.ask("Trade grew").confidence == hits[0].score


def test_a_set_that_is_absent_is_named_and_the_run_goes_on(tmp_path: Path) -> None:
    console = Console(record=True, width=250, quiet=True)
    options = run.parser().parse_args(["--set", "xquad", "--evalsets", str(tmp_path / "none"), "--limit", "3"])
    (own,) = run.open_sets(options, console)
    assert own.name == "seeds"
    assert len({question.id for question in own.pools[0].questions}) == 3


def test_a_question_file_of_your_own_is_run_on_the_service_alone(own_set: QuestionSet, tmp_path: Path) -> None:
    folder, out = own_set.files[0].parent, tmp_path / "out.json"
    arguments = ["--questions", str(own_set.files[0]), "--documents", str(folder / "documents")]
    assert run.main([*arguments, "--model", "hashing", "--json", str(out)]) == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["system"] == "service"
    assert written["overall"]["n"] == 5
    assert written["manifest"]["command"][-1] == str(out)


def test_what_cannot_be_run_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run.main(["--questions", str(tmp_path / "absent.jsonl"), "--model", "hashing"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_the_whole_way_over_the_seeds(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert run.main(["--model", "hashing", "--json", str(out)]) == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [each["system"] for each in written["runs"]] == ["service", "textbook"]
    for each in written["runs"]:
        assert each["overall"]["n"] >= 160
        assert each["overall"]["R@5"] > 0
        assert each["manifest"]["misplaced_spans"] == 0
        assert each["manifest"]["refused_documents"] == 0
