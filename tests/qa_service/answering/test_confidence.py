"""Confidence belongs to the models it was fitted for, and says when it is only an order."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from qa_service.answering.confidence import SHIPPED, Calibration, features, find_confidence
from qa_service.errors import StoreError
from qa_service.records import Hit
from tests.qa_service.retrieval.made_hits import hit

FIRST = Calibration("e", "off", {"dense": 10.0, "dense lead": 1.0}, -5.0, 0.5, 0.1, {})
BOTH = Calibration("e", "r", {"dense": 1.0, "rerank": 1.0}, 0.0, 1.0, 0.0, {})


def scored(text: str = "It was 94.8 billion in 2024.", **scores: float) -> Hit:
    values: Mapping[str, float] = {"dense": 0.6, "sentence": 0.5, "lexical": 0.2, **scores}
    return replace(hit(text, 1), scores=values)


def test_a_calibration_is_read_as_it_was_saved(tmp_path: Path) -> None:
    FIRST.save(tmp_path / "a.json")
    assert Calibration.load(tmp_path / "a.json") == FIRST


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "encoder": "e"}',
        json.dumps({"version": 1, "encoder": "e", "reranker": "r", "weights": {}, "intercept": 0, "slope": 1}),
    ],
)
def test_a_file_that_is_no_calibration_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(StoreError, match=r"a\.json: no calibration"):
        find_confidence("e", "off", tmp_path)


def test_the_second_stage_on_and_off_are_calibrated_apart(tmp_path: Path) -> None:
    FIRST.save(tmp_path / "first.json")
    BOTH.save(tmp_path / "both.json")
    both, first = find_confidence("e", "r", tmp_path), find_confidence("e", "off", tmp_path)
    assert both.is_calibrated
    assert first.is_calibrated
    read, unread = [scored(rerank=2.0)], [scored()]
    assert both.of(read, "when", "en") == pytest.approx(1 / (1 + 2.718281828 ** -(0.6 + 2.0)))
    assert both.of(unread, "when", "en") == first.of(unread, "when", "en")
    assert both.of([], "when", "en") == 0.0


def test_another_model_is_not_calibrated(tmp_path: Path) -> None:
    FIRST.save(tmp_path / "first.json")
    assert not find_confidence("other", "off", tmp_path).is_calibrated
    assert not find_confidence("e", "other", tmp_path).is_calibrated
    assert 0 < find_confidence("other", "off", tmp_path).of([scored()], "when", "en") < 1


def test_the_numbers_of_a_question_are_looked_for_in_the_best_passage() -> None:
    def share(question: str, language: str) -> float:
        return features([scored()], question, language)["numbers"]

    assert share("Как велик был объём в 2024 году?", "ru") == 1.0
    assert share("Как велик был объём в 2023 году?", "ru") == 0.0
    assert share("948亿是哪一年，2019年？", "zh") == 0.5
    assert share("How large was it?", "en") == 1.0


def test_a_lead_is_over_the_mean_of_the_others() -> None:
    values = features([scored(dense=0.4), scored(dense=0.7), scored(dense=0.2)], "when", "en")
    assert values["dense"] == 0.7
    assert values["dense lead"] == pytest.approx(0.4)


def test_where_the_second_stage_was_asked_the_first_hits_own_scores_count_too() -> None:
    hits = [scored(dense=0.4, rerank=3.0, pointer=1.0), scored(dense=0.7, rerank=2.0, pointer=5.0)]
    values = features(hits, "when", "en")
    assert (values["first dense"], values["dense"]) == (0.4, 0.7)
    assert (values["first pointer"], values["pointer"]) == (1.0, 5.0)
    assert not any(name.startswith("first") for name in features([scored(), scored()], "when", "en"))


def test_the_shipped_calibrations_know_the_features() -> None:
    both = features([scored(rerank=1.0, pointer=1.0)], "when", "en")
    for path in SHIPPED.glob("*.json"):
        assert Calibration.load(path).weights.keys() <= both.keys()


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.name)
def test_what_ships_loads(path: Path) -> None:
    assert Calibration.load(path).encoder
