"""Who speaks: lines that name a speaker with an office, and the turns of an interview."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from qa_service.ingest.lines import Line

_MAX_SPEAKER = 200
_HAN_NAME = r"(?:\p{Han}{2,4}|\p{Han}[ \u3000]\p{Han}{1,2}|\p{Han}{1,8}(?:[·•・‧]\p{Han}{1,10})+)"
_HAN_OFFICE = (
    r"[^\s，。！？；：,.;:]{0,40}(?:[长長任官家使员員书書记記理裁编編辑輯授席人师師事者士督相统統]|代表|顾问|顧問)"
)
_NAME_WORD = r"(?:\p{Lu}[\p{L}\p{M}'’ʻʼ`‘]*(?:[-–]\p{L}[\p{L}\p{M}'’ʻʼ`‘]*)*|\p{Lu}\.)"
_NAME = rf"{_NAME_WORD}(?:\s+{_NAME_WORD}){{1,3}}"
_OFFICES = (
    "director|president|minister|ambassador|chair|editor|secretary|professor|head|chief|governor|mayor|manager|founder",
    "rector|dean|senator|deputy|correspondent|fellow|analyst|expert|spokes|commissioner|representative|officer|scien",
    "research|journalist|academic|директор|президент|министр|посол|председ|редактор|секретар|профессор|глава|руководит",
    "начальник|губернатор|аким|мэр|ректор|депутат|корреспондент|эксперт|аналитик|представит|журналист|академик",
    "заместит|төраға|елші|басшы|хатшы|әкім|сарапшы|төрага|элчи|башчы|катчы|rais|vazir|elchi|direktor|rahbar|muharrir",
    "kotib|раис|вазир|сафир|роҳбар|муҳаррир|котиб|başlyk|ministr|ilçi|redaktor|ýolbaşçy",
)
_OFFICE = rf"\b(?:{'|'.join(_OFFICES)})"
_SPEAKER_LINES = (
    regex.compile(rf"{_HAN_OFFICE}[ \u3000]+(?P<name>{_HAN_NAME})"),
    regex.compile(rf"(?P<name>{_HAN_NAME})[ \u3000，,]+{_HAN_OFFICE}"),
    regex.compile(rf"(?P<name>{_NAME})\s*(?:,|\s[–—-])\s*[^.!?;]*(?i:{_OFFICE})[^.!?;]*"),
    regex.compile(rf"(?i:{_OFFICE})[^.!?;,]*\s(?P<name>{_NAME})"),
    regex.compile(rf"[\p{{L}}-]+\s+(?i:{_OFFICE})[^.!?;,]*\s(?P<name>{_NAME})"),
)
_TURN = regex.compile(
    r"(?:\*\*)?(?P<label>\p{L}[^\s:：]*(?:[ \u3000][^\s:：]+){0,3})(?:\*\*)?[:：](?:\*\*)?(?=\s*(?P<said>\S.*)?$)"
)
_QUESTION = regex.compile(
    r"q|question|в|вопрос|问|問|提问|提問|с|сұрақ|суроо|savol|савол|sorag|с[ұу]рақ|interviewer|журналист|корреспондент"
    r"|记者|記者|тілші|кабарчы|muxbir|мухбир",
    regex.IGNORECASE,
)
_NO_NAME = regex.compile(
    r"note|notes|warning|tip|caution|example|source|see|photo|important|hint|remark|примечание|внимание|пример|источник"
    r"|фото|注|注意|说明|說明|例|例如|提示|来源|來源|ескерту|мысал|эскертүү|мисол|eslatma|info|error|debug|warn",
    regex.IGNORECASE,
)
_MIN_TURNS = 4
_MIN_SHARE = 0.5
_ASKS = 0.6
_NEAR = 10


@dataclass(frozen=True, slots=True)
class Turn:
    """What one says, from line `index` on. `label` is who says it, as it stands before the colon."""

    index: int
    label: str
    said: str

    @property
    def asks(self) -> bool:
        return self.said.rstrip("\"'”’»").endswith(("?", "？", "؟"))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answers, or where nobody asks, one turn. `speaker` is who answers."""

    index: int
    title: str
    speaker: str | None


def is_speaker_line(line: Line) -> bool:
    """A person's name beside an office, and nothing else: no sentence does without a mark that is missing here."""
    return speaker_name(line) is not None


def speaker_name(line: Line) -> str | None:
    """The name in a line that is a speaker's."""
    if line.width > _MAX_SPEAKER:
        return None
    matches = (pattern.fullmatch(line.text) for pattern in _SPEAKER_LINES)
    return next((str(match["name"]) for match in matches if match), None)


def find_exchanges(lines: Sequence[Line]) -> list[Exchange]:
    """The exchanges of an interview; nothing where the labels before the colons are not those of people who talk."""
    turns = _turns(lines)
    if not turns:
        return []
    askers = _askers(turns)
    if not askers:
        return [Exchange(turn.index, turn.label, turn.label) for turn in turns]
    exchanges: list[Exchange] = []
    for i, turn in enumerate(turns):
        if turn.label in askers:
            answer = next((other for other in turns[i + 1 : i + 1 + _NEAR] if other.label not in askers), None)
            speaker = answer.label if answer is not None and not _is_marker(answer.label) else None
            exchanges.append(Exchange(turn.index, turn.said or turn.label, speaker))
        elif not exchanges:
            exchanges.append(Exchange(turn.index, turn.label, None if _is_marker(turn.label) else turn.label))
    return exchanges


def _is_marker(label: str) -> bool:
    """Q and A are nobody's names."""
    return len(label) == 1 or _QUESTION.fullmatch(label) is not None or label.lower() in _ANSWERS


_ANSWERS = {"answer", "ответ", "жауап", "жооп", "javob", "жавоб", "ҷавоб", "jogap"}


def _askers(turns: Sequence[Turn]) -> set[str]:
    """Whose turns are questions: by the label, or since most of them end in a question mark. Not everyone's."""
    labels = {turn.label for turn in turns}
    named = {label for label in labels if _QUESTION.fullmatch(label)}
    if not named:
        asked = Counter(turn.label for turn in turns if turn.asks)
        said = Counter(turn.label for turn in turns)
        named = {label for label in labels if asked[label] >= _ASKS * said[label]}
    return named if named != labels else set()


def _turns(lines: Sequence[Line]) -> list[Turn]:
    turns = [
        Turn(index, match["label"].strip("* "), (match["said"] or "").strip("* "))
        for index, line in enumerate(lines)
        if (match := _TURN.match(line.text)) and _is_label(match["label"].strip("* "))
    ]
    counts = Counter(turn.label for turn in turns)
    turns = [turn for turn in turns if counts[turn.label] > 1]
    if len(turns) < _MIN_TURNS or len({turn.label for turn in turns}) < 2:
        return []
    changes = sum(a.label != b.label for a, b in pairwise(turns))
    if changes < _MIN_SHARE * (len(turns) - 1):  # who talks to somebody lets him answer
        return []
    covered = sum(line.width for line in lines[turns[0].index :])
    return turns if covered >= _MIN_SHARE * sum(line.width for line in lines) else []


def _is_label(label: str) -> bool:
    first = label[0]
    return (first.isupper() or not first.islower()) and len(label) <= 40 and not _NO_NAME.fullmatch(label)
