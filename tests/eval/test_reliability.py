"""The calibration error is nought for a calibrated confidence, and what it is off by for another."""

import numpy as np
import pytest

from eval.reliability import BINS, reliability


def test_a_calibrated_confidence_has_no_error_beyond_chance() -> None:
    chance = np.random.default_rng(1)
    confidence = chance.random(5_000)
    figures = reliability(confidence, chance.random(5_000) < confidence)
    assert figures.debiased < 0.01
    assert figures.error == pytest.approx(figures.by_chance, abs=0.01)


def test_a_confidence_that_is_off_is_off_by_so_much() -> None:
    """Half of 1,000 questions are answerable; the confidence says nine tenths of them are."""
    figures = reliability(np.full(1_000, 0.9), np.arange(1_000) % 2 == 0)
    assert figures.error == pytest.approx(0.4)
    assert figures.debiased == pytest.approx(0.4, abs=0.03)


def test_few_questions_show_an_error_by_chance() -> None:
    chance = np.random.default_rng(2)
    confidence = chance.random(300)
    assert 0.03 < reliability(confidence, chance.random(300) < confidence).by_chance < 0.09


def test_bins_hold_equally_many_questions_from_the_least_sure_on() -> None:
    figures = reliability(np.linspace(0, 1, 25), np.arange(25) > 12)
    assert sum(questions for _, _, questions in figures.bins) == 25
    assert len(figures.bins) == BINS
    assert [confidence for confidence, _, _ in figures.bins] == sorted(confidence for confidence, _, _ in figures.bins)
    assert len(reliability(np.array([0.5]), np.array([True])).bins) == 1
