"""Quotes are the sentences that answer best, at most three, none twice; contradictions are both shown."""

from dataclasses import replace

import pytest

from qa_service.answering.extractive import MAX_CHARACTERS, answer_text, cite
from qa_service.answering.messages import messages_in
from qa_service.ingest.quantities import quantities
from qa_service.records import Difference, Hit, Span
from tests.qa_service.retrieval.made_hits import hit

TEXT = "Trade grew. It reached 94.8 billion in 2024. Officials met in Astana. They signed nine papers."


def read(text: str, number: int, *scores: float) -> Hit:
    """A hit whose sentences, cut at full stops, have these pointers."""
    sentences, start = [], 0
    for part in text.split(". "):
        end = min(start + len(part) + 1, len(text))
        sentences.append(Span(start, end))
        start = end + 1
    made = hit(text, number)
    passage = replace(made.passage, sentences=tuple(sentences), search_sentences=tuple(sentences))
    return replace(made, passage=passage, sentence_scores=scores, scores={"pointer": max(scores)})


def quotes(*hits: Hit) -> list[str]:
    return [citation.quote for citation in cite(hits, 25)]


def test_the_best_sentence_is_quoted_alone_when_no_other_comes_near() -> None:
    assert quotes(read(TEXT, 1, -9, 5, -9, -9)) == ["It reached 94.8 billion in 2024."]


def test_sentences_that_follow_each_other_are_one_quote() -> None:
    assert quotes(read(TEXT, 1, -9, 5, 5, -9)) == ["It reached 94.8 billion in 2024. Officials met in Astana."]


def test_sentences_apart_are_two_quotes_the_better_one_first() -> None:
    assert quotes(read(TEXT, 1, 5, -9, 5.1, -9)) == ["Officials met in Astana.", "Trade grew."]


def test_at_most_three_sentences_and_six_hundred_characters_none_twice() -> None:
    hits = [read(TEXT, 1, 5, 5, 5, 5), read(TEXT, 2, 5, 5, 5, 5)]
    assert sum(quote.count(".") - quote.count("94.8") for quote in quotes(*hits)) == 3
    long = read("a" * 400 + ". " + "b" * 400 + ".", 1, 5, 5)
    assert sum(map(len, quotes(long))) <= MAX_CHARACTERS
    huge = read("c" * 900 + ".", 1, 5)
    assert quotes(huge) == ["c" * 900 + "."]  # one sentence is never cut
    same = [read("Trade grew.", 1, 5), read("Trade grew.", 2, 5)]
    assert quotes(*same) == ["Trade grew."]


def test_hits_that_the_second_stage_did_not_read_are_not_compared_with_those_it_did() -> None:
    unread = replace(hit("Unread.", 2), sentence_scores=(100.0,), scores={"sentence": 0.9})
    assert quotes(read(TEXT, 1, -9, 5, -9, -9), unread) == ["It reached 94.8 billion in 2024."]


def test_a_sentence_with_the_year_that_is_asked_for_comes_before_its_neighbours() -> None:
    rows = read("It was 900 tonnes in 2022. It was 950 tonnes in 2023. It was 990 tonnes in 2024.", 1, 4, 4, 5)
    [first, *_] = cite([rows], 25, quantities("How much was it in 2022?", "en"))
    assert first.quote.startswith("It was 900 tonnes in 2022.")
    [first, *_] = cite([rows], 25)
    assert first.quote.endswith("It was 990 tonnes in 2024.")


def test_the_passage_counts_beside_its_sentences() -> None:
    better = replace(read("Trade grew by 14 percent.", 1, 5), score=0.9)
    pointed = replace(read("It grew by 15 percent.", 2, 20), score=0.4)
    assert [each.quote for each in cite([better, pointed], 60)] == ["Trade grew by 14 percent."]
    assert [each.quote for each in cite([better, pointed], 0)] == ["It grew by 15 percent."]


def test_no_hits_no_citations() -> None:
    assert cite([], 25) == ()


def test_a_contradicting_document_is_cited_and_said() -> None:
    one, other = read("It was 94.8 billion.", 1, 5), read("It was 95.4 billion.", 2, -5)
    one = replace(one, differing=(Difference("94.8 billion", "95.4 billion", other.place),))
    other = replace(other, differing=(Difference("95.4 billion", "94.8 billion", one.place),))
    text = answer_text(cite([one, other], 25), messages_in("en"))
    assert text.splitlines() == [
        "2 passages from 2 documents:",
        "It was 94.8 billion. [1]",
        "It was 95.4 billion. [2]",
        "The documents differ: 94.8 billion [1] — 95.4 billion [2]",
    ]


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "1 passage from 1 document:"),
        ("zh-Hant", "1份文档中的1个段落："),
        ("ru", "1 отрывок из 1 документа:"),
        ("kk", "1 құжаттан 1 үзінді:"),
        ("ky", "1 документтен 1 үзүндү:"),
        ("uz", "1 ta hujjatdan 1 ta parcha:"),
        ("tg", "1 порча аз 1 ҳуҷҷат:"),
        ("tk", "1 resminamadan 1 bölek:"),
        ("fr", "1 passage from 1 document:"),
    ],
)
def test_an_answer_says_what_it_is_in_the_language_of_the_question(language: str, heading: str) -> None:
    assert answer_text(cite([read("It grew.", 1, 5)], 25), messages_in(language)).splitlines()[0] == heading


def test_russian_counts_three_otherwise() -> None:
    assert messages_in("ru").heading(3, 2) == "3 отрывка из 2 документов:"


def test_only_the_quote_that_answers_is_marked() -> None:
    one, other = read(TEXT, 1, 4, 5, -9, 4.5), read("It was 95.4.", 2, 3)
    one = replace(one, differing=(Difference("94.8", "95.4", other.place),), corroborating=(other.place,))
    other = replace(other, differing=(Difference("95.4", "94.8", one.place),))
    marked = {each.quote: bool(each.hit.differing) for each in cite([one, other], 0)}
    assert marked == {
        "It reached 94.8 billion in 2024.": True,
        "They signed nine papers.": False,
        "It was 95.4.": True,
    }
