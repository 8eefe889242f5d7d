"""Does a quote stand in the documents: word for word, up to its form, nearly, or not at all?

Exact and normalised are decided on the texts themselves, whatever the quote is made of. Only the search for a near
place uses the index of words, and two runs of the quote where that finds none that is plainly meant.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from qa_service.answering.comparable import SEPARATORS, Comparable, make_comparable
from qa_service.answering.corpus_texts import CorpusTexts, HeldText
from qa_service.answering.quote_diff import SHORT, Nearest, find_nearest, shared
from qa_service.answering.word_borders import cuts_word, is_word
from qa_service.errors import NotFound
from qa_service.ingest.terms import make_terms
from qa_service.records import Filters, QuotePlace, Span, Verdict, Verification
from qa_service.store.store import Store

MAX_PLACES = 100
"""So many places are listed; all are counted."""
MIN_SIMILARITY = 0.7
"""Of a near place: twice the characters that are equal, by those of the quote and of the place."""

_PLAIN = 0.9
"""From here on no nearer place is looked for."""
_SAMPLED_WORDS = 48
_RAREST_WORDS = 12
_MOST_PASSAGES = 5_000
"""So many passages may hold the words by which a near place is looked for."""
_NEAR_PASSAGES = 30
_STRETCHES = 4
_SEED_STRETCHES = 2
_AROUND = 100
_SEED = 16
_MIN_SEED = 4

Texts = Mapping[str, HeldText]
Found = tuple[str, int, int]
"""A document's id, and where in its text: start and end."""


@dataclass(frozen=True, slots=True)
class Places:
    """The first of them, and how many there are."""

    listed: tuple[Found, ...]
    total: int


class QuoteChecker:
    """Safe to call from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._texts = CorpusTexts(store)

    def load(self) -> None:
        """Reads the texts before the first quote asks for them."""
        self._texts.current()

    def check(self, quote: str, document_id: str | None) -> Verification:
        """The verdict over all documents or one of them. Raises NotFound."""
        texts = self._texts.current()
        if document_id is not None:
            if document_id not in texts:
                raise NotFound(f"no document {document_id}")
            texts = {document_id: texts[document_id]}
        verdict, places, nearest = self._judged(texts, quote, document_id)
        ids = dict.fromkeys(found[0] for found in places.listed)
        names = self._store.names(list(ids))
        if any(found[0] not in names for found in places.listed):
            return self.check(quote, document_id)  # it was deleted meanwhile
        quarantined = {each: self._store.kept_out(each) for each in ids}
        statuses = self._store.statuses(list(ids))
        return Verification(
            quote=quote,
            verdict=verdict,
            places=tuple(
                replace(
                    _place(found, texts[found[0]].text, *names[found[0]], quarantined[found[0]]),
                    superseded=statuses.get(found[0]) == "superseded",
                    waiting=statuses.get(found[0]) == "waiting",
                )
                for found in places.listed
            ),
            total=places.total,
            similarity=nearest.similarity if nearest else None,
            changes=nearest.changes if nearest else (),
        )

    def _judged(self, texts: Texts, quote: str, document_id: str | None) -> tuple[Verdict, Places, Nearest | None]:
        if (exact := find_exact(texts, quote)).total:
            return "exact", exact, None
        form = make_comparable(quote).text
        begun = _holding(texts, form[:_SEED])
        if (normalised := find_normalised(begun, quote)).total:
            return "normalised", normalised, None
        near = find_near(texts, quote, self._stretches_by_words(quote, document_id))
        if near is None or near[1].similarity < _PLAIN:
            beside = find_near(texts, quote, _stretches_by_seeds(texts, begun, form, len(quote)))
            near = max(filter(None, (near, beside)), key=lambda each: each[1].similarity, default=None)
        return ("near", Places((near[0],), 1), near[1]) if near else ("absent", Places((), 0), None)

    def _stretches_by_words(self, quote: str, document_id: str | None) -> Iterator[Found]:
        """Around the passages that hold the rarest of the quote's words, the likeliest first."""
        words = list(dict.fromkeys(make_terms(quote).words))
        counts = self._store.word_counts(words[:: max(1, len(words) // _SAMPLED_WORDS)])
        rarest: list[str] = []
        passages = 0
        for word in sorted(counts, key=lambda word: counts[word])[:_RAREST_WORDS]:
            passages += counts[word]
            if passages > _MOST_PASSAGES:
                break
            rarest.append(word)
        filters = Filters(document_ids=(document_id,) if document_id else ())
        found = self._store.passage_places(self._store.find_by_words(rarest, _NEAR_PASSAGES, filters))
        yield from _stretches(found, len(quote))


def _place(found: Found, text: str, file_name: str, title: str, quarantined: Iterable[Span]) -> QuotePlace:
    document_id, start, end = found
    return QuotePlace(
        document_id=document_id,
        file_name=file_name,
        title=title,
        span=Span(start, end),
        text=text[start:end],
        cuts_word=cuts_word(text, start, end),
        quarantined=any(span.start < end and start < span.end for span in quarantined),
    )


def find_exact(texts: Texts, quote: str) -> Places:
    """Every place where the quote stands character for character, those that overlap too."""
    counted_at_once = not _overlaps_itself(quote)
    listed: list[Found] = []
    total = 0
    for document_id, held in texts.items():
        count = held.text.count(quote) if counted_at_once else sum(1 for _ in _starts(held.text, quote))
        total += count
        if count and len(listed) < MAX_PLACES:
            starts = islice(_starts(held.text, quote), MAX_PLACES - len(listed))
            listed += [(document_id, start, start + len(quote)) for start in starts]
    return Places(tuple(listed), total)


def find_normalised(texts: Texts, quote: str) -> Places:
    """Every place where the comparable quote stands as whole words."""
    form = make_comparable(quote).text
    listed: list[Found] = []
    total = 0
    if form:
        for document_id, held in texts.items():
            if form in held.comparable:
                place = _LazyPlaces(held, len(form))
                for start in _starts(held.comparable, form):
                    if place.is_whole(start):
                        total += 1
                        if len(listed) < MAX_PLACES:
                            listed.append((document_id, *place.source_span(start)))
    return Places(tuple(listed), total)


def find_near(texts: Texts, quote: str, stretches: Iterable[Found]) -> tuple[Found, Nearest] | None:
    """The place most like the quote in these stretches, if it is like enough."""
    asked = make_comparable(quote)
    there = [found for found in stretches if found[0] in texts]
    pieces = [texts[document_id].text[max(0, start) : end] for document_id, start, end in there]
    likeness = {i: shared(asked, make_comparable(piece)) for i, piece in enumerate(pieces)}
    best: tuple[Found, Nearest] | None = None
    for i in sorted(likeness, key=lambda i: -likeness[i])[: _STRETCHES if len(asked.text) <= SHORT else 1]:
        nearest = find_nearest(quote, pieces[i])
        if nearest is not None and nearest.similarity >= max(MIN_SIMILARITY, best[1].similarity if best else 0):
            document_id, offset = there[i][0], max(0, there[i][1])
            best = (document_id, offset + nearest.start, offset + nearest.end), nearest
    return best


def _stretches_by_seeds(texts: Texts, begun: Texts, form: str, length: int) -> Iterator[Found]:
    """Around where the quote's first and last characters stand: in what the index of words leaves out, too."""
    size = min(_SEED, len(form) // 2)
    if size < _MIN_SEED:
        return
    beginning = begun if size == _SEED else _holding(texts, form[:size])
    for seed, holding in ((form[:size], beginning), (form[-size:], _holding(texts, form[-size:]))):
        for document_id, held in islice(holding.items(), _SEED_STRETCHES):
            at = int(make_comparable(held.text).starts[held.comparable.index(seed)])
            yield document_id, at - length - _AROUND, at + length + _AROUND


def _holding(texts: Texts, part: str) -> Texts:
    """Those whose comparable text holds this part of a comparable quote."""
    return {each: held for each, held in texts.items() if part in held.comparable}


def _stretches(passages: Iterable[tuple[str, Span]], length: int) -> Iterator[Found]:
    """Around passages that come best first: a passage counts more where others of the list are close to it."""
    ranked = list(passages)
    votes = [
        sum(
            1 / (rank + 2)
            for rank, (other_id, other) in enumerate(ranked)
            if other_id == document_id and abs(other.start - span.start) <= length
        )
        for document_id, span in ranked
    ]
    chosen: list[Found] = []
    for i in sorted(range(len(ranked)), key=lambda i: -votes[i]):
        document_id, span = ranked[i]
        if not any(other == document_id and start <= span.start and span.end <= end for other, start, end in chosen):
            chosen.append((document_id, span.start - length - _AROUND, span.end + length + _AROUND))
    yield from chosen[:_STRETCHES]


class _LazyPlaces:
    """Where in a source the places in its comparable form are: worked out for the documents that need it only."""

    def __init__(self, held: HeldText, length: int) -> None:
        self._held, self._length = held, length
        self._made: Comparable | None = None

    def source_span(self, start: int) -> tuple[int, int]:
        if self._made is None:
            self._made = make_comparable(self._held.text)
        return self._made.source_span(start, start + self._length)

    def is_whole(self, start: int) -> bool:
        """Is no word cut? The form tells, except where a mark may belong to a word."""
        form, end = self._held.comparable, start + self._length
        before, after = _is_border(form[max(0, start - 1) : start + 1]), _is_border(form[end - 1 : end + 1])
        if before is None or after is None:
            return not cuts_word(self._held.text, *self.source_span(start))
        return before and after


@lru_cache(maxsize=100_000)
def _is_border(pair: str) -> bool | None:
    """Does a word end or begin between two characters of a comparable text? None where a mark may join them."""
    if len(pair) < 2:
        return True
    if not all(character in SEPARATORS or character.isalnum() for character in pair):
        return None
    return not (is_word(pair[0]) and is_word(pair[1]))


def _starts(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def _overlaps_itself(text: str) -> bool:
    """Is some beginning of it also its end, so that two places may overlap? By the failure function of KMP."""
    borders = [0] * len(text)
    length = 0
    for i in range(1, len(text)):
        while length and text[i] != text[length]:
            length = borders[length - 1]
        length += text[i] == text[length]
        borders[i] = length
    return bool(length)
