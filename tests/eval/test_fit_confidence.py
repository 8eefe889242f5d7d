"""The confidence of a set is told by what the other sets fit, and is a probability where they are alike."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from eval.fit_confidence import NearTables, Table, calibration_of, fit, fitted_on_others
from eval.reliability import reliability


@pytest.fixture
def table() -> Table:
    """Three sets in which one of two features tells how probable an answer is."""
    chance = np.random.default_rng(1)
    x = np.column_stack([chance.normal(size=3_000), np.ones(3_000)])
    y = chance.random(3_000) < expit(2 * x[:, 0])
    return Table(("telling", "numbers"), x, y, np.repeat(["a", "b", "c"], 1_000))


@pytest.fixture
def near(table: Table) -> NearTables:
    """Half of them with a number that is found in nine of ten, the others with one that is found in one of ten."""
    chance = np.random.default_rng(2)
    x = np.column_stack([table.x[:, 0], chance.random(3_000) < np.where(table.y, 0.9, 0.1)])
    return {"numbers": replace(table, x=x.astype(float))}


def test_the_confidence_on_another_set_is_a_probability(table: Table, near: NearTables) -> None:
    assert reliability(fitted_on_others(table, near)[0], table.y).debiased < 0.02


def test_a_number_that_is_missing_counts_and_changes_nothing_where_all_are_found(
    table: Table, near: NearTables
) -> None:
    numbered = near["numbers"]
    idle = replace(numbered, x=np.column_stack([numbered.x[:, 0], np.ones(len(numbered.x))]))
    with_numbers, without = fit(table, near), fit(table, {"numbers": idle})
    np.testing.assert_allclose(with_numbers.confidence(table.x), without.confidence(table.x), atol=1e-6)
    found, missing = with_numbers.confidence(np.array([[0.5, 1.0], [0.5, 0.0]]))
    assert missing < found / 2


def test_what_a_set_says_does_not_count_for_itself(table: Table, near: NearTables) -> None:
    inside = table.sets == "b"
    turned = replace(table, y=np.where(inside, ~table.y, table.y))
    before, after = fitted_on_others(table, near)[0], fitted_on_others(turned, near)[0]
    np.testing.assert_array_equal(before[inside], after[inside])
    assert not np.array_equal(before[~inside], after[~inside])


def test_what_is_written_gives_the_same_confidence(table: Table, near: NearTables) -> None:
    fitted = fit(table, near)
    calibration = calibration_of(fitted, table, "ab" * 32, "off")
    for row, confidence in zip(table.x[:20], fitted.confidence(table.x[:20]), strict=True):
        values = dict(zip(table.names, row.tolist(), strict=True))
        assert calibration.confidence(values) == pytest.approx(confidence, abs=1e-3)
    assert calibration.record["sets"] == {"a": 1_000, "b": 1_000, "c": 1_000}
