"""`python -m eval.encodings --texts DIR`: are bytes of unknown encoding read exactly?

Samples of 300 characters of real texts, encoded in the encodings that are in use for their language, read back without
any declaration. DIR holds a folder of texts for each language (ja/*.txt); the public sets are read too. Documents are
split by the hash of their text: rules were tuned on one half, and the other half is reported.
"""

import argparse
import codecs
import hashlib
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.run import DEFAULT_EVALSETS
from eval.sets import read_lines
from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.records import RawFile

_UNICODE = ("utf-8", "utf-8-sig", "utf-16 with BOM", "utf-16-le", "utf-16-be")
_LEGACY = {
    "zh": ("gb18030", "gbk"),
    "zh-Hant": ("big5",),
    "ja": ("shift_jis", "euc_jp", "iso2022_jp"),
    "ko": ("euc_kr",),
    "ru": ("windows-1251", "koi8-r", "cp866"),
    "uk": ("windows-1251", "koi8-u"),
    "kk": ("kz1048",),
    "tr": ("windows-1254",),
    "de": ("windows-1252",),
    "es": ("windows-1252",),
    "fr": ("windows-1252",),
    "pl": ("windows-1250", "iso8859-2"),
    "cs": ("windows-1250",),
    "hu": ("windows-1250",),
    "ro": ("windows-1250",),
    "el": ("windows-1253",),
    "ar": ("windows-1256",),
    "he": ("windows-1255",),
    "th": ("cp874",),
}
_AIM = {
    *("utf-8", "utf-8-sig", "utf-16 with BOM", "utf-16-le", "utf-16-be", "gb18030", "gbk", "big5"),
    *("windows-1251", "koi8-r", "shift_jis", "euc_jp", "euc_kr", "windows-1252", "windows-1254"),
}
"""The encodings that the aim of 99 % is set for."""


def read_texts(folder: Path, evalsets: Path) -> dict[str, list[str]]:
    """The documents by language."""
    texts: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*/*.txt")):
        texts[path.parent.name].append(path.read_text(encoding="utf-8"))
    for path in sorted(evalsets.glob("*/corpus*.jsonl")):
        language = path.name.removeprefix("corpus").removesuffix(".jsonl").lstrip(".") or _language_of_set(path)
        if language:
            texts[language] += [str(line["text"]) for line in read_lines(path)]
    return texts


def _language_of_set(path: Path) -> str:
    return {"cmrc2018_trial": "zh", "drcd_dev": "zh-Hant", "kazqad_val": "kk"}.get(path.parent.name, "")


def is_held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


def samples(texts: list[str], encoding: str, length: int, most: int, stretches: int) -> Iterator[tuple[str, bytes]]:
    """Stretches of the texts and their bytes; characters that the encoding has not are left out before the cut."""
    drawn = random.Random(0)
    for text in drawn.sample(texts, min(most, len(texts))):
        held = _held(text.replace("\ufeff", ""), encoding)
        if len(held) > length // 3:
            for _ in range(min(stretches, max(1, len(held) // length))):
                start = drawn.randrange(max(1, len(held) - length))
                sample = held[start : start + length]
                if not sample.isascii():
                    yield sample, _encoded(sample, encoding)


def _encoded(text: str, encoding: str) -> bytes:
    if encoding == "utf-16 with BOM":
        return codecs.BOM_UTF16_LE + text.encode("utf-16-le")
    return text.encode(encoding)


def _held(text: str, encoding: str) -> str:
    return text if encoding.startswith("utf") else text.encode(encoding, "ignore").decode(encoding)


def measure(
    texts: dict[str, list[str]], length: int, most: int, stretches: int, tuning: bool, show: int
) -> dict[str, dict[str, dict[str, float]]]:
    """By encoding and language: samples, exactly read ones, of the wrong ones those said to be certain."""
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for language in sorted(texts):
        ours = [text for text in texts[language] if is_held_out(text) != tuning]
        for encoding in (*_UNICODE, *_LEGACY.get(language, ())):
            counts: Counter[str] = Counter()
            begin = time.perf_counter()
            for sample, content in samples(ours, encoding, length, most, stretches):
                counts["n"] += 1
                outcome, name = _outcome(sample, content)
                counts[outcome] += 1
                if outcome not in ("exact", "exact but unsure") and show > 0:
                    show -= 1
                    print(language, encoding, outcome, name, repr(sample[:60]))
            if counts["n"]:
                exact = counts["exact"] + counts["exact but unsure"]
                found[encoding][language] = {
                    "n": counts["n"],
                    "exact": exact,
                    "unsure": counts["exact but unsure"],
                    "wrong and certain": counts["wrong"],
                    "ms": (time.perf_counter() - begin) * 1000 / counts["n"],
                }
    return found


def _outcome(sample: str, content: bytes) -> tuple[str, str]:
    try:
        text, encoding = decode(RawFile("sample.txt", content, {}))
    except BadFile as error:
        return "refused", str(error)
    exact, sure = text == sample, encoding.is_certain
    outcome = ("exact" if sure else "exact but unsure") if exact else ("wrong" if sure else "wrong but unsure")
    return outcome, f"{encoding.name} {encoding.candidates}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS)
    parser.add_argument("--length", type=int, default=300, help="characters of a sample")
    parser.add_argument("--most", type=int, default=200, help="documents for each language and encoding")
    parser.add_argument("--stretches", type=int, default=1, help="samples of a document, where it is long enough")
    parser.add_argument("--tuning", action="store_true", help="the half that rules may be tuned on")
    parser.add_argument("--show", type=int, default=0, help="so many of the misread samples")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    texts = read_texts(arguments.texts, arguments.evalsets)
    found = measure(texts, arguments.length, arguments.most, arguments.stretches, arguments.tuning, arguments.show)
    table = Table("encoding", "samples", "exact %", "of them unsure %", "wrong and certain", "ms", "worst language")
    for encoding, by_language in found.items():
        total = Counter[str]()
        for counts in by_language.values():
            total.update(counts)
        worst = min(by_language, key=lambda each: by_language[each]["exact"] / by_language[each]["n"])
        share = 100 * by_language[worst]["exact"] / by_language[worst]["n"]
        table.add_row(
            encoding + ("" if encoding in _AIM else " (no aim)"),
            str(total["n"]),
            f"{100 * total['exact'] / total['n']:.2f}",
            f"{100 * total['unsure'] / total['n']:.1f}",
            str(total["wrong and certain"]),
            f"{total['ms'] / len(by_language):.1f}",
            f"{worst} {share:.1f}",
        )
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
