"""Filters as SQL: a condition on the rows of `passages`, whatever else a query joins them with."""

import unicodedata
from collections.abc import Sequence

from qa_service.ingest.language import likely_script, short_language
from qa_service.records import Filters

Condition = tuple[str, list[str]]
"""SQL for a WHERE and its parameters."""

_SCRIPT = 4
"""Letters of a script in a language tag; a region has fewer."""
_PRIMARY = "substr(lower(passages.language), 1, instr(passages.language || '-', '-') - 1)"


def condition(filters: Filters) -> Condition:
    """What a row of `passages` must fulfil; always true when nothing is restricted."""
    parts = []
    if filters.languages:
        parts.append(_languages(filters.languages))
    if filters.document_ids:
        parts.append(_one_of("passages.document_id", filters.document_ids))
    of_document = []
    if filters.sources:
        of_document.append(_one_of("folded(documents.source)", [fold(source) for source in filters.sources]))
    if filters.date_from or filters.date_to:
        of_document.append(_dates(filters))
    if of_document:  # looked at once for each document, not for each of its passages
        sql, parameters = _all(of_document)
        parts.append((f"passages.document_id IN (SELECT documents.id FROM documents WHERE {sql})", parameters))
    return _all(parts)


def fold(text: str) -> str:
    """A text as it is compared: without differences of case, white space and composition.

    SQLite knows it as `folded`: its own NOCASE folds ASCII only.
    """
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _languages(tags: Sequence[str]) -> Condition:
    """`zh` takes zh, zh-Hans and zh-Hant; `zh-Hant` only itself; `en-US` and `eng` are `en`, too.

    What is Chinese without a script is taken for simplified, as CLDR does.
    """
    given = [tag.lower() for tag in tags]
    given = list(dict.fromkeys([*given, *map(short_language, given)]))
    usual = [_without_region(tag).lower() for tag in tags]
    folded = list(dict.fromkeys([*given, *usual, *(["zh"] if "zh-hans" in usual else [])]))
    whole, parameters = _one_of("lower(passages.language)", folded)
    primary, primaries = _one_of(_PRIMARY, given)
    return f"({whole} OR {primary})", [*parameters, *primaries]


def _without_region(tag: str) -> str:
    """As documents say it: kk for kk-KZ and kk-Cyrl, zh-Hans for zh-CN, uz-Cyrl, by CLDR's likely subtags."""
    language, *rest = tag.split("-")
    language = short_language(language.lower())
    scripts = [part.title() for part in rest if len(part) == _SCRIPT]
    regions = [part.upper() for part in rest if len(part) < _SCRIPT]
    usual = likely_script(language)
    of_region = likely_script(language, regions[0]) if regions else ""
    script = (scripts or [of_region or usual])[0]
    if script == usual and (language != "zh" or not rest):
        return language
    return f"{language}-{script}"


def _dates(filters: Filters) -> Condition:
    """Do two periods overlap? Compared as far as both dates go: 2025 begins and ends with 2025-06-14."""
    parts: list[Condition] = []
    if filters.date_from:
        parts.append(("documents.date >= substr(?, 1, length(documents.date))", [filters.date_from]))
    if filters.date_to:
        parts.append(("substr(documents.date, 1, length(?)) <= ?", [filters.date_to] * 2))
    sql, parameters = _all(parts)
    return (f"(documents.date IS NULL OR {sql})" if filters.include_undated else sql), parameters


def _one_of(expression: str, values: Sequence[str]) -> Condition:
    return f"{expression} IN ({', '.join('?' * len(values))})", list(values)


def _all(parts: Sequence[Condition]) -> Condition:
    sql = " AND ".join(sql for sql, _ in parts)
    return f"({sql or 'TRUE'})", [parameter for _, parameters in parts for parameter in parameters]
