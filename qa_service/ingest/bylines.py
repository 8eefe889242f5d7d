"""Author, source and address of a text, where a line of its head or its end states them plainly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from qa_service.ingest.lines import Line, find_lines
from qa_service.ingest.speakers import is_speaker_line, speaker_name

_HEAD, _TAIL = 15, 8
"""How many lines of the beginning and of the end are looked at."""
_MAX_VALUE = 80
_HAN_NAMES = r"\p{Han}{2,4}(?:[ \u3000、,，·]{1,2}\p{Han}{2,4}){0,4}"
_WORD = r"(?:\p{Lu}[\p{L}\p{M}'’ʻʼ`‘]*(?:-\p{L}[\p{L}\p{M}'’ʻʼ`‘]*)*|\p{Lu}\.)"
_NAME = rf"{_WORD}(?:\s+{_WORD}){{1,3}}"
_AND = r"\s*(?:,|;|&|\band\b|\bи\b|\bжәне\b|\bжана\b|\bva\b|\bва\b|\bwe\b)\s*"
_NAMES = rf"{_NAME}(?:{_AND}{_NAME}){{0,4}}"
_REST = r"(?=\s*(?:$|[|•·/(\[]|[,–—-]\s|\d|\bupdated\b|\bpublished\b))"
_AUTHORS = (
    regex.compile(rf"(?:(?i:by|written by|reported by|story by))\s+(?P<value>{_NAMES}){_REST}"),
    regex.compile(
        r"(?i:authors?|автор[ыу]?|авторы|текст|подготовил[аи]?|беседовал[аи]?|тілші(?:сі)?|мәтін|дайындаған|кабарчы|даярдаган"
        r"|muallif(?:lar)?|muxbir|муаллиф(?:он)?|мухбир|хабарнигор|awtor|habarçy)\s*[:：—–]\s*"
        rf"(?P<value>{_NAMES}){_REST}"
    ),
    regex.compile(
        r"(?:[^\s，。：:]{0,12}(?:特约|特派|驻\p{Han}{1,6})?(?:记者|記者|通讯员|通訊員)|作者|撰文|采写|文)\s*[:：/\s]\s*"
        rf"(?P<value>{_HAN_NAMES})(?=\s*(?:$|[|（(\d]))"
    ),
)
_HAN_IN_BRACKETS = regex.compile(rf"[（(](?:本报|本報|本网)?(?:记者|記者)[:： ]?\s*(?P<value>{_HAN_NAMES})[）)]")
_SOURCE = regex.compile(
    r"(?i:source|消息来源|来源|來源|稿源|источник|дереккөзі?|булагы|булак|manba|манба|сарчашма|çeşme"
    r"|quelle|kaynak|fuente|fonte|المصدر)\s*[:：]\s*(?P<value>\S.*)"
)
_DATE = regex.compile(
    r"(?i:date|published|дата|күні|күнү|sana|сана|сене|sene|datum|fecha|data|tarih|التاريخ|日期|时间|時間|发布时间|發佈時間)"
    r"\s*[:：]\s*\P{L}*(?:\p{L}+\P{L}*){0,3}"
)
_AFTER_VALUE = regex.compile(
    r"\s*(?:[|•·；;]|\s{2,}|\t|\d{4}[-年./]|(?:作者|责任编辑|責任編輯|编辑|編輯|时间|時間|author|editor|автор|редактор)\s*[:：]).*",
    regex.IGNORECASE,
)
_BAR = regex.compile(r"\s*[|•]\s*")
_LABELS = (
    r"来源|來源|稿源|作者|记者|記者|责任编辑|責任編輯|编辑|編輯|source|author|by|источник|автор|дереккөз|manba|muallif"
)
_PART = regex.compile(rf"\s*[|•]\s*|\s+(?=(?:{_LABELS})\s*[:：])", regex.IGNORECASE)
_DATE_FIRST = regex.compile(r"\d[\d\s:./年月日г-]*")
_URL = r"(?P<value>https?://[^\s<>\"«»“”（）]+)"
_LABELLED_URL = regex.compile(
    rf"(?i:url|link|original|source|web|原文链接|原文鏈接|链接|鏈接|来源|來源|ссылка|источник|сілтеме|шилтеме|havola|ҳавола)\s*[:：]\s*{_URL}"
)
_ONLY_URL = regex.compile(_URL)
_MAX_LABELS = 3


@dataclass(frozen=True, slots=True)
class Byline:
    """Who wrote it, where it was published, and where it stands; None for what no line states."""

    author: str | None
    source: str | None
    url: str | None


def is_statement(line: str) -> bool:
    """Does the line state the source or the date of a text, and nothing else?"""
    line = line.strip()
    return "\n" not in line and bool(_SOURCE.fullmatch(line) or _DATE.fullmatch(line))


def find_byline(text: str) -> Byline:
    """What the lines of a text's head, or else of its end, state. Its first line is its title, or states it, too."""
    lines = find_lines(text)
    head = lines[0 if lines and is_statement(lines[0].text) else 1 : _HEAD] if len(lines) > 1 else []
    tail = lines[max(_HEAD, len(lines) - _TAIL) :]
    return Byline(
        author=_first(_all_authors(lines, head, tail)),
        source=_first(_sources(head)) or _only(_sources(tail)),
        url=_first(_urls(lines[:_HEAD])) or _only(_urls(tail)),
    )


def _all_authors(lines: Sequence[Line], head: Sequence[Line], tail: Sequence[Line]) -> Iterator[str]:
    yield from _authors(head)
    yield from _authors(tail)
    yield from _han_authors(lines[:_HEAD])
    yield from _writer(lines)


def _writer(lines: Sequence[Line]) -> Iterator[str]:
    """Below the headline a name with an office, above the text: of a whole that has no other speaker."""
    speakers = [i for i, line in enumerate(lines) if is_speaker_line(line)]
    if len(speakers) == 1 and 0 < speakers[0] < _MAX_LABELS + 1 and any(line.is_body for line in lines[speakers[0] :]):
        yield speaker_name(lines[speakers[0]]) or ""


def _first(values: Iterator[str]) -> str | None:
    return next(values, None)


def _only(values: Iterator[str]) -> str | None:
    """At the end of a text several sources are those of its pictures and figures."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _authors(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        for part in _parts(line.text):
            for pattern in _AUTHORS:
                match = pattern.match(part.strip("（()） *_"))
                if match and len(match["value"]) <= _MAX_VALUE and not line.is_body:
                    yield _names(match["value"])


def _parts(line: str) -> list[str]:
    """The line; and what follows the date that it begins with: `2024-01-05 来源：中国新闻网 作者：张伟`."""
    first, *others = _PART.split(line)
    return [line, *others] if others and _DATE_FIRST.fullmatch(first.strip()) else [line]


def _han_authors(lines: Sequence[Line]) -> Iterator[str]:
    """（记者张三）in the dateline of an agency."""
    for line in lines:
        if match := _HAN_IN_BRACKETS.search(line.text):
            yield _names(match["value"])


def _names(value: str) -> str:
    value = " ".join(value.split())
    if regex.match(r"\p{Han}", value):
        return "、".join(part for part in regex.split(r"[ 、,，]+", value) if part)
    return value


def _sources(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        for part in _parts(line.text):
            match = _SOURCE.match(part)
            value = _AFTER_VALUE.sub("", match["value"]).strip(" .。") if match else _beside_author(part)
            if value and len(value) <= _MAX_VALUE and not value.startswith(("http://", "https://")):
                yield value


def _beside_author(line: str) -> str | None:
    """`By Zhou Jin | China Daily | Updated: 2025-06-14`: the middle one."""
    parts = _BAR.split(line)
    if len(parts) < _MAX_LABELS or not _AUTHORS[0].fullmatch(parts[0]):
        return None
    named = parts[1].strip()
    return named if named[:1].isupper() and not any(map(str.isdigit, named)) and ":" not in named else None


def _urls(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        if match := _LABELLED_URL.match(line.text) or _ONLY_URL.fullmatch(line.text):
            yield match["value"].rstrip(".,;。，；)")
