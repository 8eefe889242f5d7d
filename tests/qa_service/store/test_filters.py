"""Filters let through what they say, compared with plain Python, and never cost a hit that exists."""

import calendar
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from embeddings.hashing import HashingEncoder
from qa_service.records import NO_FILTERS, Filters, Metadata, Passage
from qa_service.retrieval.retriever import Retriever
from qa_service.store.filters import condition
from tests.qa_service.store.opened import Opened, assert_index_is_the_truth, made_text, opened

ENCODER = HashingEncoder()
LANGUAGES = ["en", "zh", "zh-Hant", "zh-Hans", "kk-Cyrl", "und"]
SOURCES = [None, "Straße  News", "КАЗИНФОРМ", "A & B, Ltd.", "Straße"]
DATES = [
    *(None, "2024", "2024-02", "2024-02-29", "2024-03-01", "2024-12-31"),
    *("2025", "2025-01", "2025-01-01", "2025-06", "2025-06-14", "2025-06-30", "0999-12"),
]
FILTER_DATES = [*DATES[1:], "2023-12-31", "2024-01-01", "2025-05-31", "2025-06-15", "2026", "1000", "9999-12-31"]


def days(period: str) -> tuple[date, date]:
    """The first and the last day of a year, a month or a day."""
    parts = [int(part) for part in period.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else None
    if len(parts) == 3:
        return date(*parts), date(*parts)
    last_month = month or 12
    return date(year, month or 1, 1), date(year, last_month, calendar.monthrange(year, last_month)[1])


def is_in_time(period: str | None, filters: Filters) -> bool:
    if not filters.date_from and not filters.date_to:
        return True
    if period is None:
        return filters.include_undated
    first, last = days(period)
    begins = days(filters.date_from)[0] if filters.date_from else date.min
    ends = days(filters.date_to)[1] if filters.date_to else date.max
    return first <= ends and begins <= last


def is_spoken(language: str, tags: tuple[str, ...]) -> bool:
    tag, asked = language.lower(), [each.lower() for each in tags]
    if "zho" in asked:  # the longer code for it
        asked.append("zh")
    return not tags or tag in asked or tag.split("-")[0] in asked


def is_from(source: str | None, sources: tuple[str, ...]) -> bool:
    def folded(text: str) -> str:
        return "".join(text.split()).casefold()

    return not sources or (source is not None and folded(source) in map(folded, sources))


@dataclass(frozen=True, slots=True)
class Fact:
    """A passage and what its document says of itself."""

    passage_id: int
    passage: Passage
    metadata: Metadata


def facts(each: Opened) -> list[Fact]:
    with each.store.database.reading() as connection:
        rows = connection.execute("SELECT id, document_id, ordinal FROM passages").fetchall()
    ids = {(row["document_id"], row["ordinal"]): row["id"] for row in rows}
    return [
        Fact(ids[document_id, passage.ordinal], passage, each.store.document(document_id).metadata)
        for document_id in each.store.document_ids()
        for passage in each.store.passages(document_id)
    ]


def expected(known: list[Fact], filters: Filters) -> list[int]:
    """The truth: every passage looked at one by one."""
    return sorted(
        fact.passage_id
        for fact in known
        if is_spoken(fact.passage.language, filters.languages)
        and (not filters.document_ids or fact.passage.document_id in filters.document_ids)
        and is_from(fact.metadata.source, filters.sources)
        and is_in_time(fact.metadata.date, filters)
    )


def found_by(each: Opened, filters: Filters) -> list[Fact]:
    ids = set(each.store.matching(filters).tolist())
    return [fact for fact in facts(each) if fact.passage_id in ids]


def add(each: Opened, number: int, *, long: bool = False, **metadata: str | None) -> str:
    """Numbers only, in which no language is detected: the passages are in the one that is given."""
    text = made_text(number) if long else f"{number} 1 2 3."
    return each.add(text, **{field: value for field, value in metadata.items() if value is not None}).document_id


def filled(each: Opened) -> None:
    """A document for each date, source and language, most of them in the base, some in the delta, some deleted."""
    chance = random.Random(5)
    ids = []
    for number in range(60):
        chosen = {"language": chance.choice(LANGUAGES), "source": chance.choice(SOURCES), "date": chance.choice(DATES)}
        ids.append(add(each, number, long=number % 3 == 0, **chosen))
        if number == 40:
            each.index.close()
            each.index.rebuild()
    for gone in (3, 9, 20, 45, 58):
        each.indexer.delete(ids[gone])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(tmp_path_factory.mktemp("data")) as each:
        filled(each)
        each.index.close()
        yield each


def random_filters(each: Opened, chance: random.Random) -> Filters:
    def some(values: list[str], most: int) -> tuple[str, ...]:
        return tuple(chance.sample(values, chance.randint(1, most))) if chance.random() < 0.4 else ()

    first, last = (chance.choice([None, None, *FILTER_DATES]) for _ in range(2))
    return Filters(
        languages=some(["EN", "zh", "ZH-hant", "kk", "fr", "zho", "und"], 3),
        document_ids=some([*each.store.document_ids(), "0" * 32], 30),
        sources=some(["strasse news", " казинформ ", "a &\u00a0b,  LTD.", "nobody", "STRASSE"], 2),
        date_from=first,
        date_to=last,
        include_undated=chance.random() < 0.5,
    )


@pytest.mark.parametrize("seed", range(10))
def test_what_matches_is_what_a_look_at_each_passage_says(corpus: Opened, seed: int) -> None:
    chance, known = random.Random(seed), facts(corpus)
    for _ in range(20):
        filters = random_filters(corpus, chance)
        ids = corpus.store.matching(filters)
        assert ids.dtype == np.int64
        assert ids.tolist() == expected(known, filters), filters


@pytest.mark.parametrize("seed", range(5))
def test_filtered_search_is_brute_force_over_what_matches(corpus: Opened, seed: int) -> None:
    filters = random_filters(corpus, random.Random(seed + 100))
    assert_index_is_the_truth(corpus.store, corpus.index, ENCODER, corpus.store.matching(filters))


@pytest.mark.parametrize("seed", range(10))
def test_a_filter_costs_no_hit_that_exists(corpus: Opened, seed: int) -> None:
    retriever = Retriever(corpus.store, corpus.index, ENCODER, None)
    query = "trade in Astana 铁路"
    everything = retriever.search(query, retriever.encode(query), 10_000)
    assert {hit.passage_id for hit in everything} == set(corpus.store.passage_ids())
    assert len(everything) > 100
    chance, known = random.Random(seed), facts(corpus)
    for top_k in (1, 5, 50):
        filters = random_filters(corpus, chance)
        matching = expected(known, filters)
        hits = retriever.search(query, retriever.encode(query), top_k, filters)
        assert len(hits) == min(top_k, len(matching))
        assert {hit.passage_id for hit in hits} <= set(matching)


def test_the_furthest_passage_is_found_when_only_it_matches(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        for number in range(80):
            each.add(made_text(number, sentences=1), source=f"Source {number}")
        retriever = Retriever(each.store, each.index, ENCODER, None)
        query, vector = "trade in Astana", retriever.encode("trade in Astana")
        for _ in range(2):
            each.index.close()
            everything = retriever.search(query, vector, 1_000)
            assert len(everything) == 80
            for hit in (everything[0], everything[-1]):
                for filters in (
                    Filters(document_ids=(hit.passage.document_id,)),
                    Filters(sources=(str(hit.metadata.source),)),
                ):
                    found = retriever.search(query, vector, 5, filters)
                    assert [each.passage_id for each in found] == [hit.passage_id]
            each.index.rebuild()


@pytest.mark.parametrize("include_undated", [False, True])
def test_a_document_is_in_time_when_the_periods_overlap(tmp_path: Path, include_undated: bool) -> None:
    with opened(tmp_path) as each:
        for number, period in enumerate(DATES):
            add(each, number, language="en", date=period)
        known = facts(each)
        for first in [None, *FILTER_DATES]:
            for last in [None, *FILTER_DATES]:
                filters = Filters(date_from=first, date_to=last, include_undated=include_undated)
                assert each.store.matching(filters).tolist() == expected(known, filters), (first, last)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (("zh",), {"zh", "zh-Hant", "zh-Hans"}),
        (("ZH",), {"zh", "zh-Hant", "zh-Hans"}),
        (("zh-hant",), {"zh-Hant"}),
        (("zh-HANS", "en"), {"zh-Hans", "zh", "en"}),
        (("zho",), {"zh", "zh-Hant", "zh-Hans"}),
        (("cmn", "eng"), {"zh", "zh-Hant", "zh-Hans", "en"}),
        (("zh-CN",), {"zh-Hans", "zh"}),
        (("zh-TW", "en-US"), {"zh-Hant", "en"}),
        (("kk",), {"kk-Cyrl"}),
        (("kk-Latn",), set()),
        (("fr",), set()),
        ((), set(LANGUAGES)),
    ],
)
def test_a_primary_tag_takes_its_sub_tags(tmp_path: Path, tags: tuple[str, ...], found: set[str]) -> None:
    with opened(tmp_path) as each:
        for number, language in enumerate(LANGUAGES):
            add(each, number, language=language)
        assert {fact.passage.language for fact in found_by(each, Filters(languages=tags))} == found


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("Straße News", "STRASSE  NEWS"),
        ("КАЗИНФОРМ", "\u00a0казинформ\n"),
        ("新华社", "新华社"),
        ("Ünal Haber", unicodedata.normalize("NFD", "ünal haber")),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("100%_off", "100%_OFF"),
    ],
)
def test_a_source_is_compared_without_case_and_white_space(tmp_path: Path, source: str, asked: str) -> None:
    with opened(tmp_path) as each:
        found = add(each, 1, source=source)
        add(each, 2, source="100 off")
        add(each, 3)
        facts_found = found_by(each, Filters(sources=(asked, "nobody")))
        assert [fact.passage.document_id for fact in facts_found] == [found]


def test_what_is_empty_restricts_nothing(corpus: Opened) -> None:
    assert not NO_FILTERS
    assert not Filters(include_undated=True)
    assert condition(NO_FILTERS)[1] == []
    assert corpus.store.matching(NO_FILTERS).tolist() == corpus.store.passage_ids()


def test_a_full_hundred_of_each_is_taken(corpus: Opened) -> None:
    chosen = tuple(f"{number:032x}" for number in range(100))
    filters = Filters(languages=("en",) * 100, document_ids=chosen, sources=chosen)
    assert corpus.store.matching(filters).tolist() == []


def test_a_change_between_the_ids_and_the_search_does_no_harm(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        kept = add(each, 1, language="en")
        gone = add(each, 2, language="en")
        allowed = each.store.matching(Filters(languages=("en",)))
        add(each, 3, language="en")
        each.indexer.delete(gone)
        found = {passage_id for passage_id, _ in each.index.search(ENCODER.encode_queries(["1 2 3"])[0], 10, allowed)}
        assert found == {fact.passage_id for fact in facts(each) if fact.passage.document_id == kept}
