"""The navigation and the footer of a saved web page.

Two different signs of them at the head or the tail are enough to keep them out of search; a line that only says whose
the rights are is ranked down.
"""

from collections.abc import Sequence

from qa_service.ingest.clean_blocks import Line
from qa_service.ingest.clean_spam import Suspicion
from qa_service.ingest.clean_words import LEGAL, MARKER, SENTENCE_MARK

_SHORT_LINE = 30
_BEGINNING = 200
_NAVIGATION, _FOOTER = "navigation at the head of a page", "footer at the end of a page"


def find_boilerplate(lines: Sequence[Line], taken: Sequence[Suspicion]) -> list[Suspicion]:
    """Around the lines that are sentences; none of those that are `taken` already."""
    others = {i for each in taken for i in range(each.first, each.last + 1)}
    body = [i for i, line in enumerate(lines) if i not in others and _is_sentence(line.text)]
    if not body:
        return []
    head = [i for i in range(body[0]) if i not in others]
    tail = [i for i in range(body[-1] + 1, len(lines)) if i not in others]
    found = [Suspicion(i, i, "quarantined", _NAVIGATION) for i in _navigation(lines, head)]
    if len({sign for i in tail if (sign := _sign(lines[i].text))}) > 1:
        found += [Suspicion(i, i, "quarantined", _FOOTER) for i in tail]
    else:
        found += [Suspicion(i, i, "flagged", _FOOTER) for i in tail if LEGAL.search(lines[i].text)]
    return found


def _sign(line: str) -> str:
    """The sign itself: a heading "Copyright" and the line below it are one."""
    found = MARKER.search(line[:_BEGINNING])
    return found.group().casefold() if found else ""


def _is_sentence(line: str) -> bool:
    return len(line) > _SHORT_LINE and bool(SENTENCE_MARK.search(line)) and not _sign(line)


def _navigation(lines: Sequence[Line], head: Sequence[int]) -> list[int]:
    """Lines at the head with a marker, and short ones that stand between two such lines."""
    marked = {i for i in head if _sign(lines[i].text)}
    between = [i for i in head if i not in marked and len(lines[i].text) <= _SHORT_LINE and {i - 1, i + 1} <= marked]
    return sorted([*marked, *between]) if len(marked) > 1 else []
