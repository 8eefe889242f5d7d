"""Does a stretch of a text begin or end inside a word or a number? "4.8 billion" stands in "94.8 billion" so."""

import unicodedata

import regex

from qa_service.answering.comparable import INVISIBLE, UNSPACED

_UNDIVIDED = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_REACH = 16  # so far invisible characters are looked past
_HYPHENS_AND_APOSTROPHES = frozenset("-‐‑'’ʼʻ‘`＇")
_SIGNS = frozenset("-−–+.－＋．")


def cuts_word(text: str, start: int, end: int) -> bool:
    """Is either end of `text[start:end]` inside a word of a script with spaces, a number or a composed character?"""
    return _is_inside(text, start) or _is_inside(text, end)


def is_word(character: str) -> bool:
    """A letter, mark or digit of a script that has spaces between words."""
    known = character.isalnum() or unicodedata.category(character).startswith("M")
    return known and not UNSPACED.match(character) and (character.isdigit() or not _UNDIVIDED.match(character))


def _is_inside(text: str, at: int) -> bool:
    before = INVISIBLE.sub("", text[max(0, at - _REACH) : at])[-2:]
    after = INVISIBLE.sub("", text[at : at + _REACH])[:2]
    if not before or not after:
        return False
    if unicodedata.category(after[0]).startswith("M") or (is_word(before[-1]) and is_word(after[0])):
        return True
    signed = before[-1] in _SIGNS and after[0].isdigit() and not is_word(before[:-1] or " ")
    return signed or _joins(before[-1], after) or _joins(after[0], before[::-1])


def _joins(near: str, beyond: str) -> bool:
    """Is the first of `beyond` a mark inside the word or number that `near` and the second belong to?"""
    mark, far = beyond[0], beyond[1:]
    if not far or mark.isspace() or mark.isalnum():
        return False
    if near.isdigit() and far.isdigit():
        return True
    return mark in _HYPHENS_AND_APOSTROPHES and is_word(near) and is_word(far)
