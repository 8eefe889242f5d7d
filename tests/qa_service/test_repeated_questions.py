"""A repeated question is answered from memory, and never from before a change."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.records import Answer, Filters, RawFile, Turn
from qa_service.service import Service

QUESTION = "How many students from Kazakhstan are in China?"
TEXT = "There are over 11 thousand Kazakhstan students in China. They study in Beijing and Shanghai."


class CountingEncoder(HashingEncoder):
    asked = 0

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        self.asked += 1
        return super().encode_queries(queries)


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder(256)


@pytest.fixture
def service(tmp_path: Path, encoder: CountingEncoder) -> Iterator[Service]:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), encoder)
    service.add(RawFile("students.txt", TEXT.encode(), {}))
    service.settle()
    yield service
    service.close()


def same(first: Answer, second: Answer) -> bool:
    """In all but what belongs to one call."""
    return replace(first, id="", timings_ms={}) == replace(second, id="", timings_ms={})


def test_it_is_the_same_answer_with_an_id_and_a_time_of_its_own(service: Service, encoder: CountingEncoder) -> None:
    first, second, third = (service.ask(QUESTION) for _ in range(3))
    assert encoder.asked == 1
    assert same(first, second)
    assert same(first, third)
    assert len({first.id, second.id, third.id}) == 3
    assert {"encode", "search", "answer", "total"} <= first.timings_ms.keys()
    assert second.timings_ms.keys() == {"total"}
    assert second.timings_ms["total"] < first.timings_ms["total"]


def test_the_question_comes_back_as_it_was_put(service: Service, encoder: CountingEncoder) -> None:
    service.ask(QUESTION)
    spaced = QUESTION.replace(" ", "  ")
    assert service.ask(spaced).question == spaced
    assert encoder.asked == 1


def test_other_words_filters_depth_or_history_are_other_questions(service: Service, encoder: CountingEncoder) -> None:
    service.ask(QUESTION)
    service.ask(QUESTION, top_k=3)
    service.ask(QUESTION, filters=Filters(languages=("zh",)))
    service.ask(QUESTION.upper())
    service.ask("And there?", history=[Turn("user", "How many students are in China?")])
    service.ask("And there?", history=[Turn("user", "How many teachers are in China?")])
    assert encoder.asked == 6


def test_an_answer_does_not_survive_an_added_document(service: Service) -> None:
    before = service.ask(QUESTION)
    receipt = service.add(RawFile("more.txt", f"{QUESTION} 12 thousand students.".encode(), {}))
    after = service.ask(QUESTION)
    assert receipt.document_id not in documents_of(before)
    assert receipt.document_id in documents_of(after)
    assert after.index_version != before.index_version


def test_an_answer_does_not_survive_a_deleted_document(service: Service) -> None:
    (document,) = documents_of(service.ask(QUESTION))
    service.delete(document)
    after = service.ask(QUESTION)
    assert not after.answerable
    assert after.citations == after.related == ()


def test_an_answer_does_not_survive_a_rebuilt_index(service: Service, encoder: CountingEncoder) -> None:
    service.ask(QUESTION)
    service.add(RawFile("other.txt", b"Nothing of the kind.", {}))
    service.ask(QUESTION)
    service.settle()  # fits the means of languages anew, at the same generation of the store
    service.ask(QUESTION)
    assert encoder.asked == 3


def test_what_is_searched_before_a_commit_reaches_the_index_is_not_kept(
    tmp_path: Path, encoder: CountingEncoder
) -> None:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), encoder)
    index = service._indexer.index
    states = []

    class Asking:
        """Asks between the store's commit and the change of the index."""

        def __enter__(self) -> None:
            real, index.add = index.add, self.add  # type: ignore[method-assign]
            self.real = real

        def add(self, ids: list[int], vectors: Vectors) -> None:
            states.append(service.ask(QUESTION))
            self.real(ids, vectors)

        def __exit__(self, *_: object) -> None:
            index.add = self.real  # type: ignore[method-assign]

    with Asking():
        service.add(RawFile("students.txt", TEXT.encode(), {}))
    (between,) = states
    after = service.ask(QUESTION)
    assert between.index_version == after.index_version
    assert len(documents_of(after)) == 1
    service.close()


def test_with_no_room_every_question_is_searched(tmp_path: Path, encoder: CountingEncoder) -> None:
    service = open_service(Settings(data_dir=tmp_path, cached_answers=0), encoder)
    service.add(RawFile("students.txt", TEXT.encode(), {}))
    service.ask(QUESTION)
    service.ask(QUESTION)
    assert encoder.asked == 2
    service.close()


def documents_of(answer: Answer) -> set[str]:
    hits = [*answer.related, *(citation.hit for citation in answer.citations)]
    return {hit.passage.document_id for hit in hits}
