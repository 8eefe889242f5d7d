"""Which script stretches of a text are written in, without asking Unicode for the name of each letter."""

import unicodedata
from typing import Final

LATIN, CYRILLIC, HAN, HIRAGANA, KATAKANA, HANGUL, OTHER, NONE = "LCHhkGo "
_RANGES: Final = (
    ("A", "Z", LATIN),
    ("a", "z", LATIN),
    ("\u00c0", "\u024f", LATIN),
    ("\u0400", "\u052f", CYRILLIC),
    ("\u1e00", "\u1eff", LATIN),
    ("\u3041", "\u309f", HIRAGANA),
    ("\u30a0", "\u30ff", KATAKANA),
    ("\u3400", "\u9fff", HAN),
    ("\uac00", "\ud7a3", HANGUL),
    ("\uf900", "\ufaff", HAN),
    ("\U00020000", "\U0003ffff", HAN),
)


class _Classes(dict[int, str]):
    """A letter for the script of a character, found when it is first asked for."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _class_of(chr(code))
        return found


def _class_of(character: str) -> str:
    if not character.isalpha():
        return NONE
    for first, last, script in _RANGES:
        if first <= character <= last:
            return script
    return OTHER if unicodedata.category(character) != "Lm" else NONE


_CLASSES: Final = _Classes()


class Scripts:
    """The scripts of one text; all stretches are given by their offsets."""

    def __init__(self, text: str) -> None:
        self._classes = text.translate(_CLASSES)

    def count(self, script: str, start: int, end: int) -> int:
        return self._classes.count(script, start, end)

    def letters(self, start: int, end: int) -> int:
        return end - start - self._classes.count(NONE, start, end)

    def main(self, start: int = 0, end: int | None = None) -> str:
        """The script of most letters; what kana stands in is Japanese, NONE where there is no letter."""
        stop = len(self._classes) if end is None else end
        counts = {script: self._classes.count(script, start, stop) for script in (LATIN, CYRILLIC, HANGUL, OTHER)}
        kana = self._classes.count(HIRAGANA, start, stop) + self._classes.count(KATAKANA, start, stop)
        counts[HIRAGANA if kana else HAN] = kana + self._classes.count(HAN, start, stop)
        best = max(counts, key=lambda script: counts[script])
        return best if counts[best] else NONE
