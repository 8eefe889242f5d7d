"""A follow-up ("and in 2023?", "那哈萨克斯坦呢？") completed from the questions before it, without a model.

A question that leans on nothing is left as it is. Else what the question before it is about goes ahead of it, less
what the follow-up asks anew: its asking words and its numbers. One that leans by its shortness alone ("Which satellite
was used?", "How to cook borscht?") is completed if what that finds is about it. Turns are completed in their order, so
that a follow-up to a follow-up knows what both are about. What was answered is not read: it draws the search back to
the passage that was found already (eval/LOG.md).
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from typing import Literal

import regex

from qa_service.retrieval import follow_up_words as words

MAX_QUERY = 2_000
_MAX_QUESTIONS = 8
"""Farther back nothing is looked for."""

Leaning = Literal["not", "perhaps", "surely"]
"""Does a question need what was said before? Perhaps: its words could stand for themselves, but are few."""
IsAbout = Callable[[str, str], bool]
"""Is what a completed question finds about the question as it was asked, too?"""

# up to so much content a question needs what was said before
_ASKING, _NAMING, _POINTING, _CONNECTED, _ANYTHING = 2.0, 3.0, 4.0, 4.0, 6.0

_TOKEN = regex.compile(
    r"(?P<han>\p{Han}+)|(?P<number>\d+(?:[.,:]\d+)*)"
    r"|(?:(?!\p{Han})[\p{L}\p{M}])+(?:['’ʻʼ‘-](?:(?!\p{Han})[\p{L}\p{M}\d])+)*"
)
_HAN_WORD = regex.compile("|".join(sorted(words.HAN_KINDS, key=len, reverse=True)))
_HAN_CONNECTIVE = regex.compile("|".join(words.HAN_CONNECTIVES))
_WITHOUT_SPACES = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Hiragana}\p{Katakana}]")
_DEFINING = regex.compile(
    rf"^what (?:is|are|was|were) (?!the )|^who (?:is|was) \S+ \S|\b(?:{'|'.join(words.DEFINING)})\b"
    rf"|{'|'.join(words.HAN_DEFINING)}"
)
_PLEASANTRY = regex.compile(rf"\P{{L}}*(?:{'|'.join(words.PLEASANTRIES)})\P{{L}}*")
_GAP = regex.compile(r"[\s\p{Pd},·、，]*")
_APOSTROPHES = str.maketrans("’ʻʼ‘", "''''")


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind`: connective, anaphor, asking, function, trailing, or what has content: number, name, content."""

    text: str
    start: int
    kind: str

    @property
    def content(self) -> float:
        """Words; half the Han characters, a quarter of those of other scripts without spaces."""
        if self.kind not in {"number", "name", "content"}:
            return 0.0
        if regex.match(r"\p{Han}", self.text):
            return len(self.text) / 2
        return len(self.text) / 4 if _WITHOUT_SPACES.match(self.text) else 1.0


def complete(questions: Sequence[str], is_about: IsAbout) -> str:
    """The last of the questions with what it needs of those before it; not made longer than 2,000 characters."""
    query = ""
    earlier = [each for each in questions[:-1] if not _is_pleasantry(each)]
    for question in [*earlier, *questions[-1:]][-_MAX_QUESTIONS:]:
        asked = " ".join(question.split())
        leaning = leans(asked) if query else "not"
        completed = asked if leaning == "not" else _completed(query, asked)
        query = asked if leaning == "perhaps" and not is_about(completed, asked) else completed
    return query


def leans(question: str) -> Leaning:
    """Does it need the questions before it to be understood? Languages without a word list go by length alone."""
    tokens = _tokens(question)
    if not tokens or _is_pleasantry(question):
        return "not"
    kinds, content = {token.kind for token in tokens}, _content(tokens)
    if not content or _points_back(tokens, kinds, content):
        return "surely"
    if "connective" in kinds or ("name" in kinds and "asking" in kinds) or _DEFINING.search(question.casefold()):
        return "not"
    if content > (_ASKING if "asking" in kinds or kinds == {"content", "name"} else _NAMING):
        return "not"
    return "surely" if content <= 1 else "perhaps"


def _is_pleasantry(question: str) -> bool:
    return _PLEASANTRY.fullmatch(" ".join(question.casefold().split())) is not None


def _points_back(tokens: Sequence[_Token], kinds: Set[str], content: float) -> bool:
    """By a word that stands for something, or that ties it to what was said."""
    if "anaphor" in kinds and content <= _ANYTHING:
        before = _content(list(takewhile(lambda token: token.kind != "anaphor", tokens)))
        if before <= 1 or ("name" not in kinds and content <= _POINTING):
            return True  # else it may point to what this question itself names
    if "trailing" in kinds and "asking" not in kinds:
        return True
    return "connective" in kinds and content <= _CONNECTED


def _completed(earlier: str, question: str) -> str:
    old, new = _tokens(earlier), _tokens(question)
    anew = {token.kind for token in new} & {"asking", "number"} | {"connective", "trailing"}
    kept = [token for token in old if token.kind not in anew]
    carried = _spelled(earlier, kept)[: max(0, MAX_QUERY - len(question) - 1)]
    if new[0].kind not in {"name", "content"}:
        question = question[:1].lower() + question[1:]  # a capital in mid-query makes a name
    return f"{carried} {question}".strip()


def _spelled(text: str, kept: Sequence[_Token]) -> str:
    """The tokens as the text has them, with the white space, dash or comma between two of them."""
    parts = [token.text for token in kept[:1]]
    for last, token in pairwise(kept):
        gap = text[last.start + len(last.text) : token.start]
        parts += [gap if _GAP.fullmatch(gap) else " ", token.text]
    return "".join(parts)


def _content(tokens: Sequence[_Token]) -> float:
    """The words of one name count as one."""
    names = sum(last.kind == token.kind == "name" for last, token in pairwise(tokens))
    return sum(token.content for token in tokens) - names


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        if match["han"]:
            found += _han_tokens(match["han"], match.start(), first=not found)
        else:
            kind = "number" if match["number"] else _kind(match.group(), first=not found)
            found.append(_Token(match.group(), match.start(), kind))
    first = sum(token.kind == "connective" for token in found[:1])
    if " ".join(token.text for token in found[first : first + 2]).casefold() in words.CONNECTING:
        found[first : first + 2] = [replace(token, kind="connective") for token in found[first : first + 2]]
    if found and found[-1].text.casefold() in words.TRAILING:
        found[-1] = replace(found[-1], kind="trailing")
    if found and found[0].kind == "name" and found[0].text.istitle() and [each.kind for each in found[1:2]] != ["name"]:
        found[0] = replace(found[0], kind="content")  # a capital begins every question
    return found


def _kind(word: str, first: bool) -> str:
    if word.istitle() and (not first or word.casefold() in words.PARTICLES):
        return "name"
    folded = word.casefold().translate(_APOSTROPHES)
    if first and folded in words.CONNECTIVES:
        return "connective"
    return words.KINDS.get(folded, "name" if word[0].isupper() else "content")


def _han_tokens(run: str, start: int, first: bool) -> list[_Token]:
    """Han characters have no spaces: the listed words cut them."""
    found: list[_Token] = []
    end = 0
    pointing = _HAN_WORD.match(run)
    connective = _HAN_CONNECTIVE.match(run) if first else None
    if connective and not (pointing and pointing.end() > connective.end()):  # 那 ties, 那个 points
        found.append(_Token(connective.group(), start, "connective"))
        end = connective.end()
    for match in _HAN_WORD.finditer(run, end):
        if match.start() > end:
            found.append(_Token(run[end : match.start()], start + end, "content"))
        found.append(_Token(match.group(), start + match.start(), words.HAN_KINDS[match.group()]))
        end = match.end()
    return [*found, _Token(run[end:], start + end, "content")] if end < len(run) else found
