"""A question about another year or number is near the topic, and has no answer there."""

import pytest

from eval.changed_numbers import with_other_number
from qa_service.ingest.quantities import are_same, quantities


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How much was traded in 2024?", "en"),
        ("2024年6月的贸易额是多少？", "zh"),
        ("Сколько из 300 рабочих вернулись?", "ru"),
        ("ماذا اقترح في سنة ١٩٨٠؟", "ar"),
    ],
)
def test_one_number_is_another_one(question: str, language: str) -> None:
    other = with_other_number(question, language)
    assert other is not None
    assert other == with_other_number(question, language)
    [own], [changed] = quantities(question, language), quantities(other, language)
    assert are_same(own.value, changed.value) is False


def test_what_names_no_number_has_no_other() -> None:
    assert with_other_number("Who opened the forum?", "en") is None
