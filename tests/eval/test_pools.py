from collections import Counter
from pathlib import Path

import pytest

from eval.catalog import Choice, open_public_set, parse_pair
from eval.pools import Pool, language_pair, mixed_pool, own_candidates, single_corpus, whole_corpora, without_duplicates
from eval.sets import CorpusDocument, Evidence, Question, SetError, SetFolder
from tests.eval.parallel_set import WORDS, write_lines, write_parallel_set

LANGUAGES = ("en", "ru", "zh")


@pytest.fixture
def parallel(tmp_path: Path) -> SetFolder:
    write_parallel_set(tmp_path / "xquad")
    return SetFolder(tmp_path / "xquad")


def document(id_: str, text: str, language: str = "en") -> CorpusDocument:
    return CorpusDocument(id_, "", text, language)


def question(
    language: str = "en",
    *,
    relevant: tuple[str, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    candidates: tuple[str, ...] = (),
) -> Question:
    return Question("q", "?", language, True, relevant, evidence, (), candidates)


def test_a_mixed_pool_holds_document_i_in_language_i_plus_r(parallel: SetFolder) -> None:
    pool = mixed_pool(parallel, LANGUAGES, rotation=1)
    assert [each.language for each in pool.documents] == ["ru", "zh", "en", "ru"]
    assert [each.text for each in pool.documents] == [
        WORDS["ru"][0],
        WORDS["zh"][1],
        WORDS["en"][2],
        WORDS["ru"][3],
    ]


def test_all_languages_ask_a_mixed_pool_and_answers_are_in_the_documents_language(parallel: SetFolder) -> None:
    pool = mixed_pool(parallel, LANGUAGES, rotation=1)
    assert Counter(each.language for each in pool.questions) == {"en": 4, "ru": 4, "zh": 4}
    assert {each.answers for each in pool.questions if each.id == "q1"} == {(WORDS["zh"][1],)}


def test_over_all_rotations_every_document_comes_once_in_every_language(parallel: SetFolder) -> None:
    seen = Counter((d.id, d.language) for r in range(3) for d in mixed_pool(parallel, LANGUAGES, r).documents)
    assert seen == Counter({(f"d{i}", language): 1 for i in range(4) for language in LANGUAGES})


def test_corpora_that_are_not_parallel_cannot_be_mixed(parallel: SetFolder) -> None:
    write_lines(parallel.path / "corpus.ru.jsonl", [{"id": "x", "title": "", "text": "икс", "language": "ru"}])
    with pytest.raises(SetError, match="not parallel"):
        mixed_pool(parallel, LANGUAGES, 0)


def test_a_single_corpus_is_asked_in_several_languages(parallel: SetFolder) -> None:
    pool = single_corpus(parallel, ["zh", "ru"], "en")
    assert {each.language for each in pool.documents} == {"en"}
    assert {each.language for each in pool.questions} == {"zh", "ru"}
    assert pool.questions[0].answers == ("red apple",)


def test_whole_corpora_in_one_pool_need_ids_of_their_own(parallel: SetFolder) -> None:
    with pytest.raises(SetError, match="mixed pool"):
        whole_corpora(parallel, LANGUAGES)


def test_whole_corpora_take_the_questions_of_every_pair(tmp_path: Path) -> None:
    folder = SetFolder(tmp_path)
    for held in ("en", "zh"):
        write_lines(
            tmp_path / f"corpus.{held}.jsonl", [{"id": held, "title": "", "text": f"text {held}", "language": held}]
        )
        for asked in ("en", "zh"):
            line = {"question": "?", "language": asked, "relevant": [held], "answers": [], "answerable": True}
            write_lines(tmp_path / f"queries.{asked}-on-{held}.jsonl", [line | {"id": "q"}])
    pool = whole_corpora(folder, ["en", "zh"])
    languages = {each.id: each.language for each in pool.documents}
    assert sorted(language_pair(q, languages) for q in pool.questions) == ["en>en", "en>zh", "zh>en", "zh>zh"]


def test_a_question_may_see_only_its_own_candidates() -> None:
    pool = Pool(
        "all",
        (document("a", "one"), document("b", "two"), document("c", "one")),
        (question(candidates=("a", "c")), question(candidates=("b",))),
    )
    first, second = own_candidates(pool)
    assert [each.id for each in first.documents] == ["a"]
    assert [each.id for each in second.documents] == ["b"]


def test_equal_texts_are_one_document_in_the_judgements_too() -> None:
    asked = question(relevant=("b", "a"), evidence=(Evidence("b", "one"),), candidates=("b", "c"))
    pool = without_duplicates(Pool("p", (document("a", "one"), document("b", "one"), document("c", "two")), (asked,)))
    assert [each.id for each in pool.documents] == ["a", "c"]
    assert pool.questions[0].relevant == ("a",)
    assert pool.questions[0].evidence == (Evidence("a", "one"),)
    assert pool.questions[0].candidates == ("a", "c")


def test_a_judgement_on_a_document_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SetError, match=r"names \['z'\]"):
        Pool("p", (document("a", "one"),), (question(relevant=("z",)),))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (question("kk", relevant=("z",)), "kk>zh"),
        (question("kk", evidence=(Evidence("e", "x"), Evidence("z", "x"))), "kk>en+zh"),
        (question("kk", candidates=("e",)), "kk>en"),
        (question("kk"), "kk>-"),
    ],
)
def test_the_pair_is_question_language_and_evidence_language(asked: Question, expected: str) -> None:
    assert language_pair(asked, {"e": "en", "z": "zh"}) == expected


def test_the_pair_of_an_unanswerable_question_is_the_corpus_language_where_there_is_one() -> None:
    assert language_pair(question("kk"), {"a": "zh", "b": "zh"}) == "kk>zh"


@pytest.mark.parametrize("text", ["zh>en", "zh:en"])
def test_a_pair_is_written_with_a_colon_too(text: str) -> None:
    assert parse_pair(text) == ("zh", "en")


@pytest.mark.parametrize("text", ["zh", ">en", "zh:", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a language pair"):
        parse_pair(text)


def test_a_public_set_is_opened_by_name(parallel: SetFolder) -> None:
    pairs = Choice(pairs=(("zh", "en"), ("ru", "en"), ("en", "zh")))
    by_pair = open_public_set("xquad", parallel.path.parent, pairs)
    assert [(pool.name, len(pool.questions)) for pool in by_pair.pools] == [("zh+ru>en", 8), ("en>zh", 4)]
    assert by_pair.asks
    mixed = open_public_set("xquad-mixed", parallel.path.parent, Choice(), limit=2)
    assert [len(pool.questions) for pool in mixed.pools] == [6, 6, 6]
    assert len({each.id for pool in mixed.pools for each in pool.questions}) == 2
    assert not mixed.asks
    assert len(open_public_set("xquad-mixed", parallel.path.parent, Choice(rotations=1)).pools) == 1
    with pytest.raises(SetError, match="absent"):
        open_public_set("mlqa", parallel.path.parent, Choice())
