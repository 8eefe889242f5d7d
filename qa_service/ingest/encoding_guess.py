"""Which encoding bytes without any declaration are in; the only home of chardet and charset-normalizer.

Two detectors propose, UTF-16 is told by the scripts its two byte orders give, and how much each reading looks like text
decides between them.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import chardet
import charset_normalizer
import regex

from qa_service.ingest.language import best_language

_SAMPLE = 20_000
_SHOWN_SAMPLE = 2_000
_PROPOSALS = 6
_MARGIN = 0.15
"""A reading that looks this much more like text than every other one needs no second opinion."""
_WIDE_MARGIN = 0.4
_TELLING = 12
"""Characters beyond ASCII from which two detectors that agree are believed, and a narrow margin is."""
_ENOUGH = 40
"""Fewer in a script of one language look like that language whatever they are; so short a text is Russian as well."""
_FEW = 4
"""Fewer than these say nothing for certain."""
_MIN_PLAUSIBILITY = 0.15
_MULTIBYTE = ("gb18030", "cp950", "cp932", "euc_jp", "cp949")
_CYRILLIC = ("cp1251", "koi8-r")
_UNKNOWN_TO_DETECTORS = ("iso8859-6", "cp720")
"""Arabic of the nineties."""
_OF_PAIRS = ("euc_jp", "gb18030", "cp949")
_PAIRED = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xfe]{2}|\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2})*")
"""What EUC writes: two bytes beyond ASCII for a character, for half-width kana and rare ones after a shift."""
_UTF8_WORD = re.compile(rb"(?:[\xd0\xd1][\x80-\xbf]){4,}")
"""A Cyrillic word of UTF-8, which in other encodings is none: files are joined of two."""
MIN_WHOLE = 6
"""Whole characters beyond ASCII for each broken byte, from which a text is damaged and not of another encoding."""

_LETTERS = {
    **{"az": "çəğıöşü", "ca": "àçéèíïóòúü", "cs": "áčďéěíňóřšťúůýž", "da": "æøåé", "de": "äöüß", "es": "áéíñóúü"},
    **{"et": "äõöüšž", "fi": "äöåšž", "fr": "àâæçéèêëîïôœùûüÿ", "hr": "čćđšž", "hu": "áéíóöőúüű", "is": "áðéíóúýþæö"},
    **{"it": "àèéìíòóù", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "nl": "áéèëïíóöü", "no": "æøåéò", "pl": "ąćęłńóśźż"},
    **{"pt": "áâãàçéêíóôõúü", "ro": "ăâîșşțţ", "sk": "áäčďéíĺľňóôŕšťúýž", "sl": "čšž", "sq": "çë", "sv": "äöåé"},
    **{"tk": "äçňöşüýž", "tr": "âçğıîöşüûİ", "uz": "ʻʼ‘’"},
}
"""The letters beyond ASCII of languages in Latin letters: what tells their encodings apart (CLDR's exemplar sets)."""
_OLD = {
    *("ptcp154", "mac-roman", "mac-cyrillic", "iso8859-5", "iso8859-7", "cp437", "cp850", "cp852", "cp857"),
    *_UNKNOWN_TO_DETECTORS,
}
"""What has been written by few since the nineties."""
_COMMON = {
    *("gb18030", "hz", "cp950", "big5hkscs", "cp932", "euc_jp", "iso2022_jp", "cp949", "iso2022_kr"),
    *("koi8-r", "koi8-u", "cp866", "kz1048", "cp874", "iso8859-2", "iso8859-15"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *_OLD,
}
"""What is proposed beyond these (HP Roman 8, DOS in Portuguese ...) is not looked at."""

_SUPERSETS = {
    **dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "iso8859-1", "latin-1", "latin1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "cp936", "x-gbk", "chinese", "gb-2312", "hz-gb-2312-8"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "cp932"), "cp932"),
    **dict.fromkeys(("euc-kr", "euc_kr", "ks_c_5601-1987", "ksc5601", "uhc", "cp949", "korean"), "cp949"),
    **dict.fromkeys(("big5", "big-5", "big5-tw", "cp950", "x-x-big5"), "cp950"),
    **dict.fromkeys(("iso-8859-9", "iso8859-9", "latin5", "windows-1254"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "tis620", "windows-874"), "cp874"),
    **dict.fromkeys(("euc-jp", "euc_jis_2004", "euc_jisx0213", "x-euc-jp"), "euc_jp"),
    **dict.fromkeys(("shift_jis_2004", "shift_jisx0213"), "cp932"),
    **dict.fromkeys(("big5hkscs", "big5-hkscs"), "big5hkscs"),
}
"""What is written under one name is read with the encoding that holds it, as browsers do (WHATWG Encoding)."""

_STANDARD = {"cp950": "big5", "cp932": "shift_jis", "cp949": "euc_kr"}
"""Microsoft's versions have other signs in a few places (～ for 〜): read so where the standard fails."""

_NAMES = {
    **{f"cp125{digit}": f"windows-125{digit}" for digit in "012345678"},
    **{
        "cp932": "shift_jis",
        "cp949": "euc-kr",
        "cp950": "big5",
        "cp874": "windows-874",
        "kz1048": "kz-1048",
        "mac-roman": "macintosh",
    },
}

_CONTROLS = regex.compile(r"[\p{Cc}--[\t\n\v\f\r\x1a\x1b]]", regex.V1)
_IMPOSSIBLE = regex.compile(r"[\p{Cc}\p{Cn}\p{Co}\p{Cs}\ufffd--[\t\n\v\f\r]]", regex.V1)
_ODD = regex.compile(
    r"\p{Ll}\p{Lu}"
    r"|\p{L}[\p{S}\p{No}¡§¶¿«»‚„†‡‰‹›•·--[+=<>|~`^$№％]]\p{L}"
    r"|\p{Latin}[\p{Cyrillic}\p{Greek}\p{Arabic}\p{Hebrew}\p{Thai}]"
    r"|[\p{Cyrillic}\p{Greek}\p{Arabic}\p{Hebrew}\p{Thai}]\p{Latin}"
    r"|[\uff61-\uff9f]|[\u2500-\u259f]\p{L}|\p{L}[\u2500-\u259f]|\p{Lu}\p{Ll}\p{Lu}"
    r"|[\p{Ll}&&[^a-z]]{2}[A-Z]"
    r"|[\u3041-\u30fe]〖"  # ー of EUC-JP read as Chinese
    r"|[๐-๙][ก-ฮ]|[^ก-ฮ\u0e31-\u0e3a\u0e47-\u0e4e][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]"  # Thai marks without a letter
    r"|ς\p{L}|[ךםןףץ][א-ת]",  # letters of word ends inside a word
    regex.V1,
)
_SIGN = r"[[\p{S}\p{No}¡-¿]--[\x00-\x7f]]"
_LATIN = r"[\p{Latin}--[A-Za-z]]"
_JUMBLE = regex.compile(
    rf"(?={_LATIN}*{_SIGN})(?={_SIGN}*{_LATIN})(?:{_LATIN}|{_SIGN}){{4,}}|(?<!\p{{L}}){_LATIN}{{4,}}(?!\p{{L}})",
    regex.V1,
)
"""Letters and signs without a space, or words of accented letters alone, as pairs of bytes give read one by one."""
_WORD_LETTERS = regex.compile(r"[\p{L}--[A-Za-zªº]]", regex.V1)
_ONE_LANGUAGE = regex.compile(r"[\p{Greek}\p{Hebrew}\p{Thai}]")
_CYRILLIC_WORD = regex.compile(r"\b\p{Cyrillic}{3,}\b")
_TELLS = regex.compile(r"[[^\x00-\x7f]--[\u2300-\u259f]]", regex.V1)  # none that drew frames
_BEYOND_ASCII = regex.compile(r"[^\x00-\x7f]")
_USUAL = regex.compile(
    r"[\t\n\r\x20-\x7e\u00a0-\u058f\u0590-\u074f\u0900-\u0dff\u0e00-\u0eff\u10a0-\u10ff"
    r"\u1e00-\u1fff\u2000-\u206f\u20a0-\u20bf\u2100-\u214f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff65]"
)
_SPACES = regex.compile(r"[\n\r \u3000-\u3002\uff0c\uff1a\uff01\uff1f\u0e00-\u0e7f]")
_HAN = regex.compile(r"\p{Han}")
_KANA = regex.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = regex.compile(r"[\uac00-\ud7a3]")
_FIRST_LEVEL = {"gb2312": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7), "euc_jp": range(0xB0, 0xD0)}
_MIN_USUAL = 0.97
_MIN_USUAL_WITH_NUL = 0.85
_MIN_SPACES = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the bytes. `plausibility` is 1 for what looks like text in a language."""

    text: str
    encoding: str
    plausibility: float


def codec_of(name: str) -> str:
    """Python's codec for an encoding as files and detectors name it; empty where there is none."""
    plain = name.strip().strip("\"'").casefold()
    try:
        codec = codecs.lookup(_SUPERSETS.get(plain) or _SUPERSETS.get(plain.replace("_", "-")) or plain)
    except (LookupError, ValueError):
        return ""
    # Python's own "codecs" from bytes to bytes (zip, rot13 ...) are no encodings
    return codec.name if codec._is_text_encoding else ""


def shown_name(codec: str) -> str:
    """The name that people know a codec by."""
    plain = codec.casefold().replace("_", "-")
    return _NAMES.get(plain) or re.sub(r"^iso(?=\d)", "iso-", plain)


def has_controls(text: str) -> bool:
    """Does it hold control characters that no text has?"""
    return bool(_CONTROLS.search(text))


def is_mostly_text(text: str) -> bool:
    """Are its characters, but for a few, such as a text has?"""
    return len(_IMPOSSIBLE.findall(text)) <= 0.1 * len(text)


def read_as(content: bytes, codec: str) -> str | None:
    """The text of all bytes in one encoding; None where they cannot be in it, or hold what no text holds."""
    for each in (_STANDARD[codec], codec) if codec in _STANDARD else (codec,):
        try:
            text = content.decode(each)
        except (UnicodeError, LookupError):
            continue
        if not _IMPOSSIBLE.search(text):
            return text
    return None


def utf16_reading(content: bytes) -> Reading | None:
    """UTF-16 without a byte order mark: the byte order whose characters are those of one language."""
    if len(content) % 2 or len(content) < 4:
        return None
    readings = []
    for codec in ("utf-16-le", "utf-16-be"):
        text = read_as(content, codec)
        if text is not None and _is_usual(text[:_SAMPLE], _MIN_USUAL_WITH_NUL if b"\0" in content else _MIN_USUAL):
            readings.append(_reading(text, codec))
    return max(readings, key=lambda reading: reading.plausibility, default=None)


def guess(content: bytes) -> tuple[Reading | None, tuple[str, ...], bool]:
    """The reading that looks most like text, the encodings of the others in order, and whether it is certain.

    None where no encoding reads the bytes.
    """
    sample = _sample(content.removeprefix(codecs.BOM_UTF16_LE))  # no mark here: "яю" in Windows-1251
    readings: dict[str, Reading] = {}
    proposals = list(_proposals(sample))
    for codec in sorted(proposals, key=lambda each: each.startswith("iso8859")):  # the same text is Windows' own
        text = read_as(content, codec)
        if text is not None and text not in readings:
            readings[text] = _reading(text, codec)
    first_text = read_as(content, proposals[0]) if proposals else None
    wide = utf16_reading(content)
    if wide is not None and wide.text not in readings:
        readings[wide.text] = wide
    if not readings:
        return None, (), False
    second = _second_opinion(sample)
    second_text = read_as(content, second) if second else None
    if second_text is not None and second_text not in readings:
        readings[second_text] = _reading(second_text, second)
    best, *others = sorted(readings.values(), key=lambda reading: _rank(reading, first_text, second_text), reverse=True)
    return (
        best,
        tuple(shown_name(other.encoding) for other in others),
        _is_certain(best, others, first_text == second_text)
        and (best.encoding in _MULTIBYTE or not _UTF8_WORD.search(content)),
    )


def damaged_reading(content: bytes, strict: Reading | None) -> tuple[Reading, int] | None:
    """A reading in an encoding of several bytes a character, with a few bytes broken or cut off, and how many.

    None where `strict`, the best reading of all bytes, looks as much like text.
    """
    if strict is not None and strict.encoding in _MULTIBYTE:
        return None
    sample = _sample(content)
    best = max((_lenient(sample, codec) for codec in _MULTIBYTE), key=lambda reading: reading.plausibility)
    if best.plausibility < max(_MIN_PLAUSIBILITY, (strict.plausibility if strict else 0.0) + _MARGIN):
        return None
    text = _IMPOSSIBLE.sub("\ufffd", content.decode(best.encoding, "replace"))
    broken = text.count("\ufffd")
    whole = len(_BEYOND_ASCII.findall(text)) - broken
    if not broken or whole < max(_TELLING, MIN_WHOLE * broken):
        return None
    return Reading(text, best.encoding, best.plausibility), broken


def _lenient(sample: bytes, codec: str) -> Reading:
    """Without what is broken."""
    return _reading(_IMPOSSIBLE.sub("", sample.decode(codec, "ignore")), codec)


def _rank(reading: Reading, first_text: str | None, second_text: str | None) -> float:
    """Plausibility, and what the detectors say where that is not far apart."""
    opinions = _MARGIN * (reading.text == first_text) + _MARGIN / 3 * (reading.text == second_text)
    return reading.plausibility + opinions - _MARGIN * (reading.encoding in _OLD)


def _is_certain(best: Reading, others: list[Reading], agreed: bool) -> bool:
    """Is it far ahead of the other readings, or ahead by a little over characters enough, or do the detectors agree?"""
    if best.plausibility < _MIN_PLAUSIBILITY:
        return False
    ahead = min((best.plausibility - other.plausibility for other in others), default=1.0)
    sample = best.text[:_SAMPLE]
    telling = len(_TELLS.findall(sample))
    if telling < _ENOUGH and _ONE_LANGUAGE.search(sample) and any(_CYRILLIC_WORD.search(each.text) for each in others):
        return False
    if telling < _TELLING:
        is_long = sum(map(str.isalpha, sample)) >= _ENOUGH
        return is_long and telling >= _FEW and ahead > _WIDE_MARGIN and best.encoding not in _OLD
    return ahead > (_MARGIN if telling >= _ENOUGH else _WIDE_MARGIN) or (agreed and ahead >= 0)


def _sample(content: bytes) -> bytes:
    """Some bytes around the first that is not ASCII, cut at line ends where there are any."""
    if len(content) <= _SAMPLE:
        return content
    first = next((match.start() for match in regex.finditer(rb"[^\x00-\x7f]", content)), 0)
    start = content.rfind(b"\n", 0, first) + 1 if first > _SAMPLE // 2 else 0
    piece = content[start : start + _SAMPLE]
    end = piece.rfind(b"\n")
    return piece[: end + 1] if end > _SAMPLE // 4 else piece


def _proposals(sample: bytes) -> Iterator[str]:
    """Codecs, the most likely first; then those that the detector overlooks where it has few characters to go by."""
    seen: set[str] = set()
    for found in chardet.detect_all(sample, ignore_threshold=True):
        codec = codec_of(str(found["encoding"] or ""))
        if codec in _COMMON and codec not in seen and len(seen) < _PROPOSALS:
            seen.add(codec)
            yield codec
    overlooked = (*_CYRILLIC, *_UNKNOWN_TO_DETECTORS, *(_OF_PAIRS if _PAIRED.fullmatch(sample) else ()))
    yield from (codec for codec in overlooked if codec not in seen)


def _second_opinion(sample: bytes) -> str:
    best = charset_normalizer.from_bytes(sample).best()
    codec = codec_of(best.encoding) if best is not None else ""
    return codec if codec in _COMMON else ""


def _reading(text: str, codec: str) -> Reading:
    return Reading(text, codec, _plausibility(text))


def _plausibility(text: str) -> float:
    """How much a text looks like one: is a language known in it, and are its letters where letters stand?"""
    piece = _telling_piece(text)
    foreign = len(_BEYOND_ASCII.findall(piece)) or 1
    odd = (len(_ODD.findall(piece)) + sum(len(run) / 2 for run in _JUMBLE.findall(piece))) / foreign
    usual = _usual_han("euc_jp") if _KANA.search(piece) else _usual_han("gb2312") | _usual_han("big5")
    rare = sum(han not in usual for han in _HAN.findall(piece)) / foreign
    rare += sum(syllable not in _usual_hangul() for syllable in _HANGUL.findall(piece)) / foreign
    language, known = best_language(piece)
    return known - min(1.0, 3 * odd) - min(1.0, 3 * rare) - min(1.0, 4 * _foreign_letters(piece, language))


def _foreign_letters(text: str, language: str) -> float:
    """The share of letters beyond ASCII that the language, if it is written in Latin letters, does not have."""
    own = _LETTERS.get(language)
    letters = _WORD_LETTERS.findall(text)
    if not own or not letters:
        return 0.0
    return sum(letter not in own and letter.lower() not in own for letter in letters) / len(letters)


def _telling_piece(text: str) -> str:
    """The lines with characters beyond ASCII, as many as are needed."""
    lines, length = [], 0
    for line in text.splitlines():
        if not line.isascii():
            lines.append(line[:_SHOWN_SAMPLE])
            length += len(lines[-1])
            if length > _SHOWN_SAMPLE:
                break
    return "\n".join(lines)


def _is_usual(text: str, share: float) -> bool:
    """Are nearly all characters of scripts that are in use, with spaces or full stops between them?"""
    usual, spaces = len(_USUAL.findall(text)), len(_SPACES.findall(text))
    return usual >= share * len(text) and spaces >= _MIN_SPACES * len(text)


@lru_cache(maxsize=3)
def _usual_han(codec: str) -> frozenset[str]:
    """The Han characters of the first level of GB 2312, Big5 or JIS X 0208: the levels are by how usual they are."""
    return frozenset(
        bytes((lead, trail)).decode(codec, "ignore") for lead in _FIRST_LEVEL[codec] for trail in range(0x40, 0xFF)
    )


@lru_cache(maxsize=1)
def _usual_hangul() -> frozenset[str]:
    """The 2,350 syllables of KS X 1001."""
    return frozenset(
        bytes((lead, trail)).decode("euc_kr", "ignore") for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF)
    )
