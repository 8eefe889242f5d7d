"""Other languages corroborate, other values contradict, and what can't be compared does neither."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.encoder import Vectors
from qa_service.records import Hit, Span
from qa_service.retrieval.agreement import compared
from qa_service.retrieval.duplicates import fold
from tests.qa_service.retrieval.made_hits import folded, hit

SPEECH = "In 2024, trade between China and the five Central Asian countries reached a record 94.8 billion US dollars."


def compare(one: Hit, other: Hit, cosine: float) -> tuple[Hit, ...]:
    vectors: dict[int, Vectors] = {
        one.passage_id: np.array([1, 0], np.float32),
        other.passage_id: np.array([cosine, np.sqrt(1 - cosine**2)], np.float32),
    }
    return compared([one, other], lambda each: vectors[each.passage_id])


def answering(text: str, answer: str, number: int, language: str = "en", log_odds: float = 3.0) -> Hit:
    """A hit whose second stage points to `answer`."""
    start = text.index(answer)
    return replace(hit(text, number, language), answer=Span(start, start + len(answer)), scores={"rerank": log_odds})


def test_the_same_in_two_languages_stays_two_hits_that_corroborate_each_other() -> None:
    one = answering(SPEECH, "94.8 billion", 1)
    other = answering("2024年，中国与中亚五国贸易额达948亿美元。", "948亿美元", 2, "zh")
    assert fold([one, other], 5, folded) == (one, other)
    found = compare(one, other, 0.8)
    assert [[place.file_name for place in each.corroborating] for each in found] == [["2.txt"], ["1.txt"]]


def test_a_value_that_was_not_read_corroborates_where_it_stands_word_for_word_only() -> None:
    one = answering("In 2021 the Lepsy plant got a capacity of 100 MW.", "100 MW", 1)
    same = hit("В 2021 году мощность Лепсинской ГЭС составила 100 МВт.", 2, "ru")
    another = hit("В 2021 году мощность Лепсинской ГЭС составила 120 МВт.", 3, "ru")
    assert all(each.corroborating for each in compare(one, same, 0.8))
    assert not any(each.corroborating or each.differing for each in compare(one, another, 0.8))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Bakyrchik tunnel was not completed in 2022.", "Бакырчикский тоннель был завершён в 2022 году."),
        ("The minister denied that the airport would be sold.", "Министр подтвердил, что аэропорт будет продан."),
    ],
)
def test_sentences_without_a_common_value_never_corroborate(one: str, other: str) -> None:
    for first, second in (
        (hit(one, 1), hit(other, 2, "ru")),
        (answering(one, one, 1), answering(other, other, 2, "ru")),
    ):
        assert not any(each.corroborating for each in compare(first, second, 0.95))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Exports grew by 14 percent.", "Экспорт сократился на 14 процентов.", False),
        ("Exports grew by 14 percent.", "Экспорт вырос на 14 процентов.", True),
        ("The bridge did not cost 14 percent of the budget.", "Мост стоил 14 процентов бюджета.", False),
    ],
)
def test_the_same_number_of_an_opposite_corroborates_nothing(one: str, other: str, agree: bool) -> None:
    first, second = answering(one, "14 percent", 1), answering(other, "14 процентов", 2, "ru")
    assert all(bool(each.corroborating) == agree for each in compare(first, second, 0.9))
    unread = hit(other, 3, "ru")
    assert all(bool(each.corroborating) == agree for each in compare(first, unread, 0.9))


def test_values_of_other_years_do_not_contradict() -> None:
    one = answering("The Aktas mine produced 2.5 million tonnes of coal in 2023.", "2.5 million", 1)
    other = answering("В 2024 году шахта «Актас» добыла 3,1 млн тонн угля.", "3,1 млн", 2, "ru")
    assert not any(each.differing for each in compare(one, other, 0.9))


def test_months_of_one_year_do_not_contradict() -> None:
    one = answering("In January 2024 the port handled 12 thousand containers.", "12 thousand", 1)
    other = answering("В марте 2024 года порт обработал 19 тысяч контейнеров.", "19 тысяч", 2, "ru")
    same = answering("В январе 2024 года порт обработал 19 тысяч контейнеров.", "19 тысяч", 3, "ru")
    assert not any(each.differing for each in compare(one, other, 0.9))
    assert all(each.differing for each in compare(one, same, 0.9))


def test_a_surname_in_common_makes_two_people_no_one() -> None:
    mayor = answering("The mayor of Talgar city is Li Wenming.", "Li Wenming", 1)
    another = answering("Der Bürgermeister der Stadt Talgar ist Li Guoqiang.", "Li Guoqiang", 2, "de")
    surname = answering("Der Bürgermeister der Stadt Talgar ist Wenming.", "Wenming", 3, "de")
    assert not any(each.corroborating for each in compare(mayor, another, 0.9))
    assert all(each.corroborating for each in compare(mayor, surname, 0.9))


def test_a_rounded_number_contradicts_nothing() -> None:
    one = answering("Trade reached 94.8 billion US dollars.", "94.8 billion", 1)
    for text, answer, differs in (("95 млрд", "95 млрд", False), ("90,4 млрд", "90,4 млрд", True)):
        other = answering(f"Торговля достигла {text} долларов США.", answer, 2, "ru")
        assert all(bool(each.differing) == differs for each in compare(one, other, 0.9))


def test_a_difference_names_what_is_counted() -> None:
    one = answering("Exports grew by 5,9 процентов.", "5,9 процентов", 1, "ru")
    other = answering("The plant has 7 percent of exports.", "7 percent", 2)
    assert [[each.own for each in hit.differing] for hit in compare(one, other, 0.9)] == [
        ["5,9 процентов"],
        ["7 percent"],
    ]


@pytest.mark.parametrize(
    ("text", "language", "cosine"),
    [
        ("2024年，中国与中亚五国贸易额。", "zh", 0.4),  # on another matter
        ("Trade in 2024 was discussed.", "en", 0.9),  # in the same language
        ("2019年，中国与中亚五国贸易额达464亿美元。", "zh", 0.9),  # with other numbers
    ],
)
def test_what_is_far_or_in_one_language_or_of_other_numbers_does_not_corroborate(
    text: str, language: str, cosine: float
) -> None:
    assert not any(each.corroborating for each in compare(hit(SPEECH, 1), hit(text, 2, language), cosine))


@pytest.mark.parametrize(
    ("text", "answer", "language"),
    [
        ("2024年，中国与中亚五国贸易额达948亿美元。", "948亿美元", "zh"),
        ("В 2024 году товарооборот Китая с Центральной Азией достиг 94,8 млрд долларов.", "94,8 млрд", "ru"),
        ("2024 жылы Қытай мен Орталық Азия саудасы 94,8 миллиард долларға жетті.", "94,8 миллиард", "kk"),
    ],
)
def test_one_value_in_two_languages_corroborates_and_does_not_differ(text: str, answer: str, language: str) -> None:
    found = compare(answering(SPEECH, "94.8 billion", 1), answering(text, answer, 2, language), 0.8)
    assert all(each.corroborating and not each.differing for each in found)


@pytest.mark.parametrize(
    ("text", "answer", "language"),
    [
        (SPEECH.replace("94.8", "95.4"), "95.4 billion", "en"),
        ("2024年，中国与中亚五国贸易额达984亿美元。", "984亿美元", "zh"),
        ("В 2024 году товарооборот Китая с Центральной Азией достиг 94,8 млн долларов.", "94,8 млн", "ru"),
    ],
)
def test_another_value_differs_and_does_not_corroborate(text: str, answer: str, language: str) -> None:
    first, second = compare(answering(SPEECH, "94.8 billion", 1), answering(text, answer, 2, language), 0.8)
    assert not first.corroborating
    (difference,) = first.differing
    assert (difference.own, difference.other) == ("94.8 billion US dollars", second.differing[0].own)
    assert difference.place == second.place
    assert difference.other in text


def test_a_value_beside_the_answer_is_not_compared() -> None:
    other = "In 2023, trade between China and the five Central Asian countries reached 94.8 billion US dollars."
    found = compare(answering(SPEECH, "94.8 billion", 1), answering(other, "94.8 billion", 2), 0.9)
    assert not any(each.differing for each in found)


@pytest.mark.parametrize(("cosine", "log_odds"), [(0.2, 3.0), (0.9, -3.0)])
def test_what_is_on_another_matter_or_does_not_answer_contradicts_nothing(cosine: float, log_odds: float) -> None:
    other = answering("The opera house has 1,250 seats.", "1,250", 2, log_odds=log_odds)
    assert not any(each.differing for each in compare(answering(SPEECH, "94.8 billion", 1), other, cosine))


def test_a_number_and_a_date_are_not_compared() -> None:
    other = answering("Trade with Central Asia was recorded on 14 June 2025.", "14 June 2025", 2)
    assert not any(each.differing for each in compare(answering(SPEECH, "94.8 billion", 1), other, 0.9))


def test_one_document_neither_corroborates_nor_contradicts_itself() -> None:
    one, other = answering(SPEECH, "94.8 billion", 1), answering("It reached 95.4 billion.", "95.4 billion", 2)
    other = replace(other, passage=replace(other.passage, document_id=one.passage.document_id))
    assert not any(each.differing or each.corroborating for each in compare(one, other, 0.9))


def test_other_names_in_two_scripts_do_not_corroborate() -> None:
    one = answering("The prize went to the poet Dina Omarova.", "Dina Omarova", 1)
    same = answering("Премию получила поэтесса Дина Омарова.", "Дина Омарова", 2, "ru")
    other = answering("Премию получил прозаик Ерлан Тилеуов.", "Ерлан Тилеуов", 2, "ru")
    assert all(each.corroborating for each in compare(one, same, 0.8))
    assert not any(each.corroborating for each in compare(one, other, 0.8))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("100 MW", "550 million kWh"),
        ("100 MW", "60 enterprises"),
        ("120 km", "300 metres"),
        ("46 million dollars", "46 million tenge"),
    ],
)
def test_values_of_other_units_neither_contradict_nor_corroborate(one: str, other: str) -> None:
    made = [answering(f"The plant has {text}.", text, number) for number, text in ((1, one), (2, other))]
    in_chinese = replace(made[1], passage=replace(made[1].passage, language="zh"))
    for second in (made[1], in_chinese):
        found = compare(made[0], second, 0.9)
        assert not any(each.differing or each.corroborating for each in found)


def test_values_of_one_unit_contradict_each_other_in_two_languages() -> None:
    one = answering("The plant has a capacity of 100 MW.", "100 MW", 1)
    other = answering("电站装机容量为320兆瓦。", "320兆瓦", 2, "zh")
    assert [[each.own for each in hit.differing] for hit in compare(one, other, 0.9)] == [["100 MW"], ["320兆瓦"]]


@pytest.mark.parametrize(
    ("one", "other", "agree"), [("ended 3:1", "endete 3:1", True), ("ended 3:1", "endete 1:3", False)]
)
def test_a_score_is_one_value(one: str, other: str, agree: bool) -> None:
    first = answering(f"The match of Rovans and Telmo {one}.", "3", 1)
    second = answering(f"Das Spiel zwischen Rovans und Telmo {other}.", "3", 2, "de")
    assert all(bool(each.corroborating) == agree for each in compare(first, second, 0.9))


def test_days_of_other_months_contradict_and_the_year_after_them_is_no_unit() -> None:
    one = answering("The airport will open on 5 June 2025.", "2025", 1)
    other = answering("Аэропорт откроется 5 июля 2025 года.", "2025", 2, "ru")
    assert [[each.own for each in found.differing] for found in compare(one, other, 0.9)] == [
        ["5 June 2025"],
        ["5 июля 2025 года"],
    ]


def test_a_value_beside_the_sentence_that_is_quoted_confirms_nothing() -> None:
    one = answering("The plant got a capacity of 100 MW.", "100 MW", 1)
    text = "Сообщил директор. Мощность станции 100 МВт."
    spans = (Span(0, 17), Span(18, len(text)))
    made = hit(text, 2, "ru")
    passage = replace(made.passage, sentences=spans, search_sentences=spans)
    for scores, agree in (((5.0, 1.0), False), ((1.0, 5.0), True)):
        other = replace(made, passage=passage, sentence_scores=scores)
        assert all(bool(each.corroborating) == agree for each in compare(one, other, 0.9))


def test_the_same_number_of_two_mines_confirms_and_contradicts_nothing() -> None:
    one = answering("The Zhetiru mine employs 730 workers.", "730", 1)
    for number in ("730", "750"):
        other = answering(f"На руднике Кокшоки работают {number} человек.", number, 2, "ru")
        assert not any(each.corroborating or each.differing for each in compare(one, other, 0.9))


def test_a_sentence_that_holds_both_values_contradicts_neither() -> None:
    one = answering("The Bayan school was founded in 1931 and rebuilt in 1974.", "1931", 1)
    other = answering("Баян мектебі 1974 жылы қайта салынды, ал 1931 жылы негізі қаланды.", "1974", 2, "kk")
    assert not any(each.differing for each in compare(one, other, 0.9))
