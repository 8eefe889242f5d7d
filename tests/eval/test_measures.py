import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from eval.evidence import Place, Ranking, Wanted
from eval.measures import abstention_values, answer_contains, answer_values, auroc, evidence_f1, fold, ranking_values
from eval.systems import Cited, Reply, Retrieved


def cited(document_id: str, start: int, end: int, quote: tuple[int, int] | None = None) -> Cited:
    quote_start, quote_end = quote or (start, end)
    return Cited(Retrieved(document_id, start, end, "x" * (end - start), 1.0), quote_start, quote_end)


def reply(*citations: Cited) -> Reply:
    return Reply(bool(citations), 0.9, citations, "text" if citations else None)


def test_ranking_measures_by_hand() -> None:
    """One relevant item at rank 2: RR 1/2, nDCG (1/log2 3) / 1 = 0.6309; two at ranks 1 and 4 of 2:
    nDCG (1 + 1/log2 5) / (1 + 1/log2 3) = 0.8772; none found: zero."""
    values = ranking_values(
        {
            "second": Ranking(("a", "b", "c"), ("b",)),
            "two": Ranking(("a", "b", "c", "d"), ("a", "d")),
            "none": Ranking(("a", "b"), ("z",)),
            "empty": Ranking((), ("z",)),
        }
    )
    assert values["second"] == pytest.approx({"R@1": 0, "R@3": 1, "R@5": 1, "MRR@10": 0.5, "nDCG@10": 1 / math.log2(3)})
    assert values["two"]["R@1"] == 1
    assert values["two"]["nDCG@10"] == pytest.approx((1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))
    assert set(values["none"].values()) == {0.0}
    assert set(values["empty"].values()) == {0.0}


def test_only_the_first_ten_count() -> None:
    items = tuple(f"i{n}" for n in range(12))
    values = ranking_values({"q": Ranking(items, ("i10",))})
    assert values["q"]["MRR@10"] == 0
    assert ranking_values({"q": Ranking(items, ("i9",))})["q"]["MRR@10"] == pytest.approx(0.1)


def test_a_system_that_returns_nothing_at_all_counts_zero() -> None:
    assert set(ranking_values({"q": Ranking((), ("a",))})["q"].values()) == {0.0}


def test_citation_precision_is_the_share_of_citations_that_find_evidence() -> None:
    """Of three citations one covers the quote and one 6 of its 10 characters: 2/3."""
    targets = Wanted(frozenset(), ((Place("d", 0, 10),),))
    values = answer_values(reply(cited("d", 0, 50), cited("d", 4, 30), cited("d", 5, 30)), targets, ())
    assert values["citation_precision"] == pytest.approx(2 / 3)


def test_a_quote_must_cover_the_evidence_itself() -> None:
    targets = Wanted(frozenset(), ((Place("d", 0, 10),),))
    assert answer_values(reply(cited("d", 0, 50, (10, 50))), targets, ())["quote_covers_evidence"] == 0
    assert answer_values(reply(cited("d", 0, 50, (4, 50))), targets, ())["quote_covers_evidence"] == 1


def test_a_refused_question_counts_zero_but_has_no_citation_precision() -> None:
    targets = Wanted(frozenset(), ((Place("d", 0, 10),),))
    values = answer_values(reply(), targets, ("x",))
    assert values == {"quote_covers_evidence": 0, "evidence_F1": 0, "answer_contains": 0}


def test_evidence_f1_is_over_characters() -> None:
    """Quoted 4-16 and 30-34 of the evidence 0-10 and 30-40: 6 + 4 of 16 and 20."""
    targets = Wanted(frozenset(), ((Place("d", 0, 10),), (Place("e", 0, 10), Place("d", 30, 40))))
    answered = reply(cited("d", 0, 50, (4, 16)), cited("d", 0, 50, (30, 34)))
    assert evidence_f1(answered, targets) == pytest.approx(2 * 10 / (16 + 20))


def test_document_judgements_give_no_quote_measure() -> None:
    values = answer_values(reply(cited("d", 0, 5), cited("e", 0, 5)), Wanted(frozenset({"d"}), ()), ())
    assert values == {"citation_precision": 0.5}


@pytest.mark.parametrize(
    ("quote", "answer", "expected"),
    [
        ("Trade reached USD 94.8\nbillion.", "usd 94.8 billion", True),
        ("炼厂的现\n\n代化改造", "现代化改造", True),
        ("共有１２个代表团", "12个", True),
        ("Кабар агенттігі", "КАБАР", True),
        ("Trade fell.", "rose", False),
        ("Trade fell.", "", False),
    ],
)
def test_an_answer_stands_in_a_quote_with_case_width_and_white_space_folded(
    quote: str, answer: str, expected: bool
) -> None:
    assert answer_contains([quote], [answer]) is expected


def test_one_of_the_answers_is_enough_but_not_over_two_quotes() -> None:
    assert answer_contains(["one", "two"], ["three", "two"])
    assert not answer_contains(["one", "two"], ["onetwo"])
    assert fold("ＡＢ c\u3000d") == "abcd"


@pytest.mark.parametrize(
    ("answerable", "answered", "expected"),
    [
        (True, True, {"accuracy": 1, "false_refusals": 0}),
        (True, False, {"accuracy": 0, "false_refusals": 1}),
        (False, True, {"accuracy": 0, "false_answers": 1}),
        (False, False, {"accuracy": 1, "false_answers": 0}),
    ],
)
def test_abstention_of_one_question(answerable: bool, answered: bool, expected: dict[str, float]) -> None:
    assert abstention_values(answerable, answered) == expected


def test_auroc_by_hand() -> None:
    """Answerable 0.9, 0.4; unanswerable 0.5, 0.4: of four pairs 0.9 wins two, 0.4 loses one and ties one: 2.5/4."""
    answerable = np.array([True, True, False, False])
    confidence = np.array([0.9, 0.4, 0.5, 0.4])
    weights = np.array([[1, 1, 1, 1], [1, 0, 2, 1], [1, 1, 0, 0]], dtype=np.float64)
    np.testing.assert_allclose(auroc(answerable, confidence, weights), [0.625, 1, np.nan])


def test_auroc_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    answerable = random.random(200) < 0.6
    confidence = np.round(random.random(200) + 0.3 * answerable, 1)
    weights = random.integers(0, 4, size=(5, 200)).astype(np.float64)
    expected = [roc_auc_score(answerable, confidence, sample_weight=row) for row in weights]
    np.testing.assert_allclose(auroc(answerable, confidence, weights), expected)
