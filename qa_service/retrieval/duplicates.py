"""Hits that say the same: copies are folded into the best of them, other languages corroborate each other."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from embeddings.encoder import Vectors
from qa_service.ingest.terms import make_terms
from qa_service.records import Hit

_SHARE = 0.7
"""A passage that stands whole in another is its copy when it makes up this share of it."""
_MIN_WORDS = 8
"""A shorter sentence may stand in two reports by chance."""
_SAME = 0.6
"""Cosine without language from which two passages tell the same: 99 of 100 pairs did (eval/LOG.md)."""


def fold(hits: Iterable[Hit], top_k: int) -> tuple[Hit, ...]:
    """The first `top_k` hits that are no copies of a better one; each lists the copies met until then."""
    leads: list[Hit] = []
    words: list[_Words] = []
    for hit in hits:
        own = _Words.of(hit)
        at = next((i for i, lead in enumerate(words) if lead.are_those_of(own)), None)
        if at is not None:
            leads[at] = replace(leads[at], copies=(*leads[at].copies, hit.place))
        elif len(leads) == top_k:
            break
        else:
            leads.append(hit)
            words.append(own)
    return tuple(leads)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a hit and of the sentence that would be quoted, whatever their case, spelling and punctuation."""

    passage: str
    sentence: str
    sentence_length: int

    @classmethod
    def of(cls, hit: Hit) -> "_Words":
        sentence = make_terms(hit.slice(hit.sentence))
        return cls(make_terms(hit.text).folded, sentence.folded, len(sentence.words))

    def are_those_of(self, other: "_Words") -> bool:
        """Word for word the same: a name, a number or a "not" more, fewer or other makes another text."""
        short, long = sorted((self.passage, other.passage), key=len)
        if short in long and len(short) >= _SHARE * len(long):
            return True
        return self.sentence == other.sentence and self.sentence_length >= _MIN_WORDS


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


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in make_terms(text).words if word[0].isdigit())
