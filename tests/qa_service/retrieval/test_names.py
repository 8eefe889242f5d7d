"""One name is one name in each script, and countries are what CLDR calls them."""

import pytest

from qa_service.retrieval.names import are_of_the_same, names_in, title_names


@pytest.mark.parametrize(
    ("one", "language", "other", "other_language", "same"),
    [
        ("The Zhetiru mine employs 730 workers.", "en", "На руднике Кокшоки работают 730 человек.", "ru", False),
        (
            "The Sarybel bakery sold 900 loaves on Monday.",
            "en",
            "La boulangerie Montcru a vendu 900 pains.",
            "fr",
            False,
        ),
        ("The airline Kokpar flies to 22 cities.", "en", "航空公司Lachin飞往22个城市。", "zh", False),
        ("La compagnie Nordaile a 14 avions Airbus.", "fr", "La aerolínea Sudala tiene 14 Airbus.", "es", False),
        ("The steelworks in Pertz employs 5,300.", "en", "На заводе в Пертце работают 5300 человек.", "ru", True),
        ("Trade between China and Kazakhstan grew.", "en", "Торговля между Китаем и Казахстаном выросла.", "ru", True),
        ("Trade between China and Kazakhstan grew.", "en", "中国与哈萨克斯坦贸易增长。", "zh", True),
        ("Trade between China and Japan grew.", "en", "中国与哈萨克斯坦贸易增长。", "zh", False),
        ("The mine employs 730 workers.", "en", "На руднике Кокшоки работают 730 человек.", "ru", True),
        ("The plant opened in March.", "en", "La usine de Montcru a ouvert.", "fr", True),
    ],
)
def test_names_tell_whether_two_sentences_speak_of_the_same(
    one: str, language: str, other: str, other_language: str, same: bool
) -> None:
    names, others = names_in(one, language), names_in(other, other_language)
    assert are_of_the_same(names, others) == are_of_the_same(others, names) == same


def test_a_headline_all_of_whose_words_are_capitalised_shows_no_names() -> None:
    assert title_names("Bridge Opens After Ten Years In Talgar", "en") == frozenset()
    assert (
        title_names("New bridge opens in Talgar", "en") == names_in("New bridge opens in Talgar", "en") != frozenset()
    )
