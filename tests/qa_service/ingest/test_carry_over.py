"""Decisions of people hold in a new version where the very same text stands."""

from hypothesis import given
from hypothesis import strategies as st

from qa_service.ingest.carry_over import carry_over
from qa_service.records import Document, Metadata, Quarantined, Span


def document(text: str, title: str = "T", origin: str = "text") -> Document:
    metadata = Metadata(title=title, source=None, author=None, date=None, url=None, language="en")
    return Document("0" * 32, "0" * 64, "a.txt", text, metadata, {"title": origin, "language": "detected"})


def kept(text: str, part: str) -> Quarantined:
    start = text.index(part)
    return Quarantined(Span(start, start + len(part)), "boilerplate", "rule", "kept", "operator")


def test_a_correction_is_carried_over_and_stays_one() -> None:
    newer, _ = carry_over(document("old", "Corrected", "corrected"), (), document("new", "Found"), ())
    assert (newer.metadata.title, newer.origins["title"]) == ("Corrected", "corrected")
    newer, _ = carry_over(document("old", "Found before"), (), document("new", "Found"), ())
    assert (newer.metadata.title, newer.origins["title"]) == ("Found", "text")


def test_an_operators_decision_moves_with_its_text() -> None:
    old, new = "Share this\nThe text.", "One more line.\nShare this\nThe text."
    _, entries = carry_over(document(old), [kept(old, "Share this")], document(new), ())
    assert [(entry.span, entry.state, entry.by) for entry in entries] == [(Span(15, 25), "kept", "operator")]


def test_an_operators_decision_ends_with_its_text() -> None:
    old = "Share this\nThe text."
    assert carry_over(document(old), [kept(old, "Share this")], document("Share that\nThe text."), ())[1] == ()


def test_no_rule_counts_beside_an_operators_decision() -> None:
    text = "Home\nShare this\nMenu\nThe text."
    rule = Quarantined(Span(0, 20), "boilerplate", "navigation")
    _, entries = carry_over(document(text), [kept(text, "Share this")], document(text), [rule])
    assert [(text[entry.span.start : entry.span.end], entry.by) for entry in entries] == [
        ("Home\n", "rules"),
        ("Share this", "operator"),
        ("\nMenu", "rules"),
    ]


spans = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda pair: Span(pair[0], sum(pair)))


def apart(found: list[Span]) -> list[Span]:
    taken: list[Span] = []
    for span in found:
        if all(span.end <= other.start or other.end <= span.start for other in taken):
            taken.append(span)
    return taken


@given(st.text("ab\n", min_size=40, max_size=40), st.lists(spans), st.text("ab\n", min_size=40), st.lists(spans))
def test_entries_stay_apart_and_no_suspicion_is_lost(
    old: str, decided: list[Span], new: str, found: list[Span]
) -> None:
    operator = [Quarantined(span, "spam", "decided", "kept", "operator") for span in apart(decided)]
    rules = [Quarantined(span, "spam", "found") for span in apart(found)]
    _, entries = carry_over(document(old), operator, document(new), rules)
    covered = [i for entry in entries for i in range(entry.span.start, entry.span.end)]
    assert len(covered) == len(set(covered))
    assert covered == sorted(covered)
    assert set(covered) >= {i for entry in rules for i in range(entry.span.start, entry.span.end)}
    texts = [old[entry.span.start : entry.span.end] for entry in operator]
    assert all(any(new[e.span.start : e.span.end] in text for text in texts) for e in entries if e.by == "operator")
