"""Proves a question set: every quote stands in its document, every answer in a quote.

    python -m eval.check_questions [FILE] [--documents DIR]

Prints the counts by language pair. One line a defect and exit code 2 when something is wrong.
"""

import argparse
import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEFAULT_FILE = HERE / "questions" / "seeds.jsonl"
DEFAULT_DOCUMENTS = HERE.parent / "seeds"

LANGUAGES = frozenset({"en", "zh", "ru", "kk", "ky", "uz", "tg", "tk"})
QUESTION_TYPES: Mapping[str, type] = {
    "id": str,
    "question": str,
    "language": str,
    "answerable": bool,
    "evidence": list,
    "answers": list,
}
EVIDENCE_TYPES: Mapping[str, type] = {"document": str, "quote": str}
SHORTEST_QUOTE, LONGEST_QUOTE = 8, 400
NO_EVIDENCE = "-"


@dataclass(frozen=True)
class Evidence:
    document: str
    quote: str


@dataclass(frozen=True)
class Question:
    line: int
    id: str
    question: str
    language: str
    answerable: bool
    evidence: tuple[Evidence, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A document as the checker needs it: its text with the line ends of its bytes, and its language."""

    text: str
    language: str


@dataclass(frozen=True)
class Defect:
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class SchemaError(ValueError):
    """A line that is not a question; says what is wrong with it."""


def fold(text: str) -> str:
    """Case and white space folded: two questions with the same fold are one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_questions(lines: Sequence[str]) -> tuple[list[Question], list[Defect]]:
    """One JSON object a line; lines that are not a question become defects."""
    questions: list[Question] = []
    defects: list[Defect] = []
    for number, line in enumerate(lines, 1):
        try:
            questions.append(parse_question(line, number))
        except SchemaError as error:
            defects.append(Defect(number, str(error)))
    return questions, defects


def parse_question(line: str, number: int) -> Question:
    """Raises SchemaError."""
    try:
        record: object = json.loads(line, object_pairs_hook=_unique_keys)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SchemaError(f"not JSON ({error})") from None
    fields = _fields(record, QUESTION_TYPES, "the question")
    return Question(
        line=number,
        id=_text(fields["id"], "id"),
        question=_text(fields["question"], "question"),
        language=_text(fields["language"], "language"),
        answerable=fields["answerable"] is True,
        evidence=tuple(_parse_evidence(item) for item in _items(fields["evidence"])),
        answers=tuple(_text(item, "answers") for item in _items(fields["answers"])),
    )


def _parse_evidence(item: object) -> Evidence:
    fields = _fields(item, EVIDENCE_TYPES, "evidence")
    return Evidence(_text(fields["document"], "evidence.document"), _text(fields["quote"], "evidence.quote"))


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise SchemaError(f"a key stands twice: {', '.join(sorted({k for k in keys if keys.count(k) > 1}))}")
    return dict(pairs)


def _fields(record: object, types: Mapping[str, type], what: str) -> Mapping[str, object]:
    if not isinstance(record, dict):
        raise SchemaError(f"{what} is not an object")
    if unknown := sorted(record.keys() - types.keys()):
        raise SchemaError(f"{what} has unknown keys: {', '.join(unknown)}")
    if missing := sorted(types.keys() - record.keys()):
        raise SchemaError(f"{what} lacks {', '.join(missing)}")
    for key, kind in types.items():
        if not isinstance(record[key], kind):
            raise SchemaError(f"{key} is not of type {kind.__name__}")
    return record


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SchemaError(f"{name} is not a text, or is blank")
    if value != value.strip():
        raise SchemaError(f"{name} begins or ends with white space")
    return value


def check_questions(questions: Sequence[Question], sources: Mapping[str, Source]) -> list[Defect]:
    """What is wrong with well-formed questions, in the order of the file."""
    defects = [*_check_unique(questions)]
    for question in questions:
        defects.extend(Defect(question.line, f"{question.id}: {m}") for m in _check_question(question, sources))
    return sorted(defects, key=lambda defect: defect.line)


def _check_unique(questions: Sequence[Question]) -> Iterator[Defect]:
    first_ids: dict[str, int] = {}
    first_questions: dict[str, int] = {}
    for question in questions:
        line = first_ids.setdefault(question.id, question.line)
        if line != question.line:
            yield Defect(question.line, f"{question.id}: this id stands in line {line} too")
        line = first_questions.setdefault(fold(question.question), question.line)
        if line != question.line:
            yield Defect(question.line, f"{question.id}: the same question stands in line {line}")


def _check_question(question: Question, sources: Mapping[str, Source]) -> Iterator[str]:
    if question.language not in LANGUAGES:
        yield f"unknown language {question.language!r}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", question.id):
        yield "the id is not made of a-z, 0-9 and single hyphens"
    if question.answerable and not (question.evidence and question.answers):
        yield "answerable, but without evidence or answers"
    if not question.answerable and (question.evidence or question.answers):
        yield "not answerable, but with evidence or answers"
    if len(set(question.evidence)) < len(question.evidence):
        yield "the same evidence stands twice"
    if len(set(question.answers)) < len(question.answers):
        yield "the same answer stands twice"
    for evidence in question.evidence:
        yield from _check_evidence(evidence, sources)
    quotes = [evidence.quote.casefold() for evidence in question.evidence]
    for answer in question.answers:
        if quotes and not any(answer.casefold() in quote for quote in quotes):
            yield f"the answer {answer!r} stands in none of the quotes"


def _check_evidence(evidence: Evidence, sources: Mapping[str, Source]) -> Iterator[str]:
    source = sources.get(evidence.document)
    if source is None:
        yield f"no document {evidence.document!r}"
        return
    if not SHORTEST_QUOTE <= len(evidence.quote) <= LONGEST_QUOTE:
        yield f"a quote of {len(evidence.quote)} characters ({SHORTEST_QUOTE} to {LONGEST_QUOTE} are allowed)"
    times = source.text.count(evidence.quote)
    if times == 0:
        yield f"the quote does not stand in {evidence.document}: {evidence.quote[:60]!r}"
    elif times > 1:
        yield f"the quote stands {times} times in {evidence.document}: {evidence.quote[:60]!r}"


def load_sources(folder: Path) -> dict[str, Source]:
    """The documents that the folder's manifest.jsonl names. Raises OSError, ValueError, KeyError."""
    sources: dict[str, Source] = {}
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        name = entry["file_name"]
        if not isinstance(name, str) or Path(name).name != name:
            raise ValueError(f"manifest.jsonl: {name!r} is not a plain file name")
        sources[name] = Source((folder / name).read_bytes().decode("utf-8"), entry["language"])
    return sources


def language_pair(question: Question, sources: Mapping[str, Source]) -> str:
    """`kk>zh`; `kk>en+zh` when documents of both languages answer; `kk>-` when none does."""
    languages = sorted({sources[evidence.document].language for evidence in question.evidence})
    return f"{question.language}>{'+'.join(languages) or NO_EVIDENCE}"


def print_counts(questions: Sequence[Question], sources: Mapping[str, Source]) -> None:
    for pair, count in sorted(Counter(language_pair(question, sources) for question in questions).items()):
        print(f"{pair:<10} {count:>4}")
    answerable = sum(question.answerable for question in questions)
    print(f"{len(questions)} questions: {answerable} answerable, {len(questions) - answerable} not")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.check_questions", description="Check a question set.")
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT_FILE, help="question set (default: %(default)s)")
    parser.add_argument(
        "--documents",
        type=Path,
        default=DEFAULT_DOCUMENTS,
        metavar="DIR",
        help="folder of the documents, with their manifest.jsonl (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        sources = load_sources(options.documents)
        lines = options.file.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return 2
    questions, defects = read_questions(lines)
    defects = sorted([*defects, *check_questions(questions, sources)], key=lambda defect: defect.line)
    for defect in defects:
        print(f"{options.file}: {defect}", file=sys.stderr)
    if defects:
        return 2
    print_counts(questions, sources)
    return 0


if __name__ == "__main__":
    sys.exit(main())
