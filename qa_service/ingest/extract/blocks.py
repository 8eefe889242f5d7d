"""Text put together block by block, with where its sections, pages and furniture stand."""

from collections.abc import Mapping, Sequence

from qa_service.errors import BadFile
from qa_service.records import Encoding, Extracted, Section, Span

MAX_CHARACTERS = 50_000_000
_MAX_TITLE = 300
_BREAKS = "\n\n"
_LEVEL_DIGITS, _RAISED_DIGITS, _LOWERED_DIGITS = "0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎"
_RAISED = str.maketrans(_LEVEL_DIGITS, _RAISED_DIGITS)
_LOWERED = str.maketrans(_LEVEL_DIGITS, _LOWERED_DIGITS)
_LEVELLED = str.maketrans(_RAISED_DIGITS + _LOWERED_DIGITS, 2 * _LEVEL_DIGITS)


class TextBuilder:
    """Blocks go in, in reading order; offsets into the growing text come out."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, int, str]] = []
        self._furniture: list[Span] = []
        self._replaced = 0

    @property
    def length(self) -> int:
        return self._length

    def add(self, text: str, level: int = 0, is_furniture: bool = False, breaks: str = _BREAKS) -> Span | None:
        """Adds a block, after `breaks` if anything stands before it; a `level` above 0 makes it a heading.

        Where it stands; None for a block without anything visible, which is left out. Raises BadFile for a text
        without end.
        """
        text = storable(text).strip()
        if not text:
            return None
        start = self._length + len(breaks) if self._length else 0
        end = start + len(text)
        if end > MAX_CHARACTERS:
            raise BadFile(
                f"{self._file_name}: holds more than {MAX_CHARACTERS // 1_000_000} million characters; split it"
            )
        self._parts += [breaks, text] if self._length else [text]
        self._length = end
        self._replaced += text.count("\ufffd")
        span = Span(start, end)
        if level:
            self._headings.append((start, level, " ".join(text.split())[:_MAX_TITLE]))
        if is_furniture:
            self._furniture.append(span)
        return span

    def finish(
        self,
        format_name: str,
        encoding: Encoding | None = None,
        pages: Sequence[Span | None] = (),
        metadata: Mapping[str, tuple[str, str]] | None = None,
    ) -> Extracted:
        """Without an encoding of its own, U+FFFD in the text are glyphs or bytes that the format had lost."""
        if encoding is None and self._replaced:
            encoding = Encoding(format_name, is_certain=False, replaced=self._replaced)
        return Extracted(
            format=format_name,
            text="".join(self._parts),
            encoding=encoding,
            sections=sections_of(self._headings, self._length),
            pages=tuple(pages),
            furniture=joined(sorted(self._furniture, key=lambda span: span.start)),
            metadata={field: value for field, value in (metadata or {}).items() if value[0].strip()},
        )


def sections_of(headings: Sequence[tuple[int, int, str]], length: int) -> tuple[Section, ...]:
    """From each heading (start, level, title), in order, up to the next of its level or above."""
    ends = [length] * len(headings)
    open_ones: list[int] = []
    for i, (start, level, _) in enumerate(headings):
        while open_ones and headings[open_ones[-1]][1] >= level:
            ends[open_ones.pop()] = start
        open_ones.append(i)
    return tuple(
        Section(Span(start, end), title, level) for (start, level, title), end in zip(headings, ends, strict=True)
    )


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in order, those that stand but line ends apart or overlap made one."""
    found: list[Span] = []
    for span in spans:
        if found and span.start <= found[-1].end + len(_BREAKS):
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def storable(text: str) -> str:
    """Without NUL, and halves of surrogate pairs as the escapes that name them: no store takes either."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def one_line(text: str) -> str:
    """All white space as single spaces."""
    return " ".join(text.split())


def raised(text: str) -> str:
    """A number above the line, as it is written without markup: 10⁶ is no 106. Words stay as they are."""
    return text.translate(_RAISED) if _is_number(text) else text


def lowered(text: str) -> str:
    """A number below the line: H₂O."""
    return text.translate(_LOWERED) if _is_number(text) else text


def levelled(text: str) -> str:
    """With all numbers on the line."""
    return text.translate(_LEVELLED)


def _is_number(text: str) -> bool:
    return text.isprintable() and all(each in _LEVEL_DIGITS or each.isspace() for each in text)
