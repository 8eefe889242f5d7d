"""Who tells of another plant, airline or bank contradicts nothing; what shows no names says nothing of them."""

import pytest

from qa_service.ingest.language import detect_language
from qa_service.records import Hit
from qa_service.retrieval.subject import share_named, subject_of
from tests.qa_service.retrieval.made_hits import hit


@pytest.mark.parametrize(
    ("question", "one", "other", "same"),
    [
        ("东湖发电厂2023年发电量是多少？", "东湖发电厂发电量为48亿。", "西湖发电厂发电量为31亿。", False),
        ("东湖发电厂2023年发电量是多少？", "东湖发电厂发电量为48亿。", "東湖發電廠的發電量為52亿。", True),
        ("东湖发电厂发电量是多少？", "东湖发电厂发电量为48亿。", "The plant made 52 billion.", True),
        ("When did Berkut Travel get it?", "Berkut Travel got it.", "Компания Sokol Travel получила его.", False),
        ("When did Berkut Travel get it?", "Berkut Travel got it.", "Компания «Беркут Трэвел» получила его.", True),
        ("When did Dostyk Bank merge?", "The owners of Dostyk Bank did.", "The owners of Mereke Bank did.", False),
        ("When did it merge?", "The owners of Dostyk Bank did.", "The owners of Mereke Bank did.", True),
        ("What did Tokayev say?", "In Astana Tokayev said so.", "托卡耶夫这样说。", True),
    ],
)
def test_two_hits_speak_of_the_same_of_what_a_question_names(question: str, one: str, other: str, same: bool) -> None:
    first, second = told(one, 1), told(other, 2)
    assert subject_of(question).is_the_same(first, second) == same
    assert subject_of(question).is_the_same(second, first) == same


@pytest.mark.parametrize(
    ("question", "texts", "share"),
    [
        ("How long is the bridge in Talgar?", ["Talgar has a bridge of 842 metres."], 1.0),
        ("How long is the bridge in Kokand?", ["Talgar has a bridge of 842 metres."], 0.0),
        ("How long is the bridge in Kokand?", ["Talgar has a bridge.", "It lies in Kokand."], 0.5),
        ("Who built the bridge from Talgar to Kokand?", ["Talgar has a bridge."], 0.5),
        ("Кто построил мост в Талгаре?", ["Жители города Талгар ходят по мосту."], 1.0),
        ("Кто построил мост в Коканде?", ["Жители города Талгар ходят по мосту."], 0.0),
        ("Кто построил мост в Коканде?", ["Talgar has a bridge."], 1.0),  # who knows how Latin letters write it?
        ("Кто построил мост в Коканде?", ["塔尔加尔有一座桥。"], 1.0),
        ("How long is the bridge?", ["Talgar has a bridge."], 1.0),
        ("HOW LONG IS THE BRIDGE", ["Talgar has a bridge."], 1.0),
        ("How Long Is The Bridge In Kokand?", ["Talgar has a bridge."], 1.0),
        ("Wie lang ist die Überführung in Kokand?", ["Die Brücke in Talgar ist lang."], 1.0),  # all nouns have capitals
        ("Which title number does it have in Title?", ["It has one."], 1.0),  # the document is called "Title 1"
    ],
)
def test_the_names_of_a_question_are_looked_for_in_the_first_hits_document(
    question: str, texts: list[str], share: float
) -> None:
    hits = [told(text, number) for number, text in enumerate(texts, start=1)]
    assert share_named(hits, question, detect_language(question)) == share


def told(text: str, number: int) -> Hit:
    is_chinese = any("\u3400" <= character <= "\u9fff" for character in text)
    is_russian = any("\u0400" <= character <= "\u04ff" for character in text)
    return hit(text, number, language="zh" if is_chinese else "ru" if is_russian else "en")
