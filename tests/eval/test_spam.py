"""The made spam lies where it is said to lie, the halves share nothing, and found means found."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from embeddings.hashing import HashingEncoder
from eval.fit_advertisements import taught_texts
from eval.harmless_texts import half_of, strip_roff
from eval.made_spam import CATEGORIES, LANGUAGES, Positive, made_positives, sold_by
from eval.spam import covered, judge, suspected
from qa_service.ingest.clean import find_quarantined
from qa_service.ingest.clean_meaning import AdvertisementRule
from qa_service.records import Quarantined, Span

FOLDER = Path(__file__).parents[2] / "eval" / "spam"


def words(name: str) -> set[str]:
    vocabulary = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    topics = [word for by_language in vocabulary["topics"].values() for each in by_language.values() for word in each]
    calls = [word for each in vocabulary["calls"].values() for word in each]
    return {word.casefold() for word in [*topics, *calls]}


def test_the_frozen_vocabulary_is_the_one_that_was_frozen() -> None:
    sha256 = hashlib.sha256((FOLDER / "test.json").read_bytes()).hexdigest()
    assert (FOLDER / "test.sha256").read_text(encoding="utf-8").split() == [sha256, "test.json"]


def test_the_vocabularies_share_no_word() -> None:
    assert len(words("test")) > 200
    assert not words("test") & words("development")


def test_made_spam_lies_in_its_host_which_is_left_as_it_was() -> None:
    article = "\n".join(f"The forum opened in the city number {number}, and it was long." for number in range(9))
    made = made_positives(FOLDER / "development.json", {"en": [article], "ru": [article]}, "any")
    assert len(made) == len(CATEGORIES) * len(LANGUAGES) * 3 * 2 * 2
    assert made == made_positives(FOLDER / "development.json", {"en": [article], "ru": [article]}, "any")
    vocabulary = words("development")
    for each in made:
        rest = f"{each.text[: each.start]}\n{each.text[each.end :]}"
        assert [line.strip() for line in rest.splitlines() if line.strip()] == article.splitlines()
        assert any(word in each.text[each.start : each.end].casefold() for word in vocabulary) or each.has_zero_width


def test_what_is_found_is_counted_with_what_it_costs_the_host() -> None:
    spam = "|".join(f"免费在线观看无码影院{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁")
    text = f"The forum opened. The end of it was near, as they said.\n{spam}"
    made = Positive(text, len(text) - len(spam), len(text), "film", "zh-Hans", "en", "tail", "joined", False)
    assert judge(made, find_quarantined) == ("quarantined", 0, 0)
    assert judge(replace(made, start=0, end=len(text) - len(spam)), find_quarantined)[0] == "missed"


def test_what_reads_like_an_advertisement_is_under_suspicion_as_in_the_service() -> None:
    encoder, text = (
        HashingEncoder(),
        "The forum opened. The end of it was near, as they said.\n\nWidgets for everybody!",
    )
    hidden = encoder.encode_passages(["Widgets for everybody!"]).T
    rule = AdvertisementRule("", hidden, np.zeros(1), np.full(1, 100.0), 90.0, {})
    (entry,) = suspected(encoder, rule, text)
    assert (text[entry.span.start : entry.span.end], entry.state) == ("Widgets for everybody!", "flagged")
    assert list(suspected(encoder, None, text)) == []


def test_a_name_is_in_one_half_always() -> None:
    names = [f"page-{number}" for number in range(400)]
    halves = [half_of(name) for name in names]
    assert halves == [half_of(name) for name in names]
    assert 150 < halves.count("test") < 250


def test_the_words_of_a_manual_page_are_kept_without_its_requests() -> None:
    source = '.TH LS 1\n.SH NAME\nls \\- list\n.TP\n\\fB\\-a\\fR\nshow "all" of them\n.\\" a comment\n.PP\nThe end.\n'
    assert strip_roff(source).splitlines() == ["NAME", "ls - list", "-a show all of them", "The end."]


def test_covered_counts_characters_of_the_states_asked_for() -> None:
    entries = [
        Quarantined(Span(0, 10), "spam", "made"),
        Quarantined(Span(12, 20), "spam", "made", "flagged"),
        Quarantined(Span(20, 30), "spam", "made", "kept", "operator"),
    ]
    assert covered(entries, 5, 25, ("quarantined",)) == 5
    assert covered(entries, 5, 25, ("quarantined", "flagged")) == 13


def test_nothing_that_is_taught_sells_what_the_frozen_vocabulary_sells(tmp_path: Path) -> None:
    held_out = sold_by(FOLDER / "test.json")
    advertising = [each.text.casefold() for each in taught_texts(tmp_path) if each.advertises]
    assert len(advertising) > 1_000
    assert not [text for text in advertising if any(word in text for word in held_out)]
