"""The lines of a text and their shape: what may be a heading, what is running text."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from qa_service.ingest.search_form import width
from qa_service.records import Span

_LINE = regex.compile(r"[^\s\u200b\ufeff](?:[^\r\n\v\f\x85\u2028\u2029]*[^\s\u200b\ufeff])?")
_LINE_END = regex.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
_MAX_HEADING = 100
_MIN_BODY = 60
_SENTENCE_MARK = regex.compile(r"[.!?…؟۔।։](?=\s|$|[\"'”’»)\]])|[。！？；]")
_ENDS_SENTENCE = regex.compile(r"[.!?…。！？؟۔।։][\"'”’»）)」』】\]]*$")
_ENDS_OPEN = regex.compile(r"[,;:，、；：|\-–—(（«“\"'”’»]$")
_INSIDE = regex.compile(r"(?<!\b\p{L}{1,2}|\d)[.!?…]\s+\S|[。！？；\t|]|\s{3,}|https?://|www\.|@|©|\s/\s")
_BULLET = regex.compile(r"[-–—•*·●▪◦>+=#|~_]")
_CREDIT = regex.compile(
    r"^(?:by\s+\p{Lu}|updated|published|source|photo|image|фото|сурет|сүрөт|图|圖|来源|來源|责任编辑|источник|автор)"
    r"|\b(?:photo|фото)\b|摄$|攝$",
    regex.IGNORECASE,
)
_FIRST_LETTER = regex.compile(r"[\p{L}\p{N}]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without the white space around it. `after_blank`: an empty line, or nothing, stands before it."""

    span: Span
    text: str
    after_blank: bool

    @property
    def width(self) -> int:
        return width(self.text)

    @property
    def is_body(self) -> bool:
        """Running text: long, with the end of a sentence in it."""
        return self.width >= _MIN_BODY and bool(_SENTENCE_MARK.search(self.text))

    @property
    def ends_sentence(self) -> bool:
        return bool(_ENDS_SENTENCE.search(self.text))

    @property
    def is_heading_like(self) -> bool:
        """Short, of one piece, begins like a sentence and does not end like one."""
        return is_heading_like(self.text) and self.width <= _MAX_HEADING


def is_heading_like(text: str) -> bool:
    """The shape of a heading but for its length. A question may be one."""
    first = _FIRST_LETTER.search(text)
    if first is None or first.group().islower() or _BULLET.match(text):
        return False
    if _ENDS_OPEN.search(text) or (_ENDS_SENTENCE.search(text) and not regex.search("[?？؟]$", text)):
        return False
    letters = sum(map(str.isalpha, text))
    return letters >= 2 and 2 * letters > len(text) and not _INSIDE.search(text) and not _CREDIT.search(text)


def find_lines(text: str, kept_out: Sequence[Span] = ()) -> list[Line]:
    """The lines of `text` that hold something, but for those that touch what is kept out."""
    lines: list[Line] = []
    end = 0
    ahead = deque(sorted(kept_out, key=lambda span: span.start))
    for match in _LINE.finditer(text):
        while ahead and ahead[0].end <= match.start():
            ahead.popleft()
        if not ahead or match.end() <= ahead[0].start:
            after_blank = not lines or len(_LINE_END.findall(text, end, match.start())) > 1
            lines.append(Line(Span(*match.span()), match.group(), after_blank))
            end = match.end()
    return lines
