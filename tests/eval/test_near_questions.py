"""A question about another year, number, person or place is near the topic, and has no answer there."""

import pytest

from eval.near_questions import with_other_name, with_other_number
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


@pytest.mark.parametrize(
    ("question", "language", "names", "expected"),
    [
        ("How long is the bridge in Talgar?", "en", ["Talgar", "Kokand"], "How long is the bridge in Kokand?"),
        ("Who leads Ferrox in Aktau?", "en", ["Ferrox", "Aktaus", "Zhetiru"], "Who leads Ferrox in Zhetiru?"),
        ("Сколько стоил мост в Павлодаре?", "ru", ["Павлодара", "Оше"], "Сколько стоил мост в Оше?"),
        ("How long is the bridge?", "en", ["Kokand"], None),
        ("How long is the bridge in Talgar?", "en", ["Talgar", "Talgars"], None),
    ],
)
def test_one_name_is_another_one(question: str, language: str, names: list[str], expected: str | None) -> None:
    assert with_other_name(question, language, names) == expected
