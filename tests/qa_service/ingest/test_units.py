"""What a number counts is read beside it, in any language; what counts nothing known has no unit."""

import pytest

from qa_service.ingest.quantities import quantities
from qa_service.ingest.units import unit_beside


def units(text: str, language: str) -> list[str]:
    """Those of the text's last number."""
    return sorted(unit_beside(text, quantities(text, language)[-1].span, language))


@pytest.mark.parametrize(
    ("text", "language", "unit"),
    [
        ("a plant of 100 MW", "en", "power-megawatt"),
        ("a 100-megawatt plant", "en", "power-megawatt"),
        ("装机容量为320兆瓦", "zh", "power-megawatt"),
        ("қуаты 320 мегаваттты құрайды", "kk", "power-megawatt"),
        ("қувати 320 МВт аст", "tg", "power-megawatt"),
        ("550 million kWh a year", "en", "energy-kilowatt-hour"),
        ("550 млн кВт·ч в год", "ru", "energy-kilowatt-hour"),
        ("每年5.5亿千瓦时", "zh", "energy-kilowatt-hour"),
        ("some 1,500 tonnes", "en", "mass-tonne"),
        ("some 1,500 tons", "en", "mass-tonne"),
        ("около 1500 тонн", "ru", "mass-tonne"),
        ("1500吨", "zh", "mass-tonne"),
        ("120 километр йўл", "uz-Cyrl", "length-kilometer"),
        ("7.5 square kilometres", "en", "area-square-kilometer"),
        ("12 дней", "ru", "duration-day"),
        ("46 million US dollars", "en", "dollar"),
        ("US$46 million", "en", "dollar"),
        ("46 млн долларов", "ru", "dollar"),
        ("46亿美元", "zh", "dollar"),
        ("300亿元", "zh", "yuan"),
        ("5 миллиард теңге", "kk", "tenge"),
        ("5 500 €", "fr", "euro"),
    ],
)
def test_a_unit_is_known_in_every_language(text: str, language: str, unit: str) -> None:
    assert units(text, language) == [unit]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("60 enterprises", "en"),
        ("60 Megan fans", "en"),
        ("60 people a day", "en"),
        ("20万人", "zh"),
        ("60 предприятий", "ru"),
        ("about 60", "en"),
        ("60", "xx"),
    ],
)
def test_what_counts_things_has_no_unit(text: str, language: str) -> None:
    assert units(text, language) == []
