"""Copies are folded into one hit, and what differs in a number is no copy."""

from dataclasses import replace

import pytest

from qa_service.records import Hit, Span
from qa_service.retrieval.duplicates import fold
from tests.qa_service.retrieval.made_hits import folded, hit

SPEECH = (
    "In 2024, trade between China and the five Central Asian countries reached a record 94.8 billion US dollars, "
    "up by 5.4 billion from the year before, Xinhua reported."
)


def quoted(hit: Hit, sentence: Span) -> Hit:
    """With this sentence as the one that answers."""
    return replace(hit, passage=replace(hit.passage, sentences=(sentence,), search_sentences=(sentence,)))


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
    found = fold([hit(SPEECH, 1), hit("Something else entirely, on culture.", 2), hit(copy, 3)], 5, folded)
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
    assert len(fold([hit(SPEECH, 1), hit(other, 2)], 5, folded)) == 2


def test_one_text_in_two_forms_of_han_is_a_copy() -> None:
    assert (
        len(
            fold(
                [hit("两国媒体合作论坛在首都开幕。", 1, "zh"), hit("兩國媒體合作論壇在首都開幕。", 2, "zh-Hant")],
                5,
                folded,
            )
        )
        == 1
    )


def test_the_same_quote_in_two_passages_is_one_hit() -> None:
    long = f"An introduction of its own, with many other words about the weather in spring. {SPEECH}"
    quoting = quoted(hit(long, 2), Span(len(long) - len(SPEECH), len(long)))
    assert len(fold([hit(SPEECH, 1), quoting], 5, folded)) == 1


def test_a_short_sentence_stands_in_two_reports_by_chance() -> None:
    one = "He agreed. The pipeline to the east carries gas from three countries since it was opened."
    other = "He agreed. Students of the two universities will learn each other's languages from autumn."
    hits = [quoted(hit(text, i), Span(0, 10)) for i, text in enumerate([one, other], start=1)]
    assert len(fold(hits, 5, folded)) == 2


def test_folding_goes_on_until_enough_hits_are_found() -> None:
    texts = [SPEECH, SPEECH, SPEECH, "Another matter: culture in Astana.", SPEECH, "A third one: gas pipelines."]
    found = fold([hit(text, i) for i, text in enumerate(texts, start=1)], 3, folded)
    assert [each.passage_id for each in found] == [1, 4, 6]
    assert len(found[0].copies) == 3
