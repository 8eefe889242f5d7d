"""Document to Passages: sentences found by sentencex, packed by langchain-text-splitters."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

import sentencex

from qa_service.ingest.language import UNDETERMINED, passage_language
from qa_service.ingest.lines import find_lines
from qa_service.ingest.scripts import HAN, HIRAGANA, NONE, Scripts
from qa_service.ingest.search_form import GAP, PARAGRAPH, SearchForm, make_search_form, width
from qa_service.records import Document, Passage, Quarantined, Section, Span

VERSION = "6"
CHUNK_SIZE = 400
"""Width of a passage, some 100 tokens: 400 characters of Latin or Cyrillic, 133 of Chinese (eval/LOG.md)."""

_MAX_HEADING = 400
_TELLING = 30
"""Width of a line whose script counts: a name in other letters does not."""
_SENTENCE = "\x1e"  # ASCII record separator: a search form holds no control characters, so it can mark sentence ends
_THAI_ABBREVIATION = re.compile(rf"(?:^|[^ก-๛])(?:[ก-ฮ]|ดร|รศ|ผศ)\. ?{_SENTENCE}|[ก-๛]\.{_SENTENCE}[ก-๛]")
_ORDINAL = re.compile(
    rf"(?<!\w)(?:der|die|das|des|dem|den|im|am|vom|zum|zur|beim|bis|seit|ab|ein|eine|einem|einer|jeder|jedes)"
    rf" \d{{1,3}}\. ?{_SENTENCE}",
    re.IGNORECASE,
)
_OF_LIST = re.compile(rf"(?:^\s*|[.!?。] )\(?\d{{1,2}}[.)] ?{_SENTENCE}\w")
_SHORTENED = re.compile(
    rf"(?<!\w)(?:approx|ca|vgl|bzw|inkl|Nr|Art|Str|тг|тыс|млн|млрд|руб|чел|стр|им)\. ?{_SENTENCE}"
    r"(?:[\d«(]|[^\W\d_A-ZА-ЯЁ])"
)
_AROUND = 20
_WITHOUT_QUOTATION_MARKS = str.maketrans(dict.fromkeys('"“”„«»「」『』', " "))
_SEPARATORS = [PARAGRAPH, _SENTENCE, "[;；:：]", "[,，、،]", " ", ""]


def _length(marked: str) -> int:
    return width(marked) - marked.count(_SENTENCE)


@cache
def _splitter() -> Any:
    """Imported when a document is taken in: it takes as long as all else that a question needs."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    return RecursiveCharacterTextSplitter(
        separators=_SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
        chunk_size=CHUNK_SIZE,
        chunk_overlap=0,
        length_function=_length,
        strip_whitespace=False,
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that is searched, ranked down where it is `flagged`."""

    span: Span
    flagged: bool


def make_passages(document: Document, quarantined: Sequence[Quarantined]) -> tuple[Passage, ...]:
    """The passages of what is not quarantined, in order; none spans a quarantined stretch, two sections, sentences in
    two scripts, the end of a flagged stretch or a long gap.

    A document that waits for an operator has none.
    """
    if document.status == "waiting":
        return ()
    passages: list[Passage] = []
    language = document.metadata.language
    borders = sorted({*_section_borders(document), *_script_borders(document.text)})
    searched = _cut_at(borders, searched_stretches(document.text, quarantined))
    for stretch in _cut_at_gaps(document.text, searched):
        form = make_search_form(document.text, stretch.span)
        for chunk, sentences in _chunks(form, language):
            search_text = form.text[chunk.start : chunk.end]
            if any(map(str.isalnum, search_text)):
                passages.append(
                    Passage(
                        document_id=document.id,
                        ordinal=len(passages),
                        span=form.source_span(chunk),
                        language=passage_language(search_text, language),
                        search_text=search_text,
                        sentences=tuple(map(form.source_span, sentences)),
                        search_sentences=tuple(Span(s.start - chunk.start, s.end - chunk.start) for s in sentences),
                        flagged=stretch.flagged,
                    )
                )
    return tuple(passages)


def _cut_at(borders: Sequence[int], kept: Iterable[Stretch]) -> Iterator[Stretch]:
    """The kept stretches, none of which runs over a border."""
    for stretch in kept:
        span = stretch.span
        inside = borders[bisect_right(borders, span.start) : bisect_left(borders, span.end)]
        for part in map(Span, [span.start, *inside], [*inside, span.end]):
            yield replace(stretch, span=part)


def _cut_at_gaps(text: str, kept: Iterable[Stretch]) -> Iterator[Stretch]:
    for stretch in kept:
        start = stretch.span.start
        for gap in GAP.finditer(text, stretch.span.start, stretch.span.end):
            if start < gap.start():
                yield replace(stretch, span=Span(start, gap.start()))
            start = gap.end()
        if start < stretch.span.end:
            yield replace(stretch, span=Span(start, stretch.span.end))


def _section_borders(document: Document) -> list[int]:
    """Where sections begin. A heading alone in its section stays with what it heads: the first of those below it."""
    borders: list[int] = []
    heading: Section | None = None
    for section in document.sections:
        start = section.span.start
        alone = (
            heading is not None and start < heading.span.end and _is_one_line(document.text[heading.span.start : start])
        )
        if not alone and start > (borders[-1] if borders else 0):
            borders.append(start)
        heading = section
    return borders


def _script_borders(text: str) -> list[int]:
    """Where sentences in another script begin: a passage has one language, by which it is filtered and found."""
    scripts = Scripts(text)
    borders: list[int] = []
    known, heading = "", None
    for line in find_lines(text):
        own = scripts.main(line.span.start, line.span.end)
        own = HAN if own == HIRAGANA else own
        is_other = bool(known) and own not in {known, NONE}
        heading = (line.span.start if heading is None else heading) if is_other else None
        if line.ends_sentence and line.width >= _TELLING:
            if heading is not None:
                borders.append(heading)
            known, heading = own, None
    return borders


def _is_one_line(text: str) -> bool:
    return len(text) <= _MAX_HEADING and sum(map(bool, map(str.strip, text.splitlines()))) < 2


def kept_spans(text: str, quarantined: Sequence[Quarantined]) -> Iterator[Span]:
    """The stretches between those kept out of search: together with them they are the whole text."""
    position = 0
    kept_out = [entry for entry in quarantined if entry.state == "quarantined"]
    for entry in sorted(kept_out, key=lambda entry: entry.span.start):
        if position < entry.span.start:
            yield Span(position, entry.span.start)
        position = max(position, entry.span.end)
    if position < len(text):
        yield Span(position, len(text))


def kept_text(text: str, quarantined: Sequence[Quarantined]) -> str:
    """What of a document's text is not quarantined, stretch by stretch."""
    return "\n".join(text[span.start : span.end] for span in kept_spans(text, quarantined))


def searched_stretches(text: str, entries: Sequence[Quarantined]) -> Iterator[Stretch]:
    """What is kept, cut where what is flagged begins and ends."""
    flagged = sorted((entry.span for entry in entries if entry.state == "flagged"), key=lambda span: span.start)
    for kept in kept_spans(text, entries):
        position = kept.start
        for span in flagged:
            start, end = max(position, span.start), min(kept.end, span.end)
            if start < end:
                if position < start:
                    yield Stretch(Span(position, start), flagged=False)
                yield Stretch(Span(start, end), flagged=True)
                position = end
        if position < kept.end:
            yield Stretch(Span(position, kept.end), flagged=False)


def find_sentences(paragraph: str, language: str) -> list[str]:
    """The sentences of one paragraph; joined they are the paragraph.

    sentencex takes a quotation for one sentence, however long the speech: a long one is cut inside too.
    """
    sentences = []
    for sentence in _segment(paragraph, paragraph, language):
        if width(sentence) > CHUNK_SIZE // 2:
            sentences += _segment(sentence, sentence.translate(_WITHOUT_QUOTATION_MARKS), language)
        else:
            sentences.append(sentence)
    return sentences


def _segment(text: str, shown: str, language: str) -> list[str]:
    """`text` cut where sentencex cuts `shown`, a copy of the same length."""
    lengths = [len(part) for part in sentencex.segment("en" if language == UNDETERMINED else language, shown)]
    if sum(lengths) != len(text):
        return [text]
    ends = [end for end in accumulate(lengths) if end == len(text) or not _is_in_abbreviation(text, end)]
    return [text[start:end] for start, end in pairwise([0, *ends])]


def _is_in_abbreviation(text: str, place: int) -> bool:
    """sentencex knows those of many languages, but none of Thai, no ordinal behind an article, no number of a list."""
    around = f"{text[max(0, place - _AROUND) : place]}{_SENTENCE}{text[place : place + 1]}"
    return any(pattern.search(around) for pattern in (_THAI_ABBREVIATION, _ORDINAL, _OF_LIST, _SHORTENED))


def _chunks(form: SearchForm, language: str) -> Iterator[tuple[Span, tuple[Span, ...]]]:
    """Stretches of the search form that hold something visible, and their sentences."""
    marked = _SENTENCE.join(
        sentence
        for paragraph in form.text.splitlines(keepends=True)
        for sentence in find_sentences(paragraph, language)
    )
    chunks: list[str] = _splitter().split_text(marked)
    # Without overlap and stripping the chunks are the text, so that offsets are sums, not guesses (langchain#29884).
    if "".join(chunks) != marked:
        raise AssertionError("the text splitter lost or changed characters")
    start = 0
    for chunk in chunks:
        pieces = chunk.split(_SENTENCE)
        borders = list(accumulate((len(piece) for piece in pieces), initial=start))
        sentences = (form.stripped(*border) for border in pairwise(borders))
        if found := form.stripped(start, borders[-1]):
            yield found, tuple(sentence for sentence in sentences if sentence is not None)
        start = borders[-1]
