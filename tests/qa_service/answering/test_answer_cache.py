from qa_service.answering.answer_cache import AnswerCache, ask_key
from qa_service.records import NO_FILTERS, Answer, Filters


def answer(id_: str) -> Answer:
    return Answer(
        id=id_,
        question="q",
        language="en",
        search_query="q",
        answerable=False,
        confidence=0.1,
        is_calibrated=True,
        text=None,
        kind="none",
        citations=(),
        related=(),
        index_version="1",
        model="m",
        timings_ms={},
    )


def test_all_that_an_answer_depends_on_is_in_the_key() -> None:
    same = {ask_key("q", ["a"], 5, Filters(languages=("en",))) for _ in range(2)}
    others = {
        ask_key("Q", ["a"], 5, Filters(languages=("en",))),
        ask_key("q", ["a", ""], 5, Filters(languages=("en",))),
        ask_key("q", [], 5, Filters(languages=("en",))),
        ask_key("q", ["a"], 6, Filters(languages=("en",))),
        ask_key("q", ["a"], 5, Filters(languages=("zh",))),
        ask_key("q", ["a"], 5, NO_FILTERS),
    }
    assert len(same) == 1
    assert len(same | others) == 7


def test_an_answer_is_found_over_the_same_state_only() -> None:
    cache = AnswerCache(3)
    cache.put((1, 1), b"q", answer("a"))
    assert cache.get((1, 1), b"q") == answer("a")
    assert cache.get((1, 1), b"other") is None
    assert cache.get((2, 1), b"q") is None
    cache.put((2, 1), b"other", answer("b"))
    assert cache.get((1, 1), b"q") is cache.get((2, 1), b"q") is None


def test_the_answers_that_nobody_asked_for_lately_go_first() -> None:
    cache = AnswerCache(2)
    for key in (b"1", b"2"):
        cache.put(0, key, answer(key.decode()))
    assert cache.get(0, b"1") is not None
    cache.put(0, b"3", answer("3"))
    assert [cache.get(0, key) is not None for key in (b"1", b"2", b"3")] == [True, False, True]


def test_a_cache_of_no_size_keeps_nothing() -> None:
    cache = AnswerCache(0)
    cache.put(0, b"1", answer("1"))
    assert cache.get(0, b"1") is None


def test_cleared_it_is_empty() -> None:
    cache = AnswerCache(2)
    cache.put(0, b"1", answer("1"))
    cache.clear()
    assert cache.get(0, b"1") is None
