"""A tiny parallel set in the layout of the public sets, made on the spot."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

WORDS = {
    "en": ["red apple", "green pear", "blue plum", "black cherry"],
    "ru": ["красное яблоко", "зелёная груша", "синяя слива", "чёрная вишня"],
    "zh": ["红色 苹果", "绿色 梨", "蓝色 李子", "黑色 樱桃"],
}


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def write_parallel_set(folder: Path) -> None:
    """Four documents in three languages, one question on each with the document's text as question and answer."""
    for language, words in WORDS.items():
        write_lines(
            folder / f"corpus.{language}.jsonl",
            [{"id": f"d{i}", "title": "", "text": text, "language": language} for i, text in enumerate(words)],
        )
        write_lines(
            folder / f"queries.{language}.jsonl",
            [
                {
                    "id": f"q{i}",
                    "question": text,
                    "language": language,
                    "relevant": [f"d{i}"],
                    "answers": [text],
                    "answerable": True,
                }
                for i, text in enumerate(words)
            ],
        )
