"""What an operator decides holds, and no text is lost between decisions."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa_service.ingest.carry_over import carried_decisions
from qa_service.ingest.chunk import kept_spans
from qa_service.ingest.decisions import combined, kept_out, restored
from qa_service.records import Quarantined, Span

LENGTH = 40


@st.composite
def entry_lists(draw: st.DrawFn) -> list[Quarantined]:
    """Entries in order and apart from each other, of every state and decider."""
    borders = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=10)))
    entries = []
    for start, end in list(pairwise(borders))[:: draw(st.integers(1, 2))]:
        state = draw(st.sampled_from(["quarantined", "flagged", "kept"]))
        by = draw(st.sampled_from(["rules", "operator"]))
        entries.append(Quarantined(Span(start, end), "spam", "made", state, by))
    return entries


spans = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, LENGTH)).map(
    lambda each: Span(each[0], min(LENGTH, each[0] + each[1]))
)


def states(entries: list[Quarantined]) -> list[tuple[str, str] | None]:
    """State and decider of each character."""
    of: list[tuple[str, str] | None] = [None] * LENGTH
    for entry in entries:
        assert of[entry.span.start : entry.span.end] == [None] * (entry.span.end - entry.span.start)
        of[entry.span.start : entry.span.end] = [(entry.state, entry.by)] * (entry.span.end - entry.span.start)
    return of


@given(entry_lists(), entry_lists())
def test_what_was_decided_stays_and_rules_fill_the_rest(found: list[Quarantined], decided: list[Quarantined]) -> None:
    rules, wanted = states(found), states(decided)
    together = combined(found, decided)
    assert states(together) == [b or a for a, b in zip(rules, wanted, strict=True)]
    assert [entry.span.start for entry in together] == sorted(entry.span.start for entry in together)


@given(entry_lists(), spans)
def test_a_stretch_that_is_kept_out_is_cut_from_what_was_there(entries: list[Quarantined], span: Span) -> None:
    expected = states(entries)
    expected[span.start : span.end] = [("quarantined", "operator")] * (span.end - span.start)
    after = kept_out(entries, span, "spam")
    assert states(after) == expected
    text = "".join(map(chr, range(97, 97 + LENGTH)))
    out = [entry.span for entry in after if entry.state == "quarantined"]
    parts = sorted([*kept_spans(text, after), *out], key=lambda each: each.start)
    assert "".join(text[part.start : part.end] for part in parts) == text


@given(entry_lists())
def test_a_restored_stretch_is_listed_as_kept(entries: list[Quarantined]) -> None:
    for entry in entries:
        after = restored(entries, entry.span.start)
        if entry.state == "kept":
            assert after is None
            continue
        assert after is not None
        expected = states(entries)
        expected[entry.span.start : entry.span.end] = [("kept", "operator")] * (entry.span.end - entry.span.start)
        assert states(after) == expected
    assert restored(entries, LENGTH) is None


def test_decisions_are_carried_over_to_where_their_text_stands_now() -> None:
    old = "menu\nThe forum opened.\nmenu\nfooter of the page"
    entries = [
        Quarantined(Span(0, 4), "boilerplate", "a rule"),
        Quarantined(Span(23, 27), "boilerplate", "said so", "kept", "operator"),
        Quarantined(Span(28, 46), "spam", "said so", "quarantined", "operator"),
    ]
    new = "A new head.\nmenu\nThe forum closed.\nmenu\nmore\nfooter of the page"
    carried = carried_decisions(old, entries, new)
    assert [new[entry.span.start : entry.span.end] for entry in carried] == ["menu", "footer of the page"]
    assert [entry.span.start for entry in carried] == [new.rindex("menu"), new.index("footer")]
    assert [(entry.state, entry.by) for entry in carried] == [("kept", "operator"), ("quarantined", "operator")]


def test_a_decision_on_what_is_there_no_more_is_not_carried_over() -> None:
    assert (
        carried_decisions("a footer", [Quarantined(Span(2, 8), "spam", "said so", "kept", "operator")], "a head") == []
    )


@given(st.text("ab\n", max_size=30), st.text("ab\n", max_size=30), entry_lists())
def test_what_is_carried_over_lies_in_the_new_text_apart(old: str, new: str, entries: list[Quarantined]) -> None:
    inside = [entry for entry in entries if entry.span.end <= len(old)]
    carried = carried_decisions(old, inside, new)
    assert all(a.span.end <= b.span.start for a, b in pairwise(carried))
    texts = {old[entry.span.start : entry.span.end] for entry in inside if entry.by == "operator"}
    assert all(any(new[entry.span.start : entry.span.end] in text for text in texts) for entry in carried)
