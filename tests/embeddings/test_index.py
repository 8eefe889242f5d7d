"""Every search is compared with brute force in numpy: ids and scores."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pytest

from embeddings.base_index import BaseIndex, Ids, Scores
from embeddings.durable import file_sha256
from embeddings.encoder import Vectors
from embeddings.errors import IndexFileError
from embeddings.hashing import HashingEncoder
from embeddings.index import VectorIndex

DIMENSION = 16
CLOSE = 1e-5
NO_IDS = np.empty(0, dtype=np.int64)


def unit_vectors(count: int, seed: int | np.random.Generator = 0, dimension: int = DIMENSION) -> Vectors:
    numbers = np.random.default_rng(seed).normal(size=(count, dimension))
    vectors: Vectors = (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def ids_from(first: int, count: int) -> Ids:
    return np.arange(first, first + count, dtype=np.int64)


def assert_is_exact(
    index: VectorIndex, truth: dict[int, Vectors], queries: Vectors, k: int, allowed: Ids | None
) -> None:
    """The answer of `index` is that of brute force over `truth`, up to rounding of the scores."""
    chosen = sorted(truth if allowed is None else truth.keys() & set(allowed.tolist()))
    scores, ids = index.search(queries, k, allowed)
    assert scores.shape == ids.shape == (len(queries), k)
    exact = queries.astype(np.float64) @ np.array([truth[i] for i in chosen]).reshape(-1, DIMENSION).T
    for row in range(len(queries)):
        assert_row_is_exact(scores[row], ids[row], dict(zip(chosen, exact[row].tolist(), strict=True)))


def assert_row_is_exact(scores: Scores, ids: Ids, exact: dict[int, float]) -> None:
    count = min(len(ids), len(exact))
    best = sorted(exact.values(), reverse=True)[:count]
    assert np.allclose(scores[:count], best, atol=CLOSE)
    assert np.all(ids[count:] == -1)
    assert np.all(scores[count:] == -np.inf)
    found = ids[:count].tolist()
    assert len(set(found)) == count
    assert set(found) <= set(exact)
    assert np.allclose(scores[:count], [exact[i] for i in found], atol=CLOSE)
    assert np.all(np.diff(scores[:count]) <= 0)


class Model:
    """An index beside the plain dictionary that it must agree with, changed at random."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.index = VectorIndex(DIMENSION)
        self.truth: dict[int, Vectors] = {}
        self.next_id = 1

    def add(self) -> None:
        count = int(self.random.integers(0, 30))
        vectors = unit_vectors(count, self.random)
        if self.truth and count and self.random.random() < 0.3:
            vectors[0] = next(iter(self.truth.values()))  # the same text in two documents
        ids = self.next_id + np.cumsum(self.random.integers(1, 4, size=count))
        self.index.add(ids, vectors)
        self.truth.update(zip(ids.tolist(), vectors, strict=True))
        self.next_id = int(ids[-1]) + 1 if count else self.next_id

    def remove(self) -> None:
        gone = [i for i in self.truth if self.random.random() < 0.25]
        self.index.remove(gone)
        for i in gone:
            del self.truth[i]

    def rebase(self) -> None:
        """A base of what was there a moment ago; meanwhile some of it is removed and more is added."""
        kept = dict(self.truth)
        self.remove()
        self.add()
        ids = np.array(list(kept), dtype=np.int64)
        base = BaseIndex.build(ids, np.array(list(kept.values()), dtype=np.float32).reshape(-1, DIMENSION))
        index = VectorIndex(DIMENSION, base, [i for i in kept if i not in self.truth])
        newer = sorted(i for i in self.truth if i > base.last_id)
        vectors = np.array([self.truth[i] for i in newer], dtype=np.float32).reshape(-1, DIMENSION)
        index.add(np.array(newer, dtype=np.int64), vectors)
        self.index = index

    def check(self) -> None:
        queries = unit_vectors(3, self.random)
        some = [i for i in range(1, self.next_id + 3) if self.random.random() < 0.4]
        k = int(self.random.integers(1, 40))
        for allowed in (None, NO_IDS, np.array(some, dtype=np.int64)):
            assert_is_exact(self.index, self.truth, queries, k, allowed)
        assert len(self.index) == len(self.truth)


@pytest.mark.parametrize("seed", range(40))
def test_search_is_brute_force_after_any_sequence_of_changes(seed: int) -> None:
    model = Model(seed)
    model.check()
    for _ in range(15):
        change: Callable[[], None] = model.random.choice([model.add, model.add, model.remove, model.rebase])
        change()
        model.check()


def test_search_is_brute_force_over_texts_that_share_vectors() -> None:
    encoder = HashingEncoder(DIMENSION)
    texts = ["the trade grew", "Сауда өсті", "贸易增长", "the trade grew", "رشد تجارت", "the trade grew"] * 5
    vectors = encoder.encode_passages(texts)
    index = VectorIndex(DIMENSION, BaseIndex.build(ids_from(1, 15), vectors[:15]))
    index.add(ids_from(16, 15), vectors[15:])
    truth = dict(enumerate(vectors, start=1))
    for k in (1, 4, 14, 15, 16, 30, 31):
        assert_is_exact(index, truth, encoder.encode_queries(["the trade grew", "贸易"]), k, None)


def test_equal_scores_stand_in_the_order_of_their_ids() -> None:
    same = np.repeat(unit_vectors(1), 8, axis=0)
    delta = VectorIndex(DIMENSION)
    delta.add(ids_from(1, 8), same)
    base = VectorIndex(DIMENSION, BaseIndex.build(ids_from(1, 8), same))
    for index in (delta, base):
        assert index.search(same[:1], 8)[1].tolist() == [list(range(1, 9))]


def test_pending_counts_what_a_new_base_would_take_in() -> None:
    index = VectorIndex(DIMENSION, BaseIndex.build(ids_from(1, 10), unit_vectors(10)), deleted=[3])
    index.add(ids_from(11, 4), unit_vectors(4))
    index.remove([5, 6])
    assert (len(index), index.base_size, index.pending) == (11, 10, 7)


def test_a_snapshot_that_is_searched_does_not_change() -> None:
    index = VectorIndex(DIMENSION)
    vectors = unit_vectors(200)
    index.add(ids_from(1, 100), vectors[:100])
    before = index._snapshot
    kept = np.concatenate(before.delta), before.delta_ids.copy(), before.visible.copy()
    index.remove([1, 2, 3])
    index.add(ids_from(101, 100), vectors[100:])
    now = np.concatenate(before.delta), before.delta_ids, before.visible
    assert all(np.array_equal(a, b) for a, b in zip(kept, now, strict=True))


@pytest.mark.parametrize("at_once", [1_000, 4_096, 4_097, 10_000])
def test_many_vectors_are_found_however_they_came(at_once: int) -> None:
    vectors = unit_vectors(10_000)
    index = VectorIndex(DIMENSION)
    for start in range(0, len(vectors), at_once):
        part = vectors[start : start + at_once]
        index.add(ids_from(start + 1, len(part)), part)
    asked = [0, 4_095, 4_096, 8_191, 9_999]
    _, ids = index.search(vectors[asked], 1)
    assert ids[:, 0].tolist() == [each + 1 for each in asked]


def broken(kind: str) -> Vectors:
    vectors = unit_vectors(3)
    match kind:
        case "nan":
            vectors[1, 0] = np.nan
        case "infinite":
            vectors[1, 0] = np.inf
        case "float64":
            return vectors.astype(np.float64)  # type: ignore[return-value]
        case "too long":
            vectors[2] *= 1.01
        case "zero":
            vectors[0] = 0
        case "other dimension":
            return unit_vectors(3, dimension=DIMENSION + 1)
        case "flat":
            return vectors[0]
    return vectors


@pytest.mark.parametrize("kind", ["nan", "infinite", "float64", "too long", "zero", "other dimension", "flat"])
def test_what_is_not_a_unit_vector_is_refused_and_changes_nothing(kind: str) -> None:
    index = VectorIndex(DIMENSION)
    index.add(ids_from(1, 5), unit_vectors(5))
    with pytest.raises(ValueError, match="vectors must be"):
        index.add(ids_from(6, 3), broken(kind))
    with pytest.raises(ValueError, match="vectors must be"):
        index.search(broken(kind), 3)
    assert_is_exact(index, dict(enumerate(unit_vectors(5), start=1)), unit_vectors(2, 7), 8, None)


@pytest.mark.parametrize("kind", ["nan", "infinite", "float64", "too long", "zero"])
def test_a_base_of_what_is_not_a_unit_vector_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="vectors must be"):
        BaseIndex.build(ids_from(1, 3), broken(kind))


@pytest.mark.parametrize("ids", [[5, 6, 7], [6, 6, 7], [7, 6, 8], [6, 7], [6, 7, 8, 9], [-1, 6, 7]])
def test_an_id_comes_once_and_ids_rise(ids: list[int]) -> None:
    index = VectorIndex(DIMENSION)
    index.add(ids_from(1, 5), unit_vectors(5))
    with pytest.raises(ValueError, match="ids must rise"):
        index.add(np.array(ids, dtype=np.int64), unit_vectors(3))
    assert len(index) == 5


def test_an_id_of_the_base_is_not_taken_again() -> None:
    base = BaseIndex.build(ids_from(1, 5), unit_vectors(5))
    opened = VectorIndex(DIMENSION, base)
    emptied = VectorIndex(DIMENSION)
    emptied.add(ids_from(1, 5), unit_vectors(5))
    emptied.remove([4, 5])
    for index in (opened, emptied):
        with pytest.raises(ValueError, match="ids must rise"):
            index.add(ids_from(5, 1), unit_vectors(1))


@pytest.mark.parametrize("ids", [[1, 2, 2], [1, 2]])
def test_a_base_needs_one_id_of_its_own_for_each_vector(ids: list[int]) -> None:
    with pytest.raises(ValueError, match="one id of its own"):
        BaseIndex.build(np.array(ids, dtype=np.int64), unit_vectors(3))


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "base.faiss"
    return path, BaseIndex.build(ids_from(1, 50), unit_vectors(50)).save(path)[0]


def test_a_saved_base_comes_back_as_it_was(saved: tuple[Path, str]) -> None:
    path, sha256 = saved
    base = BaseIndex.load(path, sha256, 50, DIMENSION)
    assert [p.name for p in path.parent.iterdir()] == ["base.faiss"]
    assert (len(base), base.last_id) == (50, 50)
    assert_is_exact(
        VectorIndex(DIMENSION, base), dict(enumerate(unit_vectors(50), start=1)), unit_vectors(4, 1), 60, None
    )


def test_an_empty_base_can_be_saved_loaded_and_searched(tmp_path: Path) -> None:
    path = tmp_path / "base.faiss"
    sha256 = BaseIndex.build(NO_IDS, unit_vectors(0)).save(path)[0]
    index = VectorIndex(DIMENSION, BaseIndex.load(path, sha256, 0, DIMENSION))
    assert_is_exact(index, {}, unit_vectors(2), 3, None)
    index.add(ids_from(1, 2), unit_vectors(2))
    assert_is_exact(index, dict(enumerate(unit_vectors(2), start=1)), unit_vectors(2), 3, None)


CLUSTERED = 32


@pytest.fixture(scope="module")
def clustered() -> tuple[Ids, Vectors]:
    """4,000 vectors around 100 places: what the approximate index is made for."""
    random = np.random.default_rng(3)
    places = random.normal(size=(100, CLUSTERED))
    vectors = places[random.integers(100, size=4_000)] + 0.4 * random.normal(size=(4_000, CLUSTERED))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return ids_from(1, 4_000), vectors.astype(np.float32)


@pytest.fixture(scope="module")
def approximate(clustered: tuple[Ids, Vectors], tmp_path_factory: pytest.TempPathFactory) -> BaseIndex:
    path = tmp_path_factory.mktemp("index") / "base.faiss"
    sha256, _ = BaseIndex.build(*clustered, exact_up_to=1_000).save(path)
    return BaseIndex.load(path, sha256, 4_000, CLUSTERED)


def test_a_large_base_finds_nearly_what_brute_force_does(
    approximate: BaseIndex, clustered: tuple[Ids, Vectors]
) -> None:
    ids, vectors = clustered
    assert not approximate.is_exact
    assert (len(approximate), approximate.last_id) == (4_000, 4_000)
    queries = vectors[::40]
    scores, found = approximate.search(queries, 50, None, NO_IDS)
    exact = queries @ vectors.T
    best = ids[np.argsort(-exact, axis=1)[:, :10]]
    assert np.mean([len(set(a) & set(b)) for a, b in zip(found.tolist(), best.tolist(), strict=True)]) >= 9.8
    assert np.allclose(scores, np.take_along_axis(exact, found - 1, axis=1), atol=0.02)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.5])
def test_a_filter_over_a_large_base_loses_nothing_that_exists(
    approximate: BaseIndex, clustered: tuple[Ids, Vectors], share: float
) -> None:
    ids, vectors = clustered
    allowed = ids[np.random.default_rng(1).random(len(ids)) < share]
    excluded = allowed[::3]
    left = np.setdiff1d(allowed, excluded)
    _, found = approximate.search(vectors[:5], 40, allowed, excluded)
    for row in found:
        shown = row[row > 0]
        assert len(shown) == min(40, len(left))
        assert set(shown.tolist()) <= set(left.tolist())


def test_a_large_base_gives_every_vector_when_as_many_are_asked_for(
    approximate: BaseIndex, clustered: tuple[Ids, Vectors]
) -> None:
    _, found = approximate.search(clustered[1][:1], 4_000, None, ids_from(1, 10))
    assert sorted(found[0].tolist()) == [*[-1] * 10, *range(11, 4_001)]


def test_a_saved_large_base_is_the_one_that_was_built(clustered: tuple[Ids, Vectors], tmp_path: Path) -> None:
    built = BaseIndex.build(*clustered, exact_up_to=1_000)
    sha256, written = built.save(tmp_path / "base.faiss")
    assert sha256 == file_sha256(tmp_path / "base.faiss")
    for one, other in zip(
        built.search(clustered[1][:9], 20, None, NO_IDS),
        written.search(clustered[1][:9], 20, None, NO_IDS),
        strict=True,
    ):
        assert np.array_equal(one, other)


def flip(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [flip, lambda content: content[:-1], lambda content: b"", lambda content: content + b"\0"],
    ids=["flipped bit", "truncated", "emptied", "grown"],
)
def test_a_file_that_is_not_the_committed_one_is_refused(
    saved: tuple[Path, str], damage: Callable[[bytes], bytes]
) -> None:
    path, sha256 = saved
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(IndexFileError, match="not the file that was committed"):
        BaseIndex.load(path, sha256, 50, DIMENSION)


def test_a_missing_file_is_named(saved: tuple[Path, str]) -> None:
    path, sha256 = saved
    path.unlink()
    with pytest.raises(IndexFileError, match=r"base\.faiss is missing"):
        BaseIndex.load(path, sha256, 50, DIMENSION)


@pytest.mark.parametrize(("count", "dimension"), [(49, DIMENSION), (51, DIMENSION), (50, DIMENSION * 2)])
def test_a_file_of_another_size_is_refused(saved: tuple[Path, str], count: int, dimension: int) -> None:
    path, sha256 = saved
    with pytest.raises(IndexFileError, match="holds 50 x 16"):
        BaseIndex.load(path, sha256, count, dimension)


def test_a_committed_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "base.faiss"
    path.write_bytes(b"not an index at all")
    with pytest.raises(IndexFileError, match="not an index that faiss can read"):
        BaseIndex.load(path, file_sha256(path), 50, DIMENSION)


def test_searches_beside_add_and_remove_see_one_state_at_a_time() -> None:
    """Pairs of ids are added and removed together: a reader sees both of a pair or none, and true scores."""
    pairs = 400
    vectors = np.repeat(unit_vectors(pairs, 5), 2, axis=0)
    index = VectorIndex(DIMENSION)
    index.add(ids_from(1, 40), vectors[:40])
    stop = threading.Event()

    def read(seed: int) -> int:
        random = np.random.default_rng(seed)
        searches = 0
        while not stop.is_set():
            query = unit_vectors(1, random)
            scores, ids = index.search(query, 2 * pairs)
            found = ids[0][ids[0] > 0]
            assert set(found.tolist()) == {i for each in found for i in (each - (each - 1) % 2, each + each % 2)}
            assert np.allclose(scores[0][: len(found)], vectors[found - 1] @ query[0], atol=CLOSE)
            searches += 1
        return searches

    def write() -> int:
        random = np.random.default_rng(99)
        changes, present, last = 0, set(range(1, 41)), 40
        end = time.monotonic() + 3
        while time.monotonic() < end:
            if last < 2 * pairs:
                index.add(ids_from(last + 1, 2), vectors[last : last + 2])
                last += 2
                present |= {last - 1, last}
            first = int(random.integers(0, last // 2)) * 2 + 1
            if first in present and len(present) > 20:
                index.remove([first, first + 1])
                present -= {first, first + 1}
            changes += 1
        stop.set()
        return changes

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read, seed) for seed in range(4)]
        changes = pool.submit(write)
        try:
            assert changes.result(timeout=30) > 100
        finally:
            stop.set()
        assert all(reader.result(timeout=30) > 0 for reader in readers)


def test_a_search_leaves_the_number_of_threads_as_it_was() -> None:
    before = faiss.omp_get_max_threads()
    vectors = np.eye(4, dtype=np.float32)
    BaseIndex.build(np.arange(1, 5), vectors).search(vectors, 2, None, np.empty(0, np.int64))
    assert faiss.omp_get_max_threads() == before
