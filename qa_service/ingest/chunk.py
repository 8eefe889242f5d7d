"""Document to Passages: sentences found by sentencex, packed by langchain-text-splitters."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

import sentencex

from qa_service.ingest.language import UNDETERMINED, detect_language
from qa_service.ingest.search_form import PARAGRAPH, SearchForm, is_wide, make_search_form
from qa_service.records import Document, Passage, Quarantined, Span

VERSION = "3"
CHUNK_SIZE = 400
"""Width of a passage, some 100 tokens: 400 characters of Latin or Cyrillic, 133 of Chinese (eval/LOG.md)."""

_WIDE = 3
_SENTENCE = "\x1e"  # ASCII record separator: a search form holds no control characters, so it can mark sentence ends
_WITHOUT_QUOTATION_MARKS = str.maketrans(dict.fromkeys('"“”„«»「」『』', " "))
_SEPARATORS = [PARAGRAPH, _SENTENCE, "[;；:：]", "[,，、،]", " ", ""]


def width(text: str) -> int:
    """A passage's length in units that hold about as much in every script: a wide character counts three."""
    return sum(_WIDE if is_wide(character) else 1 for character in text) - text.count(_SENTENCE)


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
        length_function=width,
        strip_whitespace=False,
    )


def make_passages(document: Document, quarantined: Sequence[Quarantined]) -> tuple[Passage, ...]:
    """The passages of what is not quarantined, in order; none spans a quarantined stretch."""
    passages: list[Passage] = []
    language = document.metadata.language
    for kept in kept_spans(document.text, quarantined):
        form = make_search_form(document.text, kept)
        for chunk, sentences in _chunks(form, language):
            search_text = form.text[chunk.start : chunk.end]
            if any(map(str.isalnum, search_text)):
                passages.append(
                    Passage(
                        document_id=document.id,
                        ordinal=len(passages),
                        span=form.source_span(chunk),
                        language=_language_of(search_text, language),
                        search_text=search_text,
                        sentences=tuple(map(form.source_span, sentences)),
                        search_sentences=tuple(Span(s.start - chunk.start, s.end - chunk.start) for s in sentences),
                    )
                )
    return tuple(passages)


def _language_of(text: str, of_document: str) -> str:
    """The detected language, in the document's own tag where it is the same one: the detector knows no zh-Hant."""
    detected = detect_language(text, default=of_document)
    return of_document if detected == of_document.partition("-")[0] else detected


def kept_spans(text: str, quarantined: Sequence[Quarantined]) -> Iterator[Span]:
    """The stretches between the quarantined ones: together they are the whole text."""
    position = 0
    for entry in sorted(quarantined, key=lambda entry: entry.span.start):
        if position < entry.span.start:
            yield Span(position, entry.span.start)
        position = max(position, entry.span.end)
    if position < len(text):
        yield Span(position, len(text))


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
    return [text[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]


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
