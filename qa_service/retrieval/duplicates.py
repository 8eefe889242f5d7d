"""Copies, hits that say the same in the same words, are folded into the best of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from qa_service.ingest.terms import make_terms
from qa_service.records import Hit

_SHARE = 0.7
"""A passage that stands whole in another is its copy when it makes up this share of it."""
_MIN_WORDS = 8
"""A shorter sentence may stand in two reports by chance."""


def fold(hits: Iterable[Hit], top_k: int, folded: Callable[[Hit], str]) -> tuple[Hit, ...]:
    """The first `top_k` hits that are no copies of a better one; each lists the copies met until then.

    `folded` gives the words of a hit's passage, as `make_terms` folds them.
    """
    leads: list[Hit] = []
    words: list[_Words] = []
    for hit in hits:
        own = _Words.of(hit, folded(hit))
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
    def of(cls, hit: Hit, folded: str) -> "_Words":
        sentence = make_terms(hit.slice(hit.sentence))
        return cls(folded, sentence.folded, len(sentence.words))

    def are_those_of(self, other: "_Words") -> bool:
        """Word for word the same: a name, a number or a "not" more, fewer or other makes another text."""
        short, long = sorted((self.passage, other.passage), key=len)
        if short in long and len(short) >= _SHARE * len(long):
            return True
        return self.sentence == other.sentence and self.sentence_length >= _MIN_WORDS
