"""Languages of the region are told apart, forms of one too, and what does not tell is left open."""

import pytest
from hypothesis import given, settings

from qa_service.ingest.describe import describe
from qa_service.ingest.language import (
    detect_document_language,
    detect_language,
    language_of_last,
    normal_tag,
    passage_language,
    search_language,
)
from qa_service.ingest.letters import SHIPPED, LetterTable, count_runs, runs_of, save_counts, shipped_tables
from tests.qa_service.ingest.texts import any_texts

KAZAKH = "Қытайда Қазақстаннан қанша студент оқиды және олар қайда тұрады?"


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["How large was the trade between the two countries?"], "en"),
        ([KAZAKH, "а 2016?"], "kk"),
        (["Қанша студент?", "ал Қазақстанда неше Конфуций институты бар?"], "kk"),
        ([KAZAKH, "а 2016?", "ал 2017?"], "kk"),
        ([KAZAKH, "那中国呢？"], "zh"),
        ([KAZAKH, "Сколько студентов из Казахстана учится в Китае?"], "ru"),
        (["How large was the trade between the two countries?", "а сколько?"], detect_language("а сколько?")),
        (["?", "", "Почему это произошло?"], "ru"),
        (["?"], "und"),
    ],
)
def test_a_short_text_takes_the_language_of_longer_ones_in_its_script(texts: list[str], language: str) -> None:
    assert language_of_last(texts) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Yig‘ilish dushanba kuni bo‘lib o‘tdi va rejalar kelishib olindi.", "uz"),
        ("Majlis dushanba kuni bolib otdi hamda rejalar haqida gaplashildi.", "uz"),
        ("Йиғилиш душанба куни бўлиб ўтди ва режалар келишиб олинди.", "uz-Cyrl"),
        ("Ýygnak duşenbe güni geçirildi we meýilnama barada ylalaşyldy.", "tk"),
        ("Ҷаласа рӯзи душанбе баргузор шуд ва нақша қабул гардид.", "tg"),
        ("Жыйын дүйшөмбү күнү өтүп, жылдык план боюнча макулдашылды.", "ky"),
        ("Жиналыс дүйсенбі күні өтіп, жылдық жоспар туралы келісілді.", "kk"),
        ("Собрание прошло в понедельник, план на год был согласован.", "ru"),
        ("Збори відбулися в понеділок, план на рік було погоджено.", "uk"),
        ("Toplantı pazartesi günü yapıldı ve yıllık plan kabul edildi.", "tr"),
        ("Die Sitzung fand am Montag statt, der Plan wurde angenommen.", "de"),
        ("Cuộc họp diễn ra vào thứ Hai và kế hoạch đã được thông qua.", "vi"),
        ("会議は月曜日に開かれ、年間計画が承認されました。", "ja"),
        ("회의는 월요일에 열렸고 연간 계획이 승인되었다.", "ko"),
        ("CNPC的员工在Aktobe工作。", "zh"),
        ("Zhaik Bank的股东于2021年3月没有批准与Tobol Bank的合并。", "zh"),
        ("CNPC (中国石油) signed a contract with KazMunayGas in Astana.", "en"),
        ("CNPCの従業員はAktobeで働いている。", "ja"),
    ],
)
def test_close_languages_are_told_apart(text: str, language: str) -> None:
    assert detect_language(text) == language
    assert detect_language(text.upper()) == language


@pytest.mark.parametrize("text", ["", "?", "12 34", "x", "🙂🙂", "Ok", "Astana", "2025 — 14.06"])
def test_what_does_not_tell_its_language_is_undetermined(text: str) -> None:
    assert detect_language(text) == "und"
    assert detect_language(text, default="kk") == "kk"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("两国媒体的合作论坛昨天在首都开幕，来自各国的代表出席了开幕式。", "zh-Hans"),
        ("兩國媒體的合作論壇昨天在首都開幕，來自各國的代表出席了開幕式。", "zh-Hant"),
        ("兩國媒體的合作論壇。两国媒体的合作论坛。", "zh"),
        ("上海北京天津大学", "zh"),
    ],
)
def test_the_form_of_han_is_told_where_it_is_certain(text: str, language: str) -> None:
    assert detect_document_language(text) == language
    assert search_language(language) == "zh"


@pytest.mark.parametrize(
    ("text", "of_document", "expected"),
    [
        ("Да, конечно.", "kk", "kk"),
        ("Да, конечно.", "en", "und"),
        ("Собрание прошло в понедельник, план на год был согласован.", "kk", "ru"),
        ("第一章", "zh-Hant", "zh-Hant"),
        ("第一章", "ru", "zh"),
        ("Chapter one", "ru", "en"),
        ("12 34", "ru", "ru"),
        ("Йиғилиш душанба куни бўлиб ўтди ва режалар келишиб олинди.", "uz-Cyrl", "uz-Cyrl"),
        ("Йиғилиш душанба куни бўлиб ўтди ва режалар келишиб олинди.", "uz", "uz-Cyrl"),
        ("The members met on Monday and agreed on a plan for the year.", "en-US", "en-US"),
        ("Die Mitglieder trafen sich am Montag und einigten sich auf einen Plan.", "de-DE-1996", "de-DE-1996"),
    ],
)
def test_a_short_passage_is_in_its_documents_language_unless_its_script_says_otherwise(
    text: str, of_document: str, expected: str
) -> None:
    assert passage_language(text, of_document) == expected


@pytest.mark.parametrize(
    ("tag", "normal"),
    [
        *(("en-US", "en"), ("zh_TW", "zh-Hant"), ("zh-CN", "zh-Hans"), ("ZH-hant-HK", "zh-Hant"), ("kk", "kk")),
        *(("eng", "en"), ("cmn-Hant", "zh-Hant"), ("tl-PH", "tl"), ("prs", "fa"), ("mnc", "mnc")),
        *(("zh", "zh"), ("uz-Cyrl-UZ", "uz-Cyrl"), ("", None), ("english", None), ("?", None)),
    ],
)
def test_tags_of_files_take_one_form(tag: str, normal: str | None) -> None:
    assert normal_tag(tag) == normal


def test_the_language_that_a_page_names_counts_where_its_text_does_not_speak_against_it() -> None:
    chinese = "两国媒体的合作论坛昨天在首都开幕，来自各国的代表出席了开幕式。"
    for said, expected, origin in (("zh-CN", "zh-Hans", "html lang"), ("en", "zh-Hans", "detected")):
        metadata, origins = describe("a.html", chinese, {}, own={"language": (said, "html lang")})
        assert (metadata.language, origins["language"]) == (expected, origin)


def test_what_a_file_says_of_itself_comes_before_its_text_and_is_left_out_where_it_cannot_be() -> None:
    own = {
        "title": (" A\nname ", "html meta"),
        "date": ("2024-05-01T10:00:00Z", "html meta"),
        "url": ("file:///C:/a.html", "html link"),
        "author": ("...", "html meta"),
        "colour": ("red", "html meta"),
    }
    metadata, origins = describe("a.html", "Another name\nBy Anna Weber\n2 June 2025\n", {"source": "S"}, own=own)
    assert (metadata.title, metadata.date, metadata.author, metadata.url) == (
        "A name",
        "2024-05-01",
        "Anna Weber",
        None,
    )
    assert origins == {
        **{"title": "html meta", "date": "html meta", "source": "given", "author": "text"},
        "language": origins["language"],
    }
    for date in ("2199-01-01", "soon", "D:20240501"):
        found = describe("a.html", "A name\n", {}, own={"date": (date, "html meta")})
        assert found[0].date is None


def test_a_table_of_letters_is_a_naive_bayes_computed_by_hand() -> None:
    table = LetterTable.of({"aa": count_runs("ab ab", least=1), "bb": count_runs("ba ba", least=1)})
    assert runs_of("AB") == ["a", "b", " ab", "ab "]
    assert table.scores("ab")["aa"] > table.scores("ab")["bb"]
    assert table.scores("xyz") == {"aa": 0.0, "bb": 0.0}


def test_a_table_is_read_as_it_was_written(tmp_path: object) -> None:
    counts = {"uz": count_runs("yig‘ilish va reja " * 3), "kk": count_runs("жиналыс және жоспар " * 3)}
    path = SHIPPED.__class__(str(tmp_path)) / "letters.npz"
    save_counts(path, counts)
    assert path.stat().st_size > 0
    assert {language for table in shipped_tables().values() for language in table.languages} >= {"uz", "uz-Cyrl", "tk"}


@settings(max_examples=200, deadline=None)
@given(any_texts())
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert detect_document_language(text)
    assert passage_language(text, "kk")
