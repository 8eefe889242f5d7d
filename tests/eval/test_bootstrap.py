import math

import pytest

from eval.bootstrap import differences, intervals, means
from eval.outcomes import Outcome


def outcome(question_id: str, value: float | None, answerable: bool = True, confidence: float = 0.5) -> Outcome:
    return Outcome(question_id, "en>en", answerable, {} if value is None else {"R@1": value}, confidence)


def test_means_are_over_the_questions_a_measure_applies_to() -> None:
    found = means([outcome("a", 1), outcome("b", 0), outcome("c", None)], ["R@1", "R@3"])
    assert found["R@1"] == 0.5
    assert math.isnan(found["R@3"])
    assert math.isnan(found["auroc"])


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few = intervals([outcome(str(i), i % 2) for i in range(20)], ["R@1"])["R@1"]
    many = intervals([outcome(str(i), i % 2) for i in range(2_000)], ["R@1"])["R@1"]
    assert few.low < 0.5 < few.high
    # The standard error of a share of one half is 0.5 / sqrt(n).
    assert few.high - few.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(20), rel=0.15)
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(2_000), rel=0.15)


def test_copies_of_a_question_are_drawn_together() -> None:
    """Twelve rotations of a question are no twelve questions: the interval stays as wide."""
    once = [outcome(str(i), i % 2) for i in range(50)]
    assert intervals(once * 12, ["R@1"])["R@1"] == intervals(once, ["R@1"])["R@1"]


def test_paired_differences_drop_what_both_systems_share() -> None:
    """One system is right on one question in two, the other on the same ones and on five of a hundred more."""
    second = [outcome(str(i), i % 2) for i in range(100)]
    first = [outcome(str(i), 1 if i < 10 else i % 2) for i in range(100)]
    paired = differences(first, second, ["R@1"])["R@1"]
    alone = intervals(first, ["R@1"])["R@1"]
    assert paired.value == pytest.approx(0.05)
    assert 0 < paired.interval.low < 0.05 < paired.interval.high
    assert paired.interval.high - paired.interval.low < (alone.high - alone.low) / 2


def test_a_paired_difference_needs_the_same_questions() -> None:
    with pytest.raises(ValueError, match="same questions"):
        differences([outcome("a", 1)], [outcome("b", 1)], ["R@1"])


def test_auroc_has_an_interval() -> None:
    outcomes = [outcome(str(i), None, answerable=i % 2 == 0, confidence=(i * 7 % 10) / 10) for i in range(60)]
    interval = intervals(outcomes, [])["auroc"]
    assert interval.low < means(outcomes, [])["auroc"] < interval.high
