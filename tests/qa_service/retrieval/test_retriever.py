"""Both stages together: whatever is asked of whatever corpus, hits are whole, ordered and enough."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from embeddings.hashing import HashingEncoder, HashingReranker
from embeddings.reranker import NO_POINTERS, Reading, Reranker
from qa_service.answering.confidence import find_confidence
from qa_service.records import Filters, Hit
from qa_service.retrieval.first_stage import FOLLOWERS
from qa_service.retrieval.retriever import NEAREST, Retriever
from qa_service.retrieval.second_stage import DEPTH, REACH
from qa_service.service import Service
from tests.qa_service.store.opened import Opened, made_text, opened

QUESTIONS = ["trade in Astana 铁路 合作", "🙂", "?!", "Астана саясат summit 論壇 媒体", "нет таких слов qqq", "2024"]


def retriever_over(each: Opened, reranker: Reranker | None) -> Retriever:
    return Retriever(each.store, each.index, HashingEncoder(), reranker)


def search(retriever: Retriever, question: str, top_k: int) -> tuple[Hit, ...]:
    return retriever.search(question, retriever.encode(question), top_k)


def assert_ordered(hits: Sequence[Hit]) -> None:
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.passage_id for hit in hits}) == len(hits)


@pytest.mark.parametrize("reranker", [None, HashingReranker()])
@pytest.mark.parametrize("documents", [0, 1, 2, 30])
@pytest.mark.parametrize("question", QUESTIONS)
def test_any_question_of_any_corpus_gets_ordered_hits(
    tmp_path: Path, reranker: Reranker | None, documents: int, question: str
) -> None:
    with opened(tmp_path) as each:
        for number in range(documents):
            each.add(made_text(number, sentences=1 if documents < 3 else 30))
        retriever = retriever_over(each, reranker)
        for top_k in (1, 5, 50):
            hits = search(retriever, question, top_k)
            assert len(hits) == min(top_k, len(each.store.passage_ids()))
            assert_ordered(hits)


class TrustingReranker(HashingReranker):
    """The first stage counts so much beside it that few are within reach."""

    first_stage_weight = 200.0


@pytest.mark.parametrize("reranker", [HashingReranker(), TrustingReranker()])
def test_the_second_stage_reads_what_is_within_reach_and_both_scores_rank(
    tmp_path: Path, reranker: HashingReranker
) -> None:
    with opened(tmp_path) as each:
        for number in range(30):
            each.add(made_text(number))
        each.index.close()  # a rebuild between the two searches would rank anew
        plain = search(retriever_over(each, None), QUESTIONS[0], 50)
        hits = search(retriever_over(each, reranker), QUESTIONS[0], 50)
    reach = {
        hit.passage_id for hit in plain[:DEPTH] if reranker.first_stage_weight * (plain[0].score - hit.score) <= REACH
    }
    read = [hit for hit in hits if hit.explanation.rerank is not None]
    assert reach <= {hit.passage_id for hit in read} <= {hit.passage_id for hit in plain[:DEPTH]}
    assert (len(reach) == DEPTH) == (type(reranker) is HashingReranker)
    floor = min(hit.explanation.rerank for hit in read if hit.explanation.rerank is not None)
    for hit in hits:
        second = floor if hit.explanation.rerank is None else hit.explanation.rerank
        assert hit.scores.get("rerank") == hit.explanation.rerank
        assert hit.score == pytest.approx(hit.explanation.first_stage + second / reranker.first_stage_weight)
    assert_ordered(hits)


@pytest.mark.parametrize("reranker", [None, HashingReranker()])
def test_behind_many_copies_there_are_other_hits(tmp_path: Path, reranker: Reranker | None) -> None:
    same = "The forum on trade and energy was opened in Astana by the ministers of five countries."
    with opened(tmp_path) as each:
        for number in range(2 * NEAREST):
            each.add(same + "\n" * number)
        for number in range(6):
            each.add(made_text(number, sentences=2))
        each.index.close()
        hits = search(retriever_over(each, reranker), "forum on trade and energy", 7)
    assert len(hits) == 7
    assert_ordered(hits)
    assert max(len(hit.copies) for hit in hits) == 2 * NEAREST - 1
    ranks = [hit.explanation.first_stage_rank for hit in hits]
    assert len(set(ranks)) == len(ranks)


def test_a_filter_holds_for_what_is_found_by_words(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        for number in range(80):
            each.add(made_text(number, sentences=2), source="many")
        wanted = each.add("Xylofon is a word that stands here alone.", source="one")
        retriever = retriever_over(each, None)
        vector = retriever.encode("xylofon")
        assert retriever.search("xylofon", vector, 1)[0].passage.document_id == wanted.document_id
        filtered = retriever.search("xylofon", vector, 50, Filters(sources=("many",)))
        assert len(filtered) == 50
        assert wanted.document_id not in {hit.passage.document_id for hit in filtered}


class _DeletingReranker(HashingReranker):
    """Deletes what it reads: what another caller may do meanwhile."""

    def __init__(self, each: Opened) -> None:
        super().__init__()
        self._each = each

    def read(self, query: str, passages: Sequence[str]) -> Sequence[Reading]:
        readings = super().read(query, passages)
        for document_id in self._each.store.document_ids()[:1]:
            self._each.indexer.delete(document_id)
        return readings


def test_what_is_deleted_while_it_is_read_is_not_returned(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        first = each.add(made_text(1, sentences=200)).document_id
        each.add(made_text(2, sentences=200))
        service = Service(
            retriever_over(each, _DeletingReranker(each)), each.indexer, find_confidence("", "hashing", tmp_path), 0.0
        )
        answer = service.ask("trade in Astana")
        assert all(citation.hit.passage.document_id != first for citation in answer.citations)
        assert 0 <= answer.confidence <= 1
        service.ask("trade in Astana")
        assert not service.ask("trade in Astana").answerable


@pytest.mark.parametrize("reranker", [None, HashingReranker()])
def test_a_flagged_passage_loses_to_a_clean_one_and_is_found_where_it_alone_answers(
    tmp_path: Path, reranker: Reranker | None
) -> None:
    footer = "Copyright 2025 Kazinform agency caravan"
    with opened(tmp_path) as each:
        each.add(f"The forum opened in Astana. It was long.\n{footer}", "flagged.txt")
        each.add("Copyright 2025 Kazinform agency bazaar", "clean.txt")
        retriever = retriever_over(each, reranker)
        hits = search(retriever, "Copyright 2025 Kazinform agency", 9)
        places = {(hit.file_name, hit.explanation.flagged): rank for rank, hit in enumerate(hits)}
        assert places[("clean.txt", False)] < places[("flagged.txt", True)]
        assert [hit.text for hit in hits if hit.passage.flagged] == [footer]
        alone = search(retriever, "caravan", 1)
    assert (alone[0].text, alone[0].explanation.flagged) == (footer, True)


def test_what_follows_the_best_passage_gains_of_its_lead(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        for number in range(60):
            each.add(made_text(number, sentences=2))
        speech = each.add("Kestrelov spoke of xylofon makers.\n\n" + made_text(99, sentences=60))
        hits = search(retriever_over(each, None), "Kestrelov xylofon makers", 50)
    leads = {hit.passage.ordinal: hit.explanation.lead for hit in hits if hit.passage.document_id == speech.document_id}
    assert hits[0].passage.ordinal == 0
    assert leads[0] == 0.0
    assert min(leads[ordinal] for ordinal in range(1, FOLLOWERS + 1)) > 0.0
    elsewhere = [hit for hit in hits if hit.passage.document_id != speech.document_id]
    assert len(elsewhere) > 10
    assert {hit.explanation.lead for hit in elsewhere} == {0.0}
    assert {lead for ordinal, lead in leads.items() if ordinal > FOLLOWERS} <= {0.0}
    assert_ordered(hits)


def test_a_filter_holds_for_what_follows(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        each.add("Kestrelov spoke of xylofon makers. " * 12 + "\n\n" + "Келесі сөйлеуші бізге келді. " * 30)
        vector = HashingEncoder().encode_queries(["Kestrelov xylofon"])[0]
        hits = retriever_over(each, None).search("Kestrelov xylofon", vector, 50, Filters(languages=("en",)))
    assert {hit.passage.language for hit in hits} == {"en"}


class _JudgingReranker(HashingReranker):
    """Reads an answer where a word of the question stands in the passage."""

    def read(self, query: str, passages: Sequence[str]) -> Sequence[Reading]:
        shared = [set(query.lower().split()) & set(passage.lower().split()) for passage in passages]
        return [Reading(5.0 if each else -5.0, (), NO_POINTERS) for each in shared]


@pytest.mark.parametrize("reranker", [None, _JudgingReranker()])
def test_what_a_completed_question_finds_is_about_it_or_not(tmp_path: Path, reranker: Reranker | None) -> None:
    with opened(tmp_path) as each:
        for number in range(5):
            each.add(made_text(number, sentences=2))
            each.add(f"The lighthouse of Marrow Point has floor {number}.")
        each.add("Dumplings are cooked in salted water with a bay leaf.")
        retriever = retriever_over(each, reranker)
        completed = "The lighthouse of Marrow Point has floor dumplings"
        assert retriever.is_about(completed, "lighthouse of Marrow Point")
        assert not retriever.is_about(completed, "Dumplings are cooked with salted water")
        assert retriever.is_about(completed, "Dumplings", Filters(sources=("of nobody",)))
