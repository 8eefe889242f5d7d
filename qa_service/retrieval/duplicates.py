"""Hits that say the same: copies are folded into the best of them, other languages corroborate each other."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from embeddings.encoder import Vectors
from qa_service.ingest.terms import make_terms
from qa_service.records import Hit

_COPY = 0.7
"""Two texts are copies when this share of all their pairs of words stands in both (shingles, Broder 1997), and all
their numbers do."""
_MIN_PAIRS = 8
"""A shorter sentence may stand in two reports by chance."""
_SAME = 0.6
"""Cosine without language from which two passages tell the same: 99 of 100 pairs did (eval/LOG.md)."""


def fold(hits: Iterable[Hit], top_k: int) -> tuple[Hit, ...]:
    """The first `top_k` hits that are no copies of a better one; each lists the copies met until then."""
    leads: list[Hit] = []
    for hit in hits:
        at = next((i for i, lead in enumerate(leads) if are_copies(lead, hit)), None)
        if at is not None:
            leads[at] = replace(leads[at], copies=(*leads[at].copies, hit.place))
        elif len(leads) == top_k:
            break
        else:
            leads.append(hit)
    return tuple(leads)


def are_copies(one: Hit, other: Hit) -> bool:
    """Is it the same text, or the same sentence that would be quoted, but for small changes?"""
    if _overlap(one.text, other.text):
        return True
    sentences = one.slice(one.sentence), other.slice(other.sentence)
    return min(len(_word_pairs(each)) for each in sentences) >= _MIN_PAIRS and _overlap(*sentences)


def corroborated(hits: Sequence[Hit], vector: Callable[[Hit], Vectors]) -> tuple[Hit, ...]:
    """Each hit with those of other languages and documents that tell the same.

    `vector` gives a hit's vector of shape [d] without its language.
    """
    return tuple(
        replace(hit, corroborating=tuple(other.place for other in hits if _corroborates(hit, other, vector)))
        for hit in hits
    )


def _corroborates(one: Hit, other: Hit, vector: Callable[[Hit], Vectors]) -> bool:
    if _primary(one) == _primary(other) or one.passage.document_id == other.passage.document_id:
        return False
    numbers = _numbers(one.text), _numbers(other.text)
    if all(numbers) and not numbers[0] & numbers[1]:
        return False
    return float(vector(one) @ vector(other)) >= _SAME


def _primary(hit: Hit) -> str:
    return hit.passage.language.partition("-")[0]


def _overlap(one: str, other: str) -> bool:
    pairs = _word_pairs(one), _word_pairs(other)
    if not any(pairs) or _numbers(one) != _numbers(other):
        return False
    return len(pairs[0] & pairs[1]) >= _COPY * len(pairs[0] | pairs[1])


@lru_cache(maxsize=4_096)
def _words(text: str) -> tuple[str, ...]:
    return make_terms(text).words


def _word_pairs(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(_words(text)))


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in _words(text) if word[0].isdigit())
