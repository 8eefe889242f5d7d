"""Questions near to what the documents say that they don't answer: of another year, number, person or place."""

import re
from collections.abc import Sequence
from hashlib import sha256

from qa_service.ingest.quantities import quantities
from qa_service.retrieval.names import has_name, name_spans, names_in

_DIGITS = re.compile(r"\d+")
_YEARS_APART = (-4, -3, -2, -1, 1, 2, 3, 5)


def with_other_number(question: str, language: str) -> str | None:
    """The question with its last number or year changed by a few; None where it has none. The same each time."""
    found = quantities(question, language)
    if not found:
        return None
    span = found[-1].span
    digits = max(_DIGITS.finditer(question, span.start, span.end), key=lambda match: len(match.group()))
    value, chance = int(digits.group()), _chance(question)
    is_year = len(digits.group()) == 4
    other = value + (_YEARS_APART[chance % len(_YEARS_APART)] if is_year else 1 + chance % 7)
    return question[: digits.start()] + str(other) + question[digits.end() :]


def with_other_name(question: str, language: str, names: Sequence[str]) -> str | None:
    """The question with its last name changed for one of `names`; None where it has none. The same each time."""
    spans = name_spans(question, language)
    if not spans:
        return None
    last, own, first = spans[-1], names_in(question, language), _chance(question)
    for other in (*names[first:], *names[:first]):
        if not any(has_name(own, name) for name in names_in(f", {other}", language)):
            return question[: last.start] + other + question[last.end :]
    return None


def _chance(question: str) -> int:
    return sha256(question.encode()).digest()[0]
