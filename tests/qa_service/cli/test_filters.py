"""The options that say which passages may be found."""

import pytest

from qa_service.cli.filters import filters_of
from qa_service.errors import BadInput
from qa_service.records import NO_FILTERS, Filters

ID = "3dd684efc7d487530fed1469bf34a889"


def test_options_become_filters() -> None:
    filters = filters_of(["en", "zh-Hant"], ["China Daily"], [ID], "2016", "2025-06-14", True)
    assert filters == Filters(("en", "zh-Hant"), (ID,), ("China Daily",), "2016", "2025-06-14", True)


def test_no_options_restrict_nothing() -> None:
    assert filters_of(None, None, None, None, None, False) == NO_FILTERS == filters_of([], [], [], None, None, False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((["en", "english"], None, None, None, None), "--language: is not a BCP 47 language tag; write it as in en"),
        ((["en"] * 101, None, None, None, None), "--language: List should have at most 100"),
        ((None, ["a", " "], None, None, None), "--source: is blank; name a source or leave it out"),
        ((None, ["\udcff"], None, None, None), "--source: holds a NUL or half a surrogate pair"),
        ((None, None, ["seeds"], None, None), "--document: is not a document's id"),
        ((None, None, None, "2025-02-30", None), "--from: is not a date of the calendar; write YYYY"),
        ((None, None, None, None, "today"), "--to: is not a date of the calendar; write YYYY"),
        ((None, None, None, "2025-07", "2025-06-30"), "--to: lies before the first date; swap the two"),
    ],
)
def test_a_wrong_option_is_named(given: tuple, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        filters_of(*given, False)
    assert str(caught.value).startswith(message)
