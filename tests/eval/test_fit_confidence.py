"""The confidence of a set is told by what the other sets fit, and is a probability where they are alike."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from eval.fit_confidence import Table, calibration_of, fit, fitted_on_others
from eval.reliability import reliability


@pytest.fixture
def table() -> Table:
    """Three sets in which one of two features tells how probable an answer is."""
    chance = np.random.default_rng(1)
    x = chance.normal(size=(3_000, 2))
    y = chance.random(3_000) < expit(2 * x[:, 0])
    return Table(("telling", "idle"), x, y, np.repeat(["a", "b", "c"], 1_000))


def test_the_confidence_on_another_set_is_a_probability(table: Table) -> None:
    assert reliability(fitted_on_others(table), table.y).debiased < 0.02


def test_what_a_set_says_does_not_count_for_itself(table: Table) -> None:
    inside = table.sets == "b"
    turned = replace(table, y=np.where(inside, ~table.y, table.y))
    before, after = fitted_on_others(table), fitted_on_others(turned)
    np.testing.assert_array_equal(before[inside], after[inside])
    assert not np.array_equal(before[~inside], after[~inside])


def test_what_is_written_gives_the_same_confidence(table: Table) -> None:
    fitted = fit(table)
    calibration = calibration_of(fitted, table, "ab" * 32, "off")
    for row, confidence in zip(table.x[:20], fitted.confidence(table.x[:20]), strict=True):
        values = dict(zip(table.names, row.tolist(), strict=True))
        assert calibration.confidence(values) == pytest.approx(confidence, abs=1e-3)
    assert calibration.record["sets"] == {"a": 1_000, "b": 1_000, "c": 1_000}
