"""The words of a text for the lexical index, in a form that SQLite's unicode61 tokenizer cuts at white space."""

import unicodedata
from itertools import pairwise

from qa_service.ingest.search_form import is_wide

VERSION = "1"


def terms(text: str) -> str:
    """Words in one case and width; Han, kana and hangul, written without spaces, as overlapping pairs."""
    found: list[str] = []
    for word in _words(unicodedata.normalize("NFKC", text).casefold()):
        for wide, run in _runs(word):
            found += [a + b for a, b in pairwise(run)] if wide and len(run) > 1 else [run]
    return " ".join(found)


def _words(text: str) -> list[str]:
    """Runs of letters, digits and the marks on them: vowel signs are part of a word."""
    return "".join(
        character if character.isalnum() or unicodedata.category(character).startswith("M") else " "
        for character in text
    ).split()


def _runs(word: str) -> list[tuple[bool, str]]:
    """A word cut where wide characters begin or end."""
    runs: list[tuple[bool, str]] = []
    for character in word:
        wide = is_wide(character)
        if runs and runs[-1][0] == wide:
            runs[-1] = (wide, runs[-1][1] + character)
        else:
            runs.append((wide, character))
    return runs
