"""Hits to an answer in the documents' own words: the sentences that answer best, each with its citation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa_service.answering.messages import Messages
from qa_service.ingest.quantities import Quantity, share_told
from qa_service.ingest.search_form import make_sentence_form
from qa_service.records import Citation, Hit, Passage, Span

MAX_QUOTES = 3
MAX_CHARACTERS = 600
_MARGIN = {"pointer": 9.0, "sentence": 0.02}
"""A further sentence is quoted if it comes this close to the best one, by the kind of its score (eval/LOG.md)."""

_NUMBERS = 6.0
"""What a pointer gains where the sentence has all numbers that the question names (eval/LOG.md)."""


def cite(hits: Sequence[Hit], passage_weight: float, asked: Sequence[Quantity] = ()) -> tuple[Citation, ...]:
    """The citations of an answer, the best quote first: at most three sentences and 600 characters, none twice.

    `passage_weight` is what the score of a passage counts beside the pointer of a sentence: what the first stage counts
    for the second, so that all three scores are added up. Without pointers it counts nothing. `asked` are the numbers
    and dates that the question names: a sentence that has them comes before its neighbours.
    Sentences that follow each other are one quote. What gives another value than a cited passage is cited too.
    """
    chosen: list[_Sentence] = []
    for sentence in _ranked(hits, passage_weight, asked):
        fits = sum(len(each.text) for each in [*chosen, sentence]) <= MAX_CHARACTERS
        if not chosen or (fits and sentence.text not in {each.text for each in chosen}):
            chosen.append(sentence)
        if len(chosen) == MAX_QUOTES:
            break
    quotes = enumerate(_joined(chosen), start=1)
    return tuple(Citation(index, _marked(hit, span), span) for index, (hit, span) in quotes)


def _marked(hit: Hit, quote: Span) -> Hit:
    """What agrees and differs does so with the sentence that answers: other quotes of the passage have no such mark."""
    if quote.start <= hit.sentence.start < quote.end:
        return hit
    return replace(hit, corroborating=(), differing=())


@dataclass(frozen=True, slots=True)
class _Sentence:
    hit: Hit
    at: int
    score: float

    @property
    def span(self) -> Span:
        return self.hit.passage.sentences[self.at]

    @property
    def text(self) -> str:
        return self.hit.slice(self.span)


def _ranked(hits: Sequence[Hit], passage_weight: float, asked: Sequence[Quantity]) -> list[_Sentence]:
    """The best sentence, what differs from it in a value, and those that come near it."""
    kind = "pointer" if any("pointer" in hit.scores for hit in hits) else "sentence"
    compared = [hit for hit in hits if kind in hit.scores]
    weight, of_numbers = (passage_weight, _NUMBERS) if kind == "pointer" else (0.0, 0.0)
    ranked = [
        _Sentence(hit, at, score + weight * hit.score + of_numbers * _share_told(asked, hit.passage, at))
        for hit in compared
        for at, score in enumerate(hit.sentence_scores)
    ]
    ranked.sort(key=lambda sentence: -sentence.score)
    if not ranked:
        return []
    best = ranked[0]
    other_values = {difference.place for difference in best.hit.differing}
    differing = [each for each in ranked if each.hit.place in other_values and each.span == each.hit.sentence]
    near = [each for each in ranked[1:] if each.score >= best.score - _MARGIN[kind]]
    return [best, *differing[:1], *(each for each in near if each not in differing[:1])]


def _share_told(asked: Sequence[Quantity], passage: Passage, at: int) -> float:
    sentence = passage.search_sentences[at]
    return share_told(asked, passage.search_text[sentence.start : sentence.end], passage.language)


def _joined(sentences: Sequence[_Sentence]) -> Iterator[tuple[Hit, Span]]:
    """One quote for sentences of a passage that follow each other, in the place of the first that is given."""
    left = {(each.hit.passage_id, each.at): each for each in sentences}
    for sentence in sentences:
        passage, first, last = sentence.hit.passage_id, sentence.at, sentence.at
        if (passage, first) not in left:
            continue
        while (passage, first - 1) in left:
            first -= 1
        while (passage, last + 1) in left:
            last += 1
        joined = [left.pop((passage, at)).span for at in range(first, last + 1)]
        yield sentence.hit, Span(joined[0].start, joined[-1].end)


def answer_text(citations: Sequence[Citation], messages: Messages) -> str:
    """What it is, and one line a citation: its quote with its mark."""
    lines = [heading(citations, messages)]
    lines += [f"{quoted_line(citation)} [{citation.index}]" for citation in citations]
    if said := differences(citations):
        lines.append(messages.differ + " " + "; ".join(said))
    return "\n".join(lines)


def heading(citations: Sequence[Citation], messages: Messages) -> str:
    """`2 passages from 1 document:`"""
    documents = {citation.hit.passage.document_id for citation in citations}
    return messages.heading(len(citations), len(documents))


def differences(citations: Sequence[Citation]) -> list[str]:
    """Pairs of cited values that contradict each other, with their marks."""
    found = []
    for one in citations:
        for difference in one.hit.differing:
            for other in citations:
                is_other = other.hit.place == difference.place and bool(other.hit.differing)
                if is_other and one.index < other.index:
                    found.append(f"{difference.own} [{one.index}] — {difference.other} [{other.index}]")
    return list(dict.fromkeys(found))


def quoted_line(citation: Citation) -> str:
    """The quote on one line, without the line breaks that run through it."""
    return make_sentence_form(citation.quote, Span(0, len(citation.quote)))
