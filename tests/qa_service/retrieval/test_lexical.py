"""The lexical leg: what counts, and that it never prefers a language."""

import pytest

from qa_service.ingest.terms import make_terms
from qa_service.retrieval.lexical import LexicalQuery, centred
from qa_service.store.lexical import TermFrequencies

NONE_COMMON = TermFrequencies({}, 100)


def query(text: str, frequencies: TermFrequencies = NONE_COMMON) -> LexicalQuery:
    return LexicalQuery.of(text, frequencies)


def folded(text: str) -> str:
    return make_terms(text).folded


def test_coverage_is_the_share_of_the_question_that_stands_in_the_text() -> None:
    asked = query("Astana summit 2024")
    assert asked.coverage(folded("The 2024 summit was held in Astana")) == pytest.approx(1)
    assert 0.2 < asked.coverage(folded("A forum in Astana")) < 0.7
    assert asked.coverage(folded("世界杯")) == 0
    assert query("🙂").coverage(folded("any")) == 0


def test_a_number_counts_whole() -> None:
    asked = query("94.8")
    assert asked.coverage(folded("trade of 94,8 billion")) == 1
    assert asked.coverage(folded("trade of 194.8 or 94.85 billion")) == 0


def test_what_stands_in_most_passages_counts_nothing() -> None:
    common = TermFrequencies({" th": 90, "the": 90, "he ": 90}, 100)
    assert query("the Kabar", common).coverage(folded("the")) == 0
    assert query("the Kabar", common).coverage(folded("Кабар")) == pytest.approx(1)


def test_terms_of_a_tiny_corpus_all_count() -> None:
    assert TermFrequencies({"abc": 2}, 2).weight("abc") > 0


def test_a_language_whose_passages_all_match_gains_nothing_by_that() -> None:
    coverages, languages = [0.6, 0.6, 0.6, 0.6, 0.6, 0.1], ["en", "en", "en", "en", "en", "zh"]
    assert centred(coverages, languages) == pytest.approx([0] * 6)


def test_the_one_passage_that_matches_better_than_its_language_gains() -> None:
    values = centred([0.9, 0.1, 0.1, 0.1, 0.1, 0.5], ["en"] * 5 + ["zh"])
    assert values[0] > 0.5
    assert values[-1] == 0


def test_rare_words_are_those_of_few_passages_rarest_first() -> None:
    asked = query("Kabar agency in Bishkek")
    counts = {"kabar": 3, "agenci": 10, "in": 900, "bisk": 1}
    assert asked.rare_words(counts, 1_000) == ["kabar", "agenci"]
    assert asked.rare_words({}, 1_000) == []


def test_matched_terms_are_words_of_the_question() -> None:
    assert query("Kabar agency in 94,8").matched(folded("Агентство Кабар, 94.8 Kabarga")) == ("kabar", "94,8")
    assert query("Назарбаевтың 中亚媒体").matched(folded("Nazarbayev 中亞")) == ("назарбаевтың", "中亚")
    assert query("an 8").matched(folded("ban 81")) == ()
