"""A quote gets its verdict and its very place, in many languages; an altered one never passes for a true one."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qa_service.answering.comparable import make_comparable
from qa_service.answering.corpus_texts import HeldText
from qa_service.answering.quote_check import (
    MAX_PLACES,
    MIN_SIMILARITY,
    QuoteChecker,
    find_exact,
    find_normalised,
)
from qa_service.answering.word_borders import cuts_word
from qa_service.errors import NotFound
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import Span
from qa_service.store.store import Store
from tests.qa_service.store.opened import Opened, opened

SEEDS = Path(__file__).parents[3] / "seeds"
SEEDED = [entry for entry in find_files([SEEDS]) if isinstance(entry, FileEntry)]
SEED_TEXTS = [entry.read(1_000_000).content.decode().strip() for entry in SEEDED]
SENTENCES = {
    "en": "Trade with the five countries reached 94.8 billion dollars, and “it did not fall”, said Mr. Tokayev.",
    "ru": "Товарооборот не превысил 94,8 млрд долларов — так сказал Касым-Жомарт Токаев на форуме «Астана».",
    "kk": "Қазақстан мен Қытай арасындағы сауда көлемі 2024 жылы 43,8 миллиард доллар болған емес, — деді Тоқаев.",
    "zh": "2024年，中国与中亚五国的贸易额达到948亿美元，并“没有下降”，托卡耶夫说：这是历史新高。",
    "zh-Hant": "2024年，中國與中亞五國的貿易額達到948億美元，並「沒有下降」，托卡耶夫說：這是歷史新高。",
    "ja": "２０２４年の貿易額は９４８億ドルに達し、「減少しなかった」とトカエフ大統領は述べた。",
    "ar": "بلغ حجم التجارة بين الصين ودول آسيا الوسطى 94.8 مليار دولار، ولم ينخفض في عام 2024.",
}
ALTERED = {
    "en": ("94.8", "95.4"),
    "ru": ("не превысил", "превысил"),
    "kk": ("болған емес", "болған"),
    "zh": ("没有下降", "下降"),
    "zh-Hant": ("沒有下降", "有下降"),
    "ja": ("減少しなかった", "減少した"),
    "ar": ("ولم ينخفض", "وانخفض"),
}
REFORMED = {
    "en": ("“it did not fall”, said", '"it did  not fall",\nsaid'),
    "ru": ("долларов — так", "долларов - так"),
    "kk": ("емес, — деді", "емес, –\u00a0деді"),
    "zh": ("贸易额达到948亿美元，并“没有", '貿易額 達到948億美元, 並"沒有'),
    "zh-Hant": ("「沒有下降」，托", "“没有下降”, 托"),
    "ja": ("２０２４年の貿易額は", "2024年の 貿易額 は"),
    "ar": ("مليار دولار، ولم", "\u200fمليار دولار, ولم"),
}
TEXT = st.text(st.one_of(st.sampled_from("ab .1，中国😀é\n"), st.characters(exclude_categories=["Cs"])), min_size=1)


def held(*texts: str) -> Mapping[str, HeldText]:
    return {str(i): HeldText("", text, make_comparable(text).text) for i, text in enumerate(texts)}


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to whole words, without white space at its ends."""
    while start > 0 and (text[start].isspace() or cuts_word(text, start, len(text))):
        start -= 1
    while end < len(text) and (text[end - 1].isspace() or cuts_word(text, 0, end)):
        end += 1
    return start, end


@st.composite
def slices(draw: st.DrawFn, text: str) -> tuple[int, int]:
    start = draw(st.integers(0, len(text) - 2))
    return whole_words(text, start, draw(st.integers(start + 1, min(len(text), start + 400))))


def assert_only_normalised(text: str, quote: str, start: int, end: int) -> None:
    """Where it stands as it was given, it is exact instead."""
    texts = held("Another text. 别的", text)
    if not find_exact(texts, quote).total:
        places = find_normalised(texts, quote)
        assert ("1", start, end) in places.listed or places.total > MAX_PLACES


@given(TEXT, st.data())
def test_any_slice_is_exact_at_its_own_place(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    places = find_exact(held("something else", text), text[start:end])
    assert ("1", start, end) in places.listed or places.total > MAX_PLACES
    truth = [i for i in range(len(text)) if text.startswith(text[start:end], i)]
    assert places.total == len(truth) + sum("something else".startswith(text[start:end], i) for i in range(14))
    assert len(places.listed) == min(MAX_PLACES, places.total)


@given(st.data())
def test_spaces_between_han_change_nothing(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([SENTENCES["zh"], SENTENCES["zh-Hant"], SEED_TEXTS[0], SEED_TEXTS[1]]))
    start, end = data.draw(slices(text))
    spaced = re.sub(
        r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", data.draw(st.sampled_from([" ", "\n\n", "\u3000"])), text[start:end]
    )
    assert_only_normalised(text, spaced, start, end)


FORMS = {
    "“": '"',
    "”": '"',
    "，": ", ",
    "。": ". ",
    "—": "-",
    "–": "—",
    "'": "’",
    "’": "'",
    "«": "“",
    "：": ": ",
    ",": "，",
}
MARKS = [
    (text, mark)
    for text in [*SENTENCES.values(), *SEED_TEXTS]
    for mark in re.finditer(r"(?<![\d０-９\s])[“”，。—–'’«：,](?!\s*[\d０-９])", text)
]


@given(st.data(), st.sampled_from(MARKS))
def test_the_form_of_punctuation_changes_nothing_outside_numbers(
    data: st.DataObject, found: tuple[str, re.Match[str]]
) -> None:
    text, mark = found
    start = data.draw(st.integers(max(0, mark.start() - 100), mark.start()))
    start, end = whole_words(text, start, data.draw(st.integers(mark.end(), min(len(text), mark.end() + 100))))
    assert_only_normalised(text, text[start : mark.start()] + FORMS[mark[0]] + text[mark.end() : end], start, end)


@given(st.data(), st.sampled_from(["\u200b", "\u200d", "\u2060", "\u00ad", "\u200f", "\ufeff"]))
def test_invisible_characters_change_nothing(data: st.DataObject, invisible: str) -> None:
    text = data.draw(st.sampled_from([*SENTENCES.values(), *SEED_TEXTS]))
    start, end = data.draw(slices(text))
    assert_only_normalised(text, invisible.join(text[start:end]), start, end)


@given(st.data())
def test_width_changes_nothing(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([SENTENCES["en"], SENTENCES["zh"], SEED_TEXTS[2]]))
    start, end = data.draw(slices(text))
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text[start:end])
    assert_only_normalised(text, wide, start, end)


@given(st.data())
def test_another_digit_or_letter_is_never_taken_for_the_same(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([*SENTENCES.values(), *SEED_TEXTS]))
    start, end = data.draw(slices(text))
    letters = [i for i in range(start, end) if text[i].isalnum()]
    assume(letters)
    at = data.draw(st.sampled_from(letters))
    old = text[at]
    others = "0123456789" if old.isdigit() else "xқжΩ"
    new = data.draw(st.sampled_from([c for c in others if c not in {old, make_comparable(old).text}]))
    quote = text[start:at] + new + text[at + 1 : end]
    texts = held(text)
    assert find_exact(texts, quote).total == sum(text.startswith(quote, i) for i in range(len(text)))
    assert ("0", start, end) not in find_normalised(texts, quote).listed


@given(st.data(), st.sampled_from([" ", "\n"]))
def test_white_space_inside_a_word_or_number_is_a_change(data: st.DataObject, space: str) -> None:
    text = data.draw(st.sampled_from([SENTENCES["en"], SENTENCES["ru"], SENTENCES["kk"], SENTENCES["ar"]]))
    word = data.draw(st.sampled_from(re.findall(r"\w\w+|\d+[.,]\d+", text)))
    at = data.draw(st.integers(1, len(word) - 1))
    quote = text.replace(word, word[:at] + space + word[at:])
    assert find_exact(held(text), quote).total == find_normalised(held(text), quote).total == 0


@pytest.mark.parametrize("quote", ["4.8  billion", "94  billion", "do\u200b", "governmental\u200b", "5\u200b degrees"])
def test_a_part_of_a_word_or_number_is_not_normalised(quote: str) -> None:
    text = "They don't fall: 94.8 billion, 94.8  billion for non-governmental work at -5 degrees."
    assert find_normalised(held(text.replace("94.8  b", "94.8 b")), quote).total == 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def languages(store: Opened) -> dict[str, str]:
    """The id of a document in each language: its sentence between two others."""
    return {
        language: store.add(f"First line ({language}).\r\n\r\n{sentence}\r\nLast line.", f"{language}.txt").document_id
        for language, sentence in SENTENCES.items()
    }


@pytest.mark.parametrize("language", SENTENCES)
def test_verdicts_by_language(store: Opened, languages: dict[str, str], language: str) -> None:
    sentence = SENTENCES[language]
    checker = QuoteChecker(store.store)
    text = store.store.document(languages[language]).text
    place = (languages[language], text.index(sentence), text.index(sentence) + len(sentence))

    exact = checker.check(sentence, None)
    assert (exact.verdict, exact.total) == ("exact", 1)
    reformed = sentence.replace(*REFORMED[language])
    assert reformed != sentence
    normalised = checker.check(reformed, languages[language])
    assert (normalised.verdict, normalised.total) == ("normalised", 1)
    for found in (exact.places[0], normalised.places[0]):
        assert (found.document_id, found.span.start, found.span.end) == place
        assert (found.text, found.file_name, found.cuts_word) == (sentence, f"{language}.txt", False)

    altered = sentence.replace(*ALTERED[language])
    assert altered != sentence
    near = checker.check(altered, languages[language])
    assert (near.verdict, near.total) == ("near", 1)
    assert near.similarity is not None
    assert MIN_SIMILARITY <= near.similarity < 1
    assert near.places[0].text == text[near.places[0].span.start : near.places[0].span.end]
    assert "".join(change.quote for change in near.changes) == altered
    assert "".join(change.document for change in near.changes) == near.places[0].text == sentence
    assert any(change.op != "equal" for change in near.changes)


def test_simplified_and_traditional_are_one(store: Opened, languages: dict[str, str]) -> None:
    checker = QuoteChecker(store.store)
    quote = "中国与中亚五国的贸易额达到948亿美元，并"
    assert checker.check(quote, languages["zh"]).verdict == "exact"
    assert checker.check(quote, languages["zh-Hant"]).verdict == "normalised"


def test_an_altered_number_is_shown_whole(store: Opened, languages: dict[str, str]) -> None:
    near = QuoteChecker(store.store).check(SENTENCES["en"].replace("94.8", "95.4"), None)
    assert [(c.op, c.quote, c.document) for c in near.changes if c.op != "equal"] == [("replace", "95.4", "94.8")]


@pytest.mark.parametrize(
    ("quote", "verdict", "total"),
    [
        ("，", "exact", 1),
        (",", "normalised", 1),
        ("中", "exact", 2),
        ("國", "normalised", 2),
        ("😀", "exact", 1),
        ("😁", "absent", 0),
        ("。“", "absent", 0),
        ("\u200b", "absent", 0),
        ("the", "exact", 150),
        ("aa", "exact", 2),
    ],
)
def test_quotes_of_hardly_anything(store: Opened, quote: str, verdict: str, total: int) -> None:
    store.add("中国，中国 😀 aaa " + "the " * 150)
    found = QuoteChecker(store.store).check(quote, None)
    assert (found.verdict, found.total) == (verdict, total)
    assert len(found.places) == min(total, MAX_PLACES)
    assert all(make_comparable(place.text).text == make_comparable(quote).text for place in found.places)


def test_a_quote_may_run_over_passages_and_quarantined_stretches(store: Opened) -> None:
    for entry in find_files([SEEDS]):
        assert isinstance(entry, FileEntry)
        store.indexer.add(entry.read(1_000_000))
    checker = QuoteChecker(store.store)
    for document_id in store.store.document_ids():
        text = store.store.document(document_id).text
        found = checker.check(text[:10_000], document_id)
        assert (found.verdict, found.places[0].span.start) == ("exact", 0)
        kept_out = store.store.quarantined(document_id)
        assert found.places[0].quarantined == any(each.span.start < 10_000 for each in kept_out)
        for each in kept_out:
            stretch = text[each.span.start : each.span.end]
            assert checker.check(stretch, document_id).places[0].quarantined
            if len(stretch) > 100:
                near = checker.check(stretch[:40] + "x" + stretch[40:], None)
                assert (near.verdict, near.places[0].quarantined) == ("near", True)


def test_what_is_hardly_like_anything_is_absent(store: Opened) -> None:
    store.add("0123456789 " * 3 + "abcdefghij klmnopqrst")
    checker = QuoteChecker(store.store)
    # each pair of letters that is new takes 2 x 2 / 42 of the similarity
    assert checker.check("abcdefghij klmnopXXXX", None).similarity == pytest.approx(34 / 42)
    assert checker.check("abcdefghij klmnXXXXXX", None).similarity == pytest.approx(30 / 42)
    assert checker.check("abcdefghij klmXXXXXXX", None).verdict == "absent"  # 28 / 42 < 0.7
    assert checker.check("Nothing of this stands anywhere in the text.", None).verdict == "absent"


def test_what_is_kept_out_of_search_may_be_the_nearest_place(store: Opened) -> None:
    sentence = "The forum in Almaty was opened by the minister of trade, who spoke of media and of nothing else."
    store.add(sentence.replace("Almaty", "Astana").replace("trade, who", "culture, who then"), "far.txt")
    close = store.add(f"{sentence}\n\nThe harvest was good.", "close.txt").document_id
    store.indexer.quarantine(close, Span(0, len(sentence)), "boilerplate")
    near = QuoteChecker(store.store).check(sentence.replace("media", "medium"), None)
    assert (near.verdict, near.places[0].file_name) == ("near", "close.txt")


def test_of_several_documents_the_nearest_place_is_taken(store: Opened) -> None:
    far = "The forum in Astana was opened by the minister of culture, who spoke of media and of nothing else."
    close = "The forum in Almaty was opened by the minister of trade, who spoke of media and of nothing else."
    store.add(far, "far.txt")
    store.add(close, "close.txt")
    near = QuoteChecker(store.store).check(close.replace("Almaty", "Almati"), None)
    assert (near.verdict, near.places[0].file_name) == ("near", "close.txt")


def test_one_document_only(store: Opened, languages: dict[str, str]) -> None:
    checker = QuoteChecker(store.store)
    assert checker.check("First line", None).total == len(languages)
    assert checker.check("First line", languages["kk"]).total == 1
    with pytest.raises(NotFound):
        checker.check("First line", "0" * 32)


def test_what_is_added_and_deleted_is_seen_at_once(store: Opened) -> None:
    checker = QuoteChecker(store.store)
    assert checker.check("zebra crossing", None).verdict == "absent"
    added = store.add("A zebra crossing.")
    assert checker.check("zebra crossing", None).verdict == "exact"
    store.indexer.delete(added.document_id)
    assert checker.check("zebra crossing", None).verdict == "absent"


class CountingStore(Store):
    """Remembers what was asked of it, and says that every word is very common."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.read: list[str] = []
        self.searched: list[int] = []
        self.count = 1

    def texts(self, document_ids):
        self.read += document_ids
        return super().texts(document_ids)

    def word_counts(self, words):
        assert len(words) <= 100
        return dict.fromkeys(words, self.count)

    def find_by_words(self, words, k, filters):
        self.searched.append(len(words))
        assert k <= 30
        return super().find_by_words(words, k, filters)


def test_work_is_bounded(store: Opened, tmp_path: Path) -> None:
    """Each text is read once, and however long the quote, few words and only rare ones are looked for."""
    first = store.add("One text about trade.").document_id
    counting = CountingStore(tmp_path)
    checker = QuoteChecker(counting)
    long = " ".join(f"word{i}" for i in range(1_200))[:10_000]
    checker.check(long, None)
    second = store.add("Another text about trade.").document_id
    for count, most in ((1, 12), (1_000, 5), (5_001, 0)):
        counting.count = count
        checker.check(long, None)
        assert counting.searched[-1] == most
    assert counting.read == [first, second]
    counting.close()
