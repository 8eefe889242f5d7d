"""Questions near to what the documents say that they don't answer: of another year, another number."""

import re
from hashlib import sha256

from qa_service.ingest.quantities import quantities

_DIGITS = re.compile(r"\d+")
_YEARS_APART = (-4, -3, -2, -1, 1, 2, 3, 5)


def with_other_number(question: str, language: str) -> str | None:
    """The question with its last number or year changed by a few; None where it has none. The same each time."""
    found = quantities(question, language)
    if not found:
        return None
    span = found[-1].span
    digits = max(_DIGITS.finditer(question, span.start, span.end), key=lambda match: len(match.group()))
    value, chance = int(digits.group()), sha256(question.encode()).digest()[0]
    is_year = len(digits.group()) == 4
    other = value + (_YEARS_APART[chance % len(_YEARS_APART)] if is_year else 1 + chance % 7)
    return question[: digits.start()] + str(other) + question[digits.end() :]
