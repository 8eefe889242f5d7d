"""Copies are folded into one hit, other languages corroborate, and what differs in a number is no copy."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.encoder import Vectors
from qa_service.records import Explanation, Hit, Metadata, Passage, Span
from qa_service.retrieval.duplicates import corroborated, fold

EXPLANATION = Explanation(1, 1.0, 1, 1.0, 1.0, 1, 0.0, 0.0, (), 1, 1.0, None)
SPEECH = (
    "In 2024, trade between China and the five Central Asian countries reached a record 94.8 billion US dollars, "
    "up by 5.4 billion from the year before, Xinhua reported."
)


def hit(text: str, number: int, language: str = "en") -> Hit:
    span = Span(0, len(text))
    return Hit(
        passage_id=number,
        passage=Passage(f"{number:032x}", 0, span, language, text, (span,)),
        sentence=span,
        text=text,
        text_sha256="",
        file_name=f"{number}.txt",
        metadata=Metadata(f"Title {number}", None, None, None, None, language),
        score=1 / number,
        scores={},
        explanation=EXPLANATION,
    )


@pytest.mark.parametrize(
    "copy",
    [
        SPEECH,
        SPEECH.replace(", Xinhua reported", ""),
        "ASTANA, June 14 (Xinhua) - " + SPEECH,
        SPEECH.upper(),
        SPEECH.replace(" ", "\n"),
    ],
)
def test_a_copy_is_folded_into_the_better_hit(copy: str) -> None:
    found = fold([hit(SPEECH, 1), hit("Something else entirely, on culture.", 2), hit(copy, 3)], 5)
    assert [each.passage_id for each in found] == [1, 2]
    assert [place.file_name for place in found[0].copies] == ["3.txt"]


@pytest.mark.parametrize(
    "other",
    [
        SPEECH.replace("94.8", "95.4"),
        SPEECH.replace("2024", "2023"),
        SPEECH.replace("China", "Japan"),
        SPEECH.replace("reached", "never reached"),
        "In 2024, trade reached 94.8 billion, up by 5.4 billion: a speech on something else, energy and pipelines.",
    ],
)
def test_what_differs_in_a_number_or_in_words_is_no_copy(other: str) -> None:
    assert len(fold([hit(SPEECH, 1), hit(other, 2)], 5)) == 2


def test_one_text_in_two_forms_of_han_is_a_copy() -> None:
    assert (
        len(fold([hit("两国媒体合作论坛在首都开幕。", 1, "zh"), hit("兩國媒體合作論壇在首都開幕。", 2, "zh-Hant")], 5))
        == 1
    )


def test_the_same_quote_in_two_passages_is_one_hit() -> None:
    long = f"An introduction of its own, with many other words about the weather in spring. {SPEECH}"
    quoting = replace(hit(long, 2), sentence=Span(len(long) - len(SPEECH), len(long)))
    quoting = replace(quoting, passage=replace(quoting.passage, sentences=(quoting.sentence,)))
    assert len(fold([hit(SPEECH, 1), quoting], 5)) == 1


def test_a_short_sentence_stands_in_two_reports_by_chance() -> None:
    one = "He agreed. The pipeline to the east carries gas from three countries since it was opened."
    other = "He agreed. Students of the two universities will learn each other's languages from autumn."
    hits = [replace(hit(text, i), sentence=Span(0, 10)) for i, text in enumerate([one, other], start=1)]
    assert len(fold(hits, 5)) == 2


def test_folding_goes_on_until_enough_hits_are_found() -> None:
    texts = [SPEECH, SPEECH, SPEECH, "Another matter: culture in Astana.", SPEECH, "A third one: gas pipelines."]
    found = fold([hit(text, i) for i, text in enumerate(texts, start=1)], 3)
    assert [each.passage_id for each in found] == [1, 4, 6]
    assert len(found[0].copies) == 3


def corroborate(one: Hit, other: Hit, cosine: float) -> tuple[Hit, ...]:
    vectors: dict[int, Vectors] = {
        one.passage_id: np.array([1, 0], np.float32),
        other.passage_id: np.array([cosine, np.sqrt(1 - cosine**2)], np.float32),
    }
    return corroborated([one, other], lambda each: vectors[each.passage_id])


def test_the_same_in_two_languages_stays_two_hits_that_corroborate_each_other() -> None:
    one, other = hit(SPEECH, 1), hit("2024年，中国与中亚五国贸易额达948亿美元。", 2, "zh")
    assert fold([one, other], 5) == (one, other)
    found = corroborate(one, other, 0.8)
    assert [[place.file_name for place in each.corroborating] for each in found] == [["2.txt"], ["1.txt"]]


@pytest.mark.parametrize(
    ("text", "language", "cosine"),
    [
        ("2024年，中国与中亚五国贸易额。", "zh", 0.4),  # on another matter
        ("Trade in 2024 was discussed.", "en", 0.9),  # in the same language
        ("2019年，中国与中亚五国贸易额达464亿美元。", "zh", 0.9),  # with other numbers
    ],
)
def test_what_is_far_or_in_one_language_or_of_other_numbers_does_not_corroborate(
    text: str, language: str, cosine: float
) -> None:
    assert not any(each.corroborating for each in corroborate(hit(SPEECH, 1), hit(text, 2, language), cosine))
