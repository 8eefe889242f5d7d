"""Documents with spam in them: real articles as hosts, and blocks made of the words of a vocabulary file."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from eval.harmless_texts import half_of, public_documents, texts_of_kind

CATEGORIES = ("adult", "gambling", "pharma", "loans", "film")
LANGUAGES = ("zh-Hans", "zh-Hant", "ja", "ko", "ru", "en")
PLACES = ("head", "middle", "tail")
_JOINED_BY_SPACES = {"ko", "ru", "en"}
_HOST_LENGTHS = (600, 6_000)
_WRAPPED = 6
_PARTED = (" ", " ", " ", "  ", "|", "/", ", ", "、", " - ", "_")


@dataclass(frozen=True, slots=True)
class Positive:
    """`text[start:end]` is the spam; the rest is the host's."""

    text: str
    start: int
    end: int
    category: str
    language: str
    host_language: str
    place: str
    layout: str
    has_zero_width: bool


def made_positives(vocabulary: Path, hosts: Mapping[str, Sequence[str]], seed: str) -> list[Positive]:
    """One for each category, language and place, with and without zero-width characters, in hosts of the same language
    and of others."""
    words = json.loads(vocabulary.read_text(encoding="utf-8"))
    chance = random.Random(seed)
    made = []
    for category, language, place, hidden, at_home in product(
        CATEGORIES, LANGUAGES, PLACES, (False, True), (True, False)
    ):
        layout = chance.choice(words["layouts"])
        own = [each for each in hosts if _is_same(each, language)]
        host_language = chance.choice(own if own and at_home else list(hosts))
        host = chance.choice(hosts[host_language])
        block = _block(words, category, language, layout, hidden, chance)
        made.append(_placed(host, block, place, (category, language, host_language, layout, hidden), chance))
    return made


def sold_by(vocabulary: Path) -> set[str]:
    """What the spam of a vocabulary sells, casefolded."""
    topics = json.loads(vocabulary.read_text(encoding="utf-8"))["topics"]
    return {word.casefold() for languages in topics.values() for words in languages.values() for word in words}


def keyword_lists(words: Mapping[str, Any], count: int, seed: str) -> list[str]:
    """Short lists of what a vocabulary sells, most of them parted by blanks alone."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        topics = words["topics"][chance.choice(CATEGORIES)]
        language = chance.choice(LANGUAGES)
        glue = " " if language in _JOINED_BY_SPACES else ""
        fragments = []
        for _ in range(chance.randint(2, 10)):
            parts = chance.sample(topics[language], chance.choice([1, 1, 2]))
            parts += chance.sample(words["calls"][language], chance.choice([0, 1, 1, 2]))
            chance.shuffle(parts)
            fragments.append(glue.join(parts))
        made.append(chance.choice(_PARTED).join(fragments))
    return made


def _is_same(host: str, language: str) -> bool:
    return host == language or (host == "zh" and language == "zh-Hans")


def host_articles(half: str, evalsets: Path) -> dict[str, list[str]]:
    """Articles of one half by language: those of the public sets, a paragraph a line, and Japanese manuals."""
    paragraphs: dict[tuple[str, str], list[str]] = {}
    names = ["ntrex/corpus.*", "xquad/corpus.*", "drcd_dev/corpus*", "cmrc2018_trial/corpus*"]
    for name, each in (found for pattern in names for found in public_documents(evalsets, pattern)):
        if each.language in {"en", "ru", "zh", "zh-Hans", "zh-Hant", "kk"} and half_of(name) == half:
            paragraphs.setdefault((each.language, name), []).append(each.text)
    hosts: dict[str, list[str]] = {}
    for (language, _), texts in paragraphs.items():
        article = "\n".join(texts)
        if _HOST_LENGTHS[0] <= len(article) <= _HOST_LENGTHS[1]:
            hosts.setdefault(language, []).append(article)
    manuals = [each.text for each in texts_of_kind("man ja", half, evalsets)]
    hosts["ja"] = [text for text in manuals if _HOST_LENGTHS[0] <= len(text) <= _HOST_LENGTHS[1]]
    return hosts


def _placed(
    host: str, block: str, place: str, about: tuple[str, str, str, str, bool], chance: random.Random
) -> Positive:
    lines = host.splitlines()
    at = {"head": 0, "middle": max(1, len(lines) // 2), "tail": len(lines)}[place]
    gap = chance.choice(["\n", "\n\n", "\n    "])
    before, after = "\n".join(lines[:at]), "\n".join(lines[at:])
    start = len(before) + (len(gap) if before else 0)
    text = (f"{before}{gap}" if before else "") + block + (f"{gap}{after}" if after else "")
    category, language, host_language, layout, hidden = about
    end = start + len(block)
    return Positive(text, start, end, category, language, host_language, place, layout, hidden)


def _block(
    words: Mapping[str, Any], category: str, language: str, layout: str, hidden: bool, chance: random.Random
) -> str:
    fragments = list(_fragments(words, category, language, chance))
    if chance.random() < 0.4:
        contact = chance.choice(words["contacts"]).replace("{n}", str(chance.randint(10, 99)))
        fragments.insert(chance.randrange(len(fragments)), contact)
    if hidden:
        fragments = [_with_zero_width(each, words["zero_width"], chance) for each in fragments]
    separators: list[str] = words["separators"]
    separator = chance.choice(separators)
    if layout == "lines":
        return "\n".join(fragments)
    if layout == "spaced":
        return "\n\n".join(fragments)
    if layout == "wrapped":
        rows = [fragments[at : at + _WRAPPED] for at in range(0, len(fragments), _WRAPPED)]
        return "\n".join(separator.join(row) for row in rows)
    return separator.join(fragments)


def _fragments(words: Mapping[str, Any], category: str, language: str, chance: random.Random) -> Iterator[str]:
    topics: Sequence[str] = words["topics"][category][language]
    calls: Sequence[str] = words["calls"][language]
    glue = " " if language in _JOINED_BY_SPACES else ""
    for _ in range(chance.randint(12, 45)):
        parts = chance.sample(topics, chance.randint(*words["topics_a_fragment"]))
        parts += chance.sample(calls, chance.randint(*words["calls_a_fragment"]))
        if chance.random() < 0.3:
            parts.append(chance.choice(words["codes"]))
        chance.shuffle(parts)
        yield glue.join(parts)


def _with_zero_width(fragment: str, characters: Sequence[str], chance: random.Random) -> str:
    at = chance.randint(1, max(1, len(fragment) - 1))
    return fragment[:at] + chance.choice(characters) + fragment[at:]
