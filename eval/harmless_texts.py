"""Texts that hold no spam but look odd: manual pages, poems, lists, menus, glossaries, tables, code, medical pages.

They are read where Debian's packages and the public sets have put them (`apt-get install manpages-zh manpages-ja
manpages-ja-dev manpages-ru manpages-ru-dev fortunes fortunes-zh fortunes-ru iso-codes`); what is absent is left out
with a message. Each goes into the development or the test half by a hash of its name, a page's translations together.
"""

import gettext
import gzip
import hashlib
import logging
import re
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from eval.sets import CorpusDocument, read_corpus

logger = logging.getLogger(__name__)

_MAN, _FORTUNES, _LOCALE = Path("/usr/share/man"), Path("/usr/share/games/fortunes"), Path("/usr/share/locale")
_LONGEST = 20_000
_QUOTAS = {
    **{"man zh_CN": 350, "man zh_TW": 330, "man ja": 550, "man ru": 400, "man en": 150, "man ko": 14},
    **{"passages": 600, "medical": 150, "poems": 120, "sayings": 80, "lists": 120, "glossaries": 120, "menus": 120},
    **{"tables": 60, "code": 120},
}
_LANGUAGES = ("zh_CN", "zh_TW", "ja", "ko", "ru")
_MEDICAL = re.compile(
    r"\b(?:drug|medicine|disease|patient|clinical|symptom|vaccin|cancer)|疾病|药物|藥物|患者|治疗|治療|症状|疫苗"
    r"|лекарств|болезн|пациент|симптом|дәрі|ауру",
    re.IGNORECASE,
)
_ROFF_LINE = re.compile(r"^(?:\.\\\"|'\\\"|\.(?:TH|ad|nh|hy|if|ie|el|de|ds|nr|so|\.|\\|RS|RE|PD|sp|in|ti|na|TS|TE)\b)")
_ROFF_BREAK = re.compile(r"^\.(?:SH|SS|PP|P|LP|TP|IP|HP|Sh|Ss|Pp|It|br|nf|fi|Bl|El)\b *")
_ROFF_ESCAPE = re.compile(
    r"\\f(?:\[[^\]]*\]|\(..|.)|\\[ms][-+]?\d?|\\\*(?:\[[^\]]*\]|\(..|.)|\\[&|^%/,c:]|\\\((?:co|bu)"
)


@dataclass(frozen=True, slots=True)
class Harmless:
    name: str
    kind: str
    text: str


def harmless_texts(half: str, evalsets: Path) -> list[Harmless]:
    """Those of one half, "development" or "test", as many of each kind as its quota says."""
    return [each for kind in _QUOTAS for each in texts_of_kind(kind, half, evalsets)]


def texts_of_kind(kind: str, half: str, evalsets: Path) -> list[Harmless]:
    """In an order of no meaning."""
    family, _, language = kind.partition(" ")
    found = _SOURCES[family](kind, language, evalsets)
    named = [each for each in found if half_of(each[0]) == half and each[1].strip()]
    named.sort(key=lambda each: _digest(each[0]))
    if len(named) < _QUOTAS[kind]:
        logger.warning("%s: %d texts of %d", kind, len(named), _QUOTAS[kind])
    return [Harmless(name, kind, text[:_LONGEST]) for name, text in named[: _QUOTAS[kind]]]


def half_of(name: str) -> str:
    return "test" if int(_digest(name)[:8], 16) % 2 else "development"


def _digest(name: str) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def _manual(_kind: str, language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    root = _MAN if language == "en" else _MAN / language
    seen = set()
    for path in sorted(root.glob("man[1-8]/*.gz")):
        if path.is_symlink():
            continue
        text = strip_roff(gzip.decompress(path.read_bytes()).decode(errors="replace"))
        if len(text) > 300 and (start := text[200:600]) not in seen:
            seen.add(start)
            yield path.name, text


def strip_roff(source: str) -> str:
    """The words of a manual page, a paragraph or an item a line, without the requests of troff."""
    lines = [""]
    for line in source.splitlines():
        if _ROFF_LINE.match(line):
            continue
        text = re.sub(r"^\.(?:[BIR]{1,2}|SM|SB|Nm|Fl|Ar|Op|Xr|Pa|Cm|Dv|Va|Nd|Dt|Dd|Os)\b *", "", line)
        if _ROFF_BREAK.match(line) or not line.strip():
            lines.append("")
            text = _ROFF_BREAK.sub("", line)
        clean = _ROFF_ESCAPE.sub("", text).replace("\\-", "-").replace("\\e", "\\").replace('"', "").strip()
        lines[-1] = f"{lines[-1]} {clean}".strip()
        if line.startswith((".SH", ".SS", ".TP")):
            lines.append("")
    return "\n".join(line for line in lines if line)


def public_documents(evalsets: Path, names: str = "*/corpus*.jsonl") -> Iterator[tuple[str, CorpusDocument]]:
    """The documents of the public sets, each with the name of its article."""
    for path in sorted(evalsets.glob(names)):
        for each in read_corpus(path):
            yield each.title or re.sub(r"-p\d+$", "", each.id), each


def _corpus(evalsets: Path) -> Iterator[tuple[str, str]]:
    if not evalsets.is_dir():
        logger.warning("%s: no such folder, its passages are left out", evalsets)
    return ((name, each.text) for name, each in public_documents(evalsets))


def _passages(_kind: str, _language: str, evalsets: Path) -> Iterator[tuple[str, str]]:
    return (each for each in _corpus(evalsets) if not _MEDICAL.search(each[1]))


def _medical(_kind: str, _language: str, evalsets: Path) -> Iterator[tuple[str, str]]:
    return (each for each in _corpus(evalsets) if _MEDICAL.search(each[1]))


def _cookies(files: Iterable[str], together: int) -> Iterator[tuple[str, str]]:
    for name in files:
        path = _FORTUNES / name
        if not path.is_file():
            continue
        texts = [re.sub(r"\x1b\[[\d;]*m", "", each) for each in path.read_text(errors="replace").split("\n%\n")]
        for at in range(0, len(texts), together):
            yield f"{name}-{at}", "\n\n".join(texts[at : at + together])


def _poems(_kind: str, _language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    return _cookies(["tang300", "song100", "songs-poems", "love", "ru/haiku", "ru/love"], 3)


def _sayings(_kind: str, _language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    return _cookies(["chinese", "medicine", "drugs", "men-women", "food", "ru/sex", "ru/drink", "definitions"], 5)


def _messages(names: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Translated terms of the catalogues of this kind, forty at a time, with a name for them."""
    for language in _LANGUAGES:
        for path in sorted((_LOCALE / language / "LC_MESSAGES").glob(names)):
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
            pairs = [(k, v) for k, v in catalogue.items() if isinstance(k, str) and k and "\n" not in k + v]
            terms = iter([(k.split("\x04")[-1], v) for k, v in pairs if len(v) < 40])
            at = 0
            while batch := list(islice(terms, 40)):
                yield f"{path.stem}-{at}", batch
                at += 1


def _made_of(names: str, layout: Callable[[Sequence[tuple[str, str]]], str]) -> Iterator[tuple[str, str]]:
    return ((name, layout(terms)) for name, terms in _messages(names))


def _lists(_kind: str, _language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    yield from _made_of("iso_*.mo", lambda terms: "\n".join(own for _, own in terms))
    yield from ((f"and {n}", t) for n, t in _made_of("iso_*.mo", lambda terms: "、".join(own for _, own in terms)))


def _glossaries(_kind: str, _language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    yield from _made_of("[a-hp-z]*.mo", lambda terms: "\n".join(f"{word}: {own}" for word, own in terms))
    yield from _made_of("iso_639*.mo", lambda terms: "；".join(f"{word} {own}" for word, own in terms))


def _menus(_kind: str, _language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    for separator in (" | ", "|", " / ", " · ", "\n"):
        for name, terms in _messages("*gtk*.mo"):
            yield f"{name}{separator}", separator.join(own.replace("_", "") for _, own in terms)
        for name, terms in _messages("software*.mo"):
            yield f"{name}{separator}", separator.join(own.replace("_", "") for _, own in terms)


def _tables(_kind: str, _language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    rows = (f"| {own} | {len(own)} | {word} | - | - |" for _, terms in _messages("iso_4*.mo") for word, own in terms)
    zones = Path("/usr/share/zoneinfo/zone.tab")
    lines = [*rows, *(zones.read_text(encoding="utf-8").splitlines() if zones.is_file() else [])]
    for at in range(0, len(lines), 30):
        yield f"table-{at}", "\n".join(lines[at : at + 30])


def _code(_kind: str, _language: str, _evalsets: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        yield path.name, path.read_text(encoding="utf-8", errors="replace")[:_LONGEST]


_SOURCES: dict[str, Callable[[str, str, Path], Iterator[tuple[str, str]]]] = {
    **{"man": _manual, "passages": _passages, "medical": _medical, "poems": _poems, "sayings": _sayings},
    **{"lists": _lists, "glossaries": _glossaries, "menus": _menus, "tables": _tables, "code": _code},
}
