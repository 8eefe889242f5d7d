"""The same ids as transformers gives, without its shared state and with a quarter of its memory."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, BatchEncoding

from embeddings.batches import batches
from embeddings.errors import ModelError
from embeddings.pieces import UNIGRAM_PIECES, Splitter, Tokenizer, Unigram, open_splitter
from embeddings.pieces_export import write_unigram
from embeddings.token_ids import TokenIds, longest_first, padded

TEXTS = [
    "Trade grew by a third in 2024.", "  Сауда үштен\tбірге өсті.\n", "贸易额增长了三分之一。", "a", "", " ",
    "नमस्ते दुनिया 🙂", "التجارة نمت بمقدار الثلث", "Thương mại với Việt Nam", "무역이 3분의 1 증가했다และการค้า ﬁ",
    "The second summit was held in Astana. " * 60, "第二届峰会在阿斯塔纳举行。" * 90,
]  # fmt: skip


@pytest.fixture(scope="module")
def small(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the vocabulary as the export writes it."""
    folder = tmp_path_factory.mktemp("small")
    assert write_unigram(model_folder, folder)
    return folder


@pytest.fixture(scope="module", params=["tokenizer.json", "unigram"])
def splitter(request: pytest.FixtureRequest, model_folder: Path, small: Path) -> Splitter:
    return open_splitter(model_folder, small if request.param == "unigram" else model_folder)


@pytest.fixture
def tokens(splitter: Splitter) -> TokenIds:
    return TokenIds(splitter, padding=1)


@pytest.mark.model
@pytest.mark.parametrize("max_tokens", [512, 16])
def test_ids_of_texts_are_those_of_transformers(tokens: TokenIds, model_folder: Path, max_tokens: int) -> None:
    expected = AutoTokenizer.from_pretrained(model_folder)(TEXTS, truncation="longest_first", max_length=max_tokens)
    assert tokens.of(TEXTS, max_tokens) == expected["input_ids"]


@pytest.mark.model
@pytest.mark.parametrize("max_tokens", [224, 17, 16])
@pytest.mark.parametrize("query", TEXTS)
def test_pairs_are_those_of_transformers(tokens: TokenIds, model_folder: Path, query: str, max_tokens: int) -> None:
    expected: BatchEncoding = AutoTokenizer.from_pretrained(model_folder)(
        [query] * len(TEXTS), TEXTS, truncation="longest_first", max_length=max_tokens
    )
    pairs = tokens.of_pairs(query, TEXTS, max_tokens)
    assert [pair.ids for pair in pairs] == expected["input_ids"]
    for pair, whole in zip(pairs, expected.encodings or [], strict=True):
        inside = [position for position, part in enumerate(whole.sequence_ids) if part == 1]
        assert pair.places == [whole.offsets[position] for position in inside]
        assert inside == list(range(pair.first, pair.first + len(inside)))


@pytest.mark.model
def test_threads_with_other_limits_do_not_disturb_each_other(tokens: TokenIds) -> None:
    expected = {limit: tokens.of(TEXTS, limit) for limit in (8, 64, 512)}
    with ThreadPoolExecutor(6) as pool:
        for limit, found in pool.map(lambda limit: (limit, tokens.of(TEXTS, limit)), [8, 64, 512] * 20):
            assert found == expected[limit]


@pytest.fixture(scope="module")
def both(model_folder: Path, small: Path) -> tuple[Splitter, Splitter]:
    return Tokenizer(model_folder), Unigram(small)


@pytest.mark.model
@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_split_alike(both: tuple[Splitter, Splitter], text: str) -> None:
    own, unigram = both
    assert unigram.ids_with_places([text]) == own.ids_with_places([text])
    assert unigram.ids([text]) == own.ids([text])


@pytest.mark.model
def test_no_text_spells_a_special_token(small: Path, model_folder: Path) -> None:
    (ids,) = open_splitter(model_folder, small).ids(["one </s> two <s> three <pad> four <mask>"])
    assert not {0, 1, 2} & set(ids)
    assert len(ids) > 8


def test_a_folder_without_a_sound_tokenizer_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tokenizer\.json: no tokenizer"):
        Tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer\.json: no tokenizer"):
        Tokenizer(tmp_path)


@pytest.mark.model
def test_a_damaged_vocabulary_is_refused_by_name(small: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path, dirs_exist_ok=True)
    (tmp_path / UNIGRAM_PIECES).write_bytes(b"\0" * 100)
    with pytest.raises(ModelError, match=r"pieces\.model: no vocabulary"):
        Unigram(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"pre_tokenizer": {"type": "Whitespace"}},
        {"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}},
        {"model": {"type": "WordPiece", "vocab": {}}},
        {"model": {"type": "Unigram", "unk_id": 0, "vocab": [], "byte_fallback": True}},
        {"normalizer": None},
        {"added_tokens": [{"id": 2, "content": "[SEP]"}]},
    ],
)
def test_a_vocabulary_of_another_kind_keeps_its_own_tokenizer(tmp_path: Path, change: dict[str, object]) -> None:
    known = {
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["▁a", -1.0]]},
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(known | change))
    assert not write_unigram(tmp_path, tmp_path)
    (tmp_path / "tokenizer.json").write_text(json.dumps(known))
    assert write_unigram(tmp_path, tmp_path)


@pytest.mark.model
def test_truncation_and_padding_of_the_file_do_not_count(model_folder: Path, tmp_path: Path) -> None:
    text = (model_folder / "tokenizer.json").read_text(encoding="utf-8")
    limits = '"truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}'
    (tmp_path / "tokenizer.json").write_text(text.replace('"truncation": null', limits, 1), encoding="utf-8")
    assert '"max_length": 4' in (tmp_path / "tokenizer.json").read_text(encoding="utf-8")
    assert Tokenizer(tmp_path).ids(TEXTS) == Tokenizer(model_folder).ids(TEXTS)


@pytest.mark.parametrize(
    ("first", "second", "room", "expected"),
    [(3, 4, 7, (3, 4)), (3, 9, 7, (3, 4)), (9, 3, 7, (4, 3)), (9, 9, 7, (3, 4)), (9, 10, 6, (3, 3)), (0, 9, 7, (0, 7))],
)
def test_the_longer_one_is_cut_first(first: int, second: int, room: int, expected: tuple[int, int]) -> None:
    assert longest_first(first, second, room) == expected


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 600))
def test_batches_hold_every_row_once_and_keep_to_their_size(lengths: list[int], max_tokens: int) -> None:
    found = batches(lengths, max_tokens)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= max_tokens
    assert [lengths[i] for batch in found for i in batch] == sorted(lengths)


@given(st.lists(st.integers(1, 600), min_size=1, max_size=60), st.integers(1, 600), st.integers(2, 4))
def test_batches_that_are_read_side_by_side_are_even(lengths: list[int], max_tokens: int, at_once: int) -> None:
    one_by_one, found = batches(lengths, max_tokens), batches(lengths, max_tokens, at_once)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert len(one_by_one) <= len(found) <= -(-len(one_by_one) // at_once) * at_once

    def largest(cut: list[list[int]]) -> int:
        return max(len(batch) * max(lengths[i] for i in batch) for batch in cut)

    assert largest(found) <= largest(one_by_one)


def test_two_readers_share_the_passages_of_a_question() -> None:
    assert batches([110, 112, 108, 111, 112, 110, 109, 112], 1_024, 2) == [[2, 6, 0, 5], [3, 1, 4, 7]]
    assert batches([21], 512, 2) == [[0]]
    assert batches([], 512, 2) == []


def test_rows_are_padded_behind_their_ids() -> None:
    ids, mask = padded([[5], [6, 7, 8]], padding=1)
    assert ids.tolist() == [[5, 1, 1], [6, 7, 8]]
    assert mask.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert padded([[5], [6, 7, 8]], padding=1, multiple=4)[0].tolist() == [[5, 1, 1, 1], [6, 7, 8, 1]]
