"""The callables that every way in shares."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from qa_service.answering.confidence import find_confidence
from qa_service.app import open_service, reindex
from qa_service.config import Settings
from qa_service.errors import BadFile, BadInput, IndexMismatch, NotFound, StoreError
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import NO_FILTERS, Answer, Filters, Hit, Ranking, RawFile, Turn
from qa_service.retrieval.retriever import Retriever
from qa_service.service import MAX_QUESTION, MAX_TOP_K, Service
from qa_service.store.database import FILE_NAME
from qa_service.store.indexer import Indexer
from qa_service.store.passage_index import PassageIndex
from qa_service.store.store import Store

SEEDS = Path(__file__).parents[2] / "seeds"
QUESTIONS = [
    "How large was the trade between China and the Central Asian countries in 2024?",
    "2024年中国与中亚国家的贸易额是多少？",
    "Кто приветствовал участников форума в Астане?",
    "Форум қай қалада өтті?",
    "Which center was opened at Shanghai University of Foreign Languages?",
    "🙂",
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_confidence=0.5)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = open_service(settings, HashingEncoder(256))
    yield service
    service.close()


@pytest.fixture
def seeded(service: Service) -> Service:
    for entry in find_files([SEEDS]):
        assert isinstance(entry, FileEntry)
        assert service.add(entry.read(1_000_000)).status == "added"
    service.settle()
    return service


def text_file(text: str, name: str = "file.txt") -> RawFile:
    return RawFile(name, text.encode(), {})


def assert_hits_are_slices(service: Service, hits: tuple[Hit, ...]) -> None:
    for hit in hits:
        detail = service.document(hit.passage.document_id)
        assert hit.text == detail.document.text[hit.passage.span.start : hit.passage.span.end]
        assert hit.passage in detail.passages
        assert (hit.text_sha256, hit.file_name) == (detail.document.text_sha256, detail.document.file_name)
        assert hit.metadata == detail.document.metadata
        assert hit.sentence in hit.passage.sentences
        assert hit.scores == {name: getattr(hit.explanation, name) for name in ("dense", "sentence", "lexical")}
        assert hit.score == hit.explanation.first_stage
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.passage_id for hit in hits}) == len(hits)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("top_k", [1, 5, MAX_TOP_K])
def test_a_search_gives_the_nearest_passages_of_the_documents(seeded: Service, question: str, top_k: int) -> None:
    result = seeded.search(question, top_k)
    assert len(result.hits) == top_k
    assert_hits_are_slices(seeded, result.hits)
    assert (result.question, result.model) == (question, "hashing")
    assert result.timings_ms["total"] >= result.timings_ms["search"] > 0
    assert result.hits[:1] == seeded.search(question, 1).hits


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("min_confidence", [0.0, 1.0])
def test_a_citation_is_a_slice_of_the_document(tmp_path: Path, question: str, min_confidence: float) -> None:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=min_confidence), HashingEncoder(256))
    for entry in find_files([SEEDS]):
        assert isinstance(entry, FileEntry)
        service.add(entry.read(1_000_000))
    answer = service.ask(question)
    assert answer.answerable == (min_confidence == 0)
    assert_answer_is_checked(service, answer)
    service.close()


def test_a_text_that_was_changed_behind_the_service_is_not_cited(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, min_confidence=0.0)
    with closing(open_service(settings, HashingEncoder(256))) as service:
        service.add(text_file("Trade was 94.8 billion.\n\n" + "It grew in Astana and in Almaty. " * 40))
        assert len(service.ask("How large was trade in Astana?").citations) > 0
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
            connection.execute("UPDATE texts SET text = replace(text, '94.8', '95.4')")
            connection.commit()
        with pytest.raises(StoreError, match="was changed behind the service: delete it and add it again"):
            service.ask("How large was trade in Almaty?")


def assert_answer_is_checked(service: Service, answer: Answer) -> None:
    assert 0 <= answer.confidence <= 1
    if not answer.answerable:
        assert (answer.text, answer.kind, answer.citations) == (None, "none", ())
        assert_hits_are_slices(service, answer.related)
        return
    assert (answer.kind, answer.related) == ("extractive", ())
    assert [citation.index for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert 1 <= len(answer.citations) <= 3
    assert sum(len(citation.quote) for citation in answer.citations) <= 600
    for citation in answer.citations:
        text = service.document(citation.hit.passage.document_id).document.text
        assert citation.quote == text[citation.quote_span.start : citation.quote_span.end]
        assert f"[{citation.index}]" in str(answer.text)


def test_spam_and_boilerplate_are_never_found(seeded: Service) -> None:
    for question in ("无码 中文字幕 在线观看", "FOLLOW US", "Share - WeChat", "All rights reserved"):
        hits = seeded.search(question, MAX_TOP_K).hits
        assert hits
        assert not any(word in hit.text for hit in hits for word in ("无码", "FOLLOW US", "WeChat", "rights reserved"))


def test_an_empty_service_answers_that_it_does_not_know(service: Service) -> None:
    assert service.is_empty()
    assert service.search("Anything?").hits == ()
    answer = service.ask("Anything?")
    assert (answer.answerable, answer.confidence, answer.related) == (False, 0.0, ())
    assert service.documents(1, 10) == ([], 0)


@pytest.mark.parametrize(
    "question", ["", " \n\t\u3000", "x" * (MAX_QUESTION + 1), "a\0b", "half \ud800 pair", "\udfff"]
)
def test_a_question_that_is_none_is_refused_by_name(service: Service, question: str) -> None:
    calls: list[Callable[[str], Answer | Ranking]] = [service.ask, service.search]
    for call in calls:
        with pytest.raises(BadInput, match=r"^question: ") as caught:
            call(question)
        assert str(caught.value).encode()


@pytest.mark.parametrize("top_k", [0, -1, MAX_TOP_K + 1])
def test_a_top_k_out_of_range_is_refused_by_name(service: Service, top_k: int) -> None:
    calls: list[Callable[[str, int], Answer | Ranking]] = [service.ask, service.search]
    for call in calls:
        with pytest.raises(BadInput, match=r"^top_k: "):
            call("What?", top_k)


def test_a_question_of_the_largest_size_and_any_white_space_is_searched(seeded: Service) -> None:
    question = ("论坛\u3000forum\r\n" * 300)[:MAX_QUESTION]
    result = seeded.search(question)
    assert len(result.hits) == 5
    assert result.question == question
    assert result.search_query == " ".join(question.split())


def test_only_what_the_filters_let_through_is_found_and_cited(tmp_path: Path) -> None:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), HashingEncoder(256))
    for entry in find_files([SEEDS]):
        assert isinstance(entry, FileEntry)
        service.add(entry.read(1_000_000))
    filters = Filters(sources=("china daily",), date_from="2025")
    for question in QUESTIONS[:4]:
        hits = service.search(question, 5, filters).hits
        assert len(hits) == 5
        assert_hits_are_slices(service, hits)
        cited = [citation.hit for citation in service.ask(question, 5, filters).citations]
        assert cited
        assert {hit.metadata.source for hit in (*hits, *cited)} == {"China Daily"}
    service.close()


def test_what_no_passage_matches_is_not_in_these_documents(seeded: Service) -> None:
    for filters in (Filters(languages=("fr",)), Filters(document_ids=("0" * 32,)), Filters(date_to="1999")):
        assert seeded.search(QUESTIONS[0], 5, filters).hits == ()
        answer = seeded.ask(QUESTIONS[0], 5, filters)
        assert (answer.answerable, answer.confidence, answer.related) == (False, 0.0, ())


def test_adding_and_deleting_shows_in_the_next_search(service: Service) -> None:
    receipt = service.add(text_file("The caravanserai of Tash Rabat stands in Kyrgyzstan."))
    assert not service.is_empty()
    [hit] = service.search("Tash Rabat").hits
    assert hit.passage.document_id == receipt.document_id
    assert service.documents(1, 10)[0][0].id == receipt.document_id
    service.delete(receipt.document_id)
    assert service.search("Tash Rabat").hits == ()
    assert service.is_empty()
    with pytest.raises(NotFound):
        service.document(receipt.document_id)


def test_the_index_version_changes_with_what_is_searched(seeded: Service) -> None:
    versions = [seeded.index_version]
    receipt = seeded.add(text_file("One more text."))
    versions.append(seeded.index_version)
    seeded.add(text_file("One more text."))
    assert seeded.index_version == versions[-1]
    seeded.delete(receipt.document_id)
    versions.append(seeded.index_version)
    assert len(set(versions)) == 3
    assert seeded.search("text").index_version == versions[-1]


def test_documents_come_in_pages_in_the_order_they_came(service: Service) -> None:
    ids = [service.add(text_file(f"Text number {number}.")).document_id for number in range(7)]
    pages = [service.documents(page, 3) for page in (1, 2, 3, 4)]
    assert [total for _, total in pages] == [7] * 4
    assert [entry.id for entries, _ in pages for entry in entries] == ids
    assert [len(entries) for entries, _ in pages] == [3, 3, 1, 0]


def test_a_restored_stretch_is_found(seeded: Service) -> None:
    [document_id] = {hit.passage.document_id for hit in seeded.search("largest trading partner $94.8 billion", 1).hits}
    spam = seeded.document(document_id).quarantined[-1]
    assert seeded.restore(document_id, spam.span.start).quarantined == seeded.document(document_id).quarantined
    assert seeded.document(document_id).quarantined[-1].state == "kept"
    assert any("无码" in hit.text for hit in seeded.search("久久亚洲精品无码", MAX_TOP_K).hits)


def test_what_was_indexed_is_there_after_a_restart(settings: Settings) -> None:
    service = open_service(settings, HashingEncoder(256))
    service.add(text_file("The caravanserai of Tash Rabat stands in Kyrgyzstan."))
    before = service.search("Tash Rabat")
    service.close()
    service = open_service(settings, HashingEncoder(256))
    after = service.search("Tash Rabat")
    assert (after.hits, after.index_version) == (before.hits, before.index_version)
    service.close()


def test_all_made_anew_is_as_it_was(seeded: Service) -> None:
    before = [hit.text for hit in seeded.search("trade in 2024", 10).hits]
    assert seeded.reindex(lambda done, total: None) == 4
    assert [hit.text for hit in seeded.search("trade in 2024", 10).hits] == before


def test_another_model_is_refused_until_it_has_made_the_passages(settings: Settings) -> None:
    service = open_service(settings, HashingEncoder(256))
    service.add(text_file("The caravanserai of Tash Rabat stands in Kyrgyzstan."))
    service.close()
    other = HashingEncoder(128)
    with pytest.raises(IndexMismatch, match="python -m qa_service reindex"):
        open_service(settings, other)
    assert reindex(settings, other, False, lambda done, total: None) == 1
    service = open_service(settings, other)
    assert len(service.search("Tash Rabat").hits) == 1
    service.close()


HISTORY = (
    Turn("user", "How many Institutes of Confucius are there in Kazakhstan?"),
    Turn("assistant", "In Kazakhstan there are four Institutes of Confucius [1]"),
    Turn("user", "  "),
)


def test_a_follow_up_is_searched_with_what_it_lacks(seeded: Service) -> None:
    result = seeded.search("why?", 5, history=HISTORY)
    assert result.search_query == "Institutes of Confucius are there in Kazakhstan why?"
    assert "Confucius" in result.hits[0].text
    answer = seeded.ask("why?", 5, history=HISTORY)
    assert (answer.question, answer.search_query, answer.language) == ("why?", result.search_query, "en")
    assert (answer.related or tuple(citation.hit for citation in answer.citations))[0] == result.hits[0]


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each != "Форум қай қалада өтті?"])
def test_history_changes_nothing_of_a_complete_question(seeded: Service, question: str) -> None:
    with_history, without = seeded.ask(question, 5, history=HISTORY), seeded.ask(question)
    assert with_history.search_query == question
    assert (with_history.confidence, with_history.citations) == (without.confidence, without.citations)


def test_a_refused_file_changes_nothing(seeded: Service) -> None:
    version = seeded.index_version
    with pytest.raises(BadFile, match=r"^file\.txt: "):
        seeded.add(RawFile("file.txt", b"\x00\x01", {}))
    assert seeded.index_version == version


def test_many_may_ask_while_documents_come_and_stay(seeded: Service) -> None:
    stop = threading.Event()

    def ask(question: str) -> int:
        asked = 0
        while not stop.is_set():
            assert_answer_is_checked(seeded, seeded.ask(question))
            assert len(seeded.search(question, 3).hits) == 3
            asked += 1
        return asked

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, question) for question in QUESTIONS[:4]]
        try:
            for number in range(30):
                seeded.add(text_file(f"Number {number}. The forum in Astana was about trade, media and energy."))
        finally:
            stop.set()
        assert all(each.result(timeout=30) > 0 for each in asking)


class DeletingRetriever(Retriever):
    """Deletes every document after the search, before the answer is made: what another caller may do."""

    def search(self, query: str, query_vector: Vectors, top_k: int, filters: Filters = NO_FILTERS) -> tuple[Hit, ...]:
        hits = super().search(query, query_vector, top_k, filters)
        for document_id in {hit.passage.document_id for hit in hits}:
            Indexer(self.store, self.index, self.encoder).delete(document_id)
        return hits


@pytest.fixture
def make_deleting_service(tmp_path: Path) -> Iterator[Callable[[float], Service]]:
    made = []

    def make(min_confidence: float) -> Service:
        encoder, store = HashingEncoder(), Store(tmp_path)
        index = PassageIndex(store, tmp_path / "index", encoder.spec.dimension)
        indexer = Indexer(store, index, encoder)
        confidence = find_confidence("", "off", tmp_path)
        made.append(Service(DeletingRetriever(store, index, encoder, None), indexer, confidence, min_confidence))
        return made[-1]

    yield make
    for service in made:
        service.close()


@pytest.mark.parametrize("min_confidence", [0.0, 1.0])
def test_a_document_deleted_while_it_is_asked_is_not_cited(
    make_deleting_service: Callable[[float], Service], min_confidence: float
) -> None:
    service = make_deleting_service(min_confidence)
    service.add(text_file("The caravanserai of Tash Rabat stands in Kyrgyzstan. It is old."))
    answer = service.ask("Tash Rabat")
    assert (answer.answerable, answer.citations) == (False, ())


def test_the_second_search_after_a_deletion_keeps_the_filters(
    make_deleting_service: Callable[[float], Service],
) -> None:
    service = make_deleting_service(0)
    gone = service.add(text_file("The caravanserai of Tash Rabat stands in Kyrgyzstan.")).document_id
    other = service.add(text_file("The caravanserai of Tash Rabat is old.")).document_id
    answer = service.ask("Tash Rabat", 5, Filters(document_ids=(gone,)))
    assert (answer.answerable, answer.citations, answer.related) == (False, (), ())
    assert service.document(other).passages
