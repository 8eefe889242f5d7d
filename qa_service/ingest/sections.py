"""The sections of a text, by the shape of its lines: headings, numbered or not, speeches, interviews.

No rule looks at what a heading says. A line is one by what stands around it, too: a list has no running text between
its lines, a news article has no line without the end of a sentence in its midst.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import regex

from qa_service.ingest.lines import Line, find_lines
from qa_service.ingest.numbered import find_numbered, levels_of
from qa_service.ingest.search_form import continues
from qa_service.ingest.speakers import find_exchanges, is_speaker_line
from qa_service.records import Section, Span

MAX_TITLE = 200
_ATX = regex.compile(r"(?P<marks>#{1,6})\s+(?P<title>\S.*?)(?:\s+#+)?")
_FENCE = regex.compile(r"(?:```|~~~)")
_UNDERLINE = regex.compile(r"=+|-{2,}")
_EMPHASIS = regex.compile(r"[*_`]{1,3}(?=\S)(.+?)(?<=\S)[*_`]{1,3}")
_QUESTION = regex.compile("[?？؟]$")
_MIN_UNNUMBERED = 2
_MIN_QUESTIONS = 3
_MIN_BODY = 200
"""Width of the running text below an unnumbered heading, in the mean: a menu or a glossary has less."""
_MAX_SPEECH_TITLE = 160


@dataclass(frozen=True, slots=True)
class _Heading:
    """Where a section begins, and how deep it is: the smaller `depth`, the further out."""

    start: int
    depth: tuple[int, int]
    title: str
    speaker: str | None = None


def find_sections(text: str, file_format: str = "txt", kept_out: Sequence[Span] = ()) -> tuple[Section, ...]:
    """The sections of a text whose format names none, in order; no heading stands in what is `kept_out`.

    Each goes on to the next that is no deeper.
    """
    lines = find_lines(text, kept_out)
    headings = list(_marked(lines)) if file_format == "md" else []
    return _sections(headings or _by_shape(lines), len(text))


def _sections(headings: Iterable[_Heading], end: int) -> tuple[Section, ...]:
    ordered = sorted(headings, key=lambda heading: heading.start)
    levels = {depth: level for level, depth in enumerate(sorted({each.depth for each in ordered}), start=1)}
    ends: dict[tuple[int, int], int] = {}  # where the next section of each depth begins, seen from the end
    sections = []
    for heading in reversed(ordered):
        span = Span(heading.start, min((ends[depth] for depth in ends if depth <= heading.depth), default=end))
        sections.append(Section(span, short_title(heading.title), levels[heading.depth], heading.speaker))
        ends[heading.depth] = heading.start
    return tuple(reversed(sections))


def short_title(title: str) -> str:
    """On one line, cut at a word where it is long."""
    title = " ".join(title.split())
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"


def _marked(lines: Sequence[Line]) -> Iterator[_Heading]:
    """Headings that Markdown marks: # before them, or a line of = or - below them."""
    fenced = False
    for i, line in enumerate(lines):
        if _FENCE.match(line.text):
            fenced = not fenced
        elif fenced:
            continue
        elif match := _ATX.fullmatch(line.text):
            yield _Heading(line.span.start, (0, len(match["marks"])), _without_emphasis(match["title"]))
        elif i + 1 < len(lines) and line.after_blank and not lines[i + 1].after_blank:
            underline = _UNDERLINE.fullmatch(lines[i + 1].text)
            if underline and line.is_heading_like:
                depth = 1 if underline.group()[0] == "=" else 2
                yield _Heading(line.span.start, (0, depth), _without_emphasis(line.text))


def _without_emphasis(title: str) -> str:
    return str(_EMPHASIS.sub(r"\1", title))


def _by_shape(lines: Sequence[Line]) -> list[_Heading]:
    numbered = find_numbered(lines)
    levels = levels_of(numbered)
    found = [
        _Heading(lines[each.index].span.start, (0 if each.has_word else 2, levels[each.kind]), each.title)
        for each in numbered
    ]
    speeches = list(_speeches(lines))
    found += speeches
    if not numbered:
        taken = {each.start for each in speeches}
        found += [each for each in _unnumbered(lines, speeches) if each.start not in taken]
    found += [
        _Heading(lines[each.index].span.start, (4, 0), each.title, each.speaker) for each in find_exchanges(lines)
    ]
    return found


def _speeches(lines: Sequence[Line]) -> list[_Heading]:
    """A headline and below it, or above it, who speaks, then running text: twice at least, else it is a byline."""
    found = []
    for i, line in enumerate(lines):
        if is_speaker_line(line):
            before, after = (lines[i - 1] if i else None), lines[i + 1 : i + 3]
            if after and after[0].is_body:
                has_headline = before is not None and _is_headline(before) and not is_speaker_line(before)
                first = before if has_headline and before is not None else line
                found.append(_Heading(first.span.start, (1, 0), first.text, line.text))
            elif len(after) > 1 and _is_headline(after[0]) and after[1].is_body:
                found.append(_Heading(line.span.start, (1, 0), after[0].text, line.text))
    return found if len(found) > 1 else []


def _is_headline(line: Line) -> bool:
    return line.is_heading_like or (line.width <= _MAX_SPEECH_TITLE and not line.ends_sentence and not line.is_body)


def _unnumbered(lines: Sequence[Line], speeches: Sequence[_Heading]) -> list[_Heading]:
    """Short lines between paragraphs. What stands before the first running text is the head of the whole."""
    first_body = next((i for i, line in enumerate(lines) if line.is_body), len(lines))
    spoken = {each.start for each in speeches}
    found = [
        i
        for i in range(first_body + 1, len(lines) - 1)
        if lines[i].is_heading_like
        and lines[i].span.start not in spoken
        and not is_speaker_line(lines[i])
        and lines[i - 1].ends_sentence
        and lines[i].after_blank >= lines[i + 1].after_blank
        and lines[i + 1].is_body
        and lines[i + 1].width > lines[i].width
        and not continues(lines[i].text, lines[i + 1].text, lines[i + 1].after_blank, 0)
    ]
    questions = {i for i in found if _QUESTION.search(lines[i].text)}
    if len(questions) < _MIN_QUESTIONS:  # an article asks one or two by the way
        found = [i for i in found if i not in questions]
    if len(found) < _MIN_UNNUMBERED:
        return []
    below = sum(line.width for line in lines[found[0] :]) / len(found)
    return [_Heading(lines[i].span.start, (3, 0), lines[i].text) for i in found] if below >= _MIN_BODY else []
