import json
import random
import unicodedata

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from embeddings.bundled import find_weights
from embeddings.charsmap import normaliser
from embeddings.errors import ModelError
from embeddings.packed_weights import parse

SPACES = "  "


@pytest.fixture(scope="module")
def characters() -> dict[int, str]:
    return parse(find_weights().read_bytes()).characters


def _normalise(characters: dict[int, str], texts: list[str]) -> list[str]:
    tokenizer = json.loads(Tokenizer(WordLevel({"a": 0}, unk_token="a")).to_str())
    tokenizer["normalizer"] = normaliser(characters)
    built = Tokenizer.from_str(json.dumps(tokenizer)).normalizer
    assert built is not None
    return [built.normalize_str(text) for text in texts]


def _one_by_one(characters: dict[int, str], text: str) -> str:
    mapped = "".join(characters.get(ord(character), character) for character in text)
    while SPACES in mapped:
        mapped = mapped.replace(SPACES, " ")
    return mapped


def test_every_code_point_is_mapped_as_the_file_says(characters: dict[int, str]) -> None:
    texts = [f"a{chr(code)}b" for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
    assert _normalise(characters, texts) == [_one_by_one(characters, text) for text in texts]


def test_marks_behind_mapped_characters_are_kept(characters: dict[int, str]) -> None:
    marks = ["\u0301", "\u064e", "\u05b0", "\u0e4d", "\u200d", "\ufe0f", "\uff9e", "\u0344"]
    texts = [chr(code) + mark + "x" for code in characters for mark in marks]
    assert _normalise(characters, texts) == [_one_by_one(characters, text) for text in texts]


def test_random_strings_are_mapped_character_by_character(characters: dict[int, str]) -> None:
    chance = random.Random(0)
    assigned = [chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    marks = [character for character in assigned if unicodedata.category(character)[0] == "M"]
    groups = (assigned, marks, [chr(code) for code in characters], [" "])
    texts = ["".join(chance.choice(chance.choice(groups)) for _ in range(6)) for _ in range(50_000)]
    assert _normalise(characters, texts) == [_one_by_one(characters, text) for text in texts]


def test_a_map_that_keeps_the_separator_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be applied exactly"):
        normaliser({0xFB01: "fi"})
