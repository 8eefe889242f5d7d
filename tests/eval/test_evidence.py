import pytest

from eval.evidence import Place, Wanted, covers, finds_evidence, found_within, quotes_found, ranking, wanted
from eval.sets import Evidence, Question, SetError
from eval.systems import Retrieved

#        0         1         2
#        012345678901234567890123456789
TEXT = "Alpha beta. Gamma delta. Alpha beta."


def question(*, evidence: tuple[Evidence, ...] = (), relevant: tuple[str, ...] = ()) -> Question:
    return Question("q", "?", "en", True, relevant, evidence, (), ())


def hit(document_id: str, start: int, end: int) -> Retrieved:
    return Retrieved(document_id, start, end, "x" * (end - start), 1.0)


def test_a_quote_is_wanted_wherever_it_stands() -> None:
    targets = wanted(question(evidence=(Evidence("d", "Alpha beta."),)), {"d": TEXT})
    assert targets.quotes == ((Place("d", 0, 11), Place("d", 25, 36)),)


def test_a_quote_that_does_not_stand_in_its_document_is_an_error() -> None:
    with pytest.raises(SetError, match="does not stand"):
        wanted(question(evidence=(Evidence("d", "Epsilon"),)), {"d": TEXT})


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 10, True), (0, 6, True), (4, 10, True), (0, 5, False), (5, 10, False), (3, 8, False), (-5, 50, True)],
)
def test_sixty_percent_of_a_quote_must_be_covered(start: int, end: int, expected: bool) -> None:
    assert covers(Place("d", start, end), Place("d", 0, 10)) is expected


def test_a_span_of_another_document_covers_nothing() -> None:
    assert not covers(Place("other", 0, 10), Place("d", 0, 10))


def test_quotes_decide_where_there_are_quotes_and_documents() -> None:
    both = Wanted(frozenset({"d"}), ((Place("d", 0, 10),),))
    assert finds_evidence(Place("d", 0, 10), both)
    assert not finds_evidence(Place("d", 20, 30), both)
    assert finds_evidence(Place("d", 20, 30), Wanted(frozenset({"d"}), ()))


def test_document_ranks_count_each_document_once() -> None:
    hits = [hit("a", 0, 5), hit("a", 5, 9), hit("b", 0, 5), hit("a", 9, 12), hit("c", 0, 5)]
    made = ranking(hits, Wanted(frozenset({"c"}), ()))
    assert made.ranked == ("a", "b", "c")
    assert made.relevant == ("c",)


def test_passage_ranks_keep_every_hit_and_count_a_quote_once() -> None:
    targets = Wanted(frozenset(), ((Place("d", 0, 10),), (Place("d", 50, 60),)))
    hits = [hit("x", 0, 10), hit("d", 0, 12), hit("d", 1, 11), hit("d", 48, 70)]
    made = ranking(hits, targets)
    assert made.ranked == ("hit 0", "quote 0", "hit 2", "quote 1")
    assert made.relevant == ("quote 0", "quote 1")


def test_quotes_found_by_one_hit_count_as_one() -> None:
    targets = Wanted(frozenset(), ((Place("d", 0, 10),), (Place("d", 12, 20),)))
    made = ranking([hit("d", 0, 30)], targets)
    assert made.ranked == ("quote 0",)
    assert made.relevant == ("quote 0",)


def test_a_span_may_find_several_quotes() -> None:
    assert quotes_found(Place("d", 0, 20), ((Place("d", 0, 10),), (Place("x", 0, 9),), (Place("d", 12, 20),))) == {0, 2}


def test_text_beyond_the_limit_is_cut_off() -> None:
    """900 + 900 characters leave 200 of the third hit: a quote at its characters 100-200 is found, at 200-300 not."""
    hits = [hit("a", 0, 900), hit("b", 0, 900), hit("d", 0, 900)]
    assert found_within(hits, Wanted(frozenset(), ((Place("d", 100, 200),),)), 2_000)
    assert not found_within(hits, Wanted(frozenset(), ((Place("d", 200, 300),),)), 2_000)
    assert not found_within(hits, Wanted(frozenset({"d"}), ()), 2_000)
    assert found_within(hits, Wanted(frozenset({"b"}), ()), 2_000)
    assert found_within(hits, Wanted(frozenset({"d"}), ()), 2_340)
