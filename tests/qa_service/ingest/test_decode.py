"""Bytes to text, exactly or not at all; what is lost is counted and what is guessed is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.encoding_guess import codec_of
from qa_service.records import Encoding, RawFile
from tests.qa_service.ingest.texts import any_texts

RUSSIAN = "В Пекине прошёл форум средств массовой информации Китая и стран Центральной Азии."
KAZAKH = "Қазақстан мен Қытай арасындағы сауда айналымы былтыр тағы да өсті, деп хабарлады үкімет."
CHINESE = "第三届中国—中亚媒体合作论坛在北京举行，来自五个国家的记者参加了会议，并签署了合作协议。"
TRADITIONAL = "第三屆論壇在臺北舉行，來自五個國家的記者參加了會議，並簽署了合作協議，氣氛十分熱烈。"
JAPANESE = "中央アジアの記者たちは、北京で開かれたメディア協力フォーラムに参加し、協定に署名した。"
KOREAN = "중앙아시아 기자들은 베이징에서 열린 언론 협력 포럼에 참가하여 협정에 서명하였다."
ARABIC = "افتتحت في أستانا محطة جديدة لتحلية المياه، وقال المدير إنها ستخدم مئتي ألف نسمة."
TURKISH = "Orta Asyalı gazeteciler Pekin'de düzenlenen iş birliği forumuna katıldı ve anlaşmaları imzaladı."
FRENCH = "Les journalistes ont été reçus à Pékin, où l'accord a été signé après de longues délibérations très animées."


def decoded(content: bytes, declared: str | None = None) -> str:
    return decode(RawFile("file.txt", content, {}), declared)[0]


def encoding_of(content: bytes, declared: str | None = None) -> Encoding:
    return decode(RawFile("file.txt", content, {}), declared)[1]


@settings(max_examples=200, deadline=None)
@given(any_texts())
def test_the_text_of_a_file_in_utf_8_is_verbatim(text: str) -> None:
    text = "a" + text
    assert decoded(text.encode()) == text


def test_a_byte_order_mark_is_no_text_but_one_inside_is() -> None:
    assert decoded(b"\xef\xbb\xbfone \xef\xbb\xbftwo") == "one \ufefftwo"
    assert decoded(b"\xef\xbb\xbf\xef\xbb\xbfone") == "\ufeffone"


def test_line_ends_stay_as_they_are() -> None:
    assert decoded(b"a\r\nb\rc\n\n") == "a\r\nb\rc\n\n"
    assert decoded("ә\r\nb\rc\n\n".encode("utf-16")) == "ә\r\nb\rc\n\n"


@pytest.mark.parametrize("text", [RUSSIAN, KAZAKH, CHINESE, TRADITIONAL, JAPANESE, KOREAN, TURKISH, FRENCH])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_with_and_without_its_mark(text: str, encoding: str) -> None:
    content = text.encode(encoding)
    assert decoded(content) == text
    assert encoding_of(content).is_certain


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (RUSSIAN, "windows-1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (RUSSIAN, "cp866", "cp866"),
        (KAZAKH, "kz1048", "kz-1048"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE.replace("—", ""), "gb2312", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (JAPANESE, "euc_jp", "euc-jp"),
        (JAPANESE, "iso2022_jp", "iso-2022-jp"),
        (KOREAN, "euc_kr", "euc-kr"),
        (TURKISH, "windows-1254", "windows-1254"),
        (ARABIC, "windows-1256", "windows-1256"),
        (ARABIC, "iso8859-6", "iso-8859-6"),
        (ARABIC.replace("،", ""), "cp720", "cp720"),
        (FRENCH, "windows-1252", "windows-1252"),
    ],
)
def test_what_is_in_use_is_read_without_a_declaration(text: str, encoding: str, name: str) -> None:
    content = text.encode(encoding)
    assert decoded(content) == text
    assert encoding_of(content) == Encoding(name)


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("Tokyo office (東京タワー) opens on Monday, the manager said.\n", "euc_jp", "euc-jp"),
        ("名称\ngrotty - タイプライター driver for groff\n", "euc_jp", "euc-jp"),
        ("Beijing 北京 and Shanghai 上海 are cities.\n", "gbk", "gb18030"),
        ("Seoul 서울 is the capital; 대한민국 is the country.\n", "euc_kr", "euc-kr"),
        ("ışığı gördüm, çığlığı duydum; şüpheliyim\n", "windows-1254", "windows-1254"),
        ("Über größere Maßstäbe, äußerst ölig, »süß«\n", "windows-1252", "windows-1252"),
    ],
)
def test_a_few_characters_in_pairs_of_bytes_are_not_taken_for_accents(text: str, encoding: str, name: str) -> None:
    content = text.encode(encoding)
    assert decoded(content) == text
    assert encoding_of(content).name == name


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Курс доллара: 450 тг. Евро: 500 тг.", "windows-1251"),
        ("Привет, мир", "windows-1251"),
        ("Привет, мир", "koi8-r"),
        ("The town of 東京 is big, and so it was said in the spring.", "shift_jis"),
    ],
)
def test_what_is_too_short_to_tell_is_not_said_to_be_certain(text: str, encoding: str) -> None:
    found = encoding_of(text.encode(encoding))
    assert not found.is_certain
    assert found.candidates


def test_a_few_words_of_russian_are_read_without_a_declaration() -> None:
    for text in ("Смета: бетон 20 куб., цена 300", "Добрый день, коллеги! Встреча завтра."):
        assert decoded(text.encode("windows-1251")) == text


def test_a_declaration_that_holds_is_followed_and_one_that_does_not_is_not() -> None:
    short = "Ошибка".encode("koi8-r")
    assert decoded(short, "KOI8-R") == "Ошибка"
    assert encoding_of(short, "KOI8-R") == Encoding("koi8-r")
    assert decoded(RUSSIAN.encode(), "euc-jp") == RUSSIAN
    assert decoded(CHINESE.encode("gb18030"), "gb2312") == CHINESE
    assert decoded(RUSSIAN.encode(), "utf-16") == RUSSIAN
    assert decoded(RUSSIAN.encode(), "rot13") == RUSSIAN


def test_a_guess_over_a_few_characters_says_that_it_is_one() -> None:
    found = encoding_of("Ёж".encode("windows-1251"))
    assert not found.is_certain
    assert found.candidates
    assert found.name not in found.candidates


def test_the_mark_of_utf_16_is_a_word_in_windows_1251() -> None:
    text = "яють його: встановити нові пакунки, назва пакунка вказується в командному рядку"
    assert decoded(text.encode("windows-1251")) == text


def test_utf_8_that_lost_bytes_is_taken_with_their_number() -> None:
    content = RUSSIAN.encode()[:-1] + b"\xd0"
    found = encoding_of(content)
    assert (found.name, found.is_certain, found.replaced) == ("utf-8", False, 1)
    assert decoded(content) == RUSSIAN[:-1] + "\ufffd"


def test_few_utf_8_characters_around_a_broken_byte_are_not_another_encoding() -> None:
    content = "The Mixéd hill is 13 m high. Пример текста.".encode() + b"\xff"
    assert encoding_of(content) == Encoding("utf-8", is_certain=False, replaced=1)


@pytest.mark.parametrize(
    "content",
    [
        "Le café a été fermé en 2019. Il a rouvert ".encode() + b"\xe0 Paris.",
        "Its director said it’s working.\nCosts rose ".encode() + b"\x96 by a third.",
    ],
)
def test_a_byte_of_another_encoding_in_latin_letters_does_not_turn_the_others_into_signs(content: bytes) -> None:
    assert encoding_of(content) == Encoding("utf-8", is_certain=False, replaced=1)
    assert decoded(content) == content.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (CHINESE, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (JAPANESE, "euc_jp", "euc-jp"),
        (KOREAN, "euc_kr", "euc-kr"),
    ],
)
def test_east_asian_texts_that_lost_a_byte_are_taken_with_their_number(text: str, encoding: str, name: str) -> None:
    letters = 2 * text.rstrip(".")
    content = letters.encode(encoding)[:-1]
    found = encoding_of(content)
    assert (found.name, found.is_certain, found.replaced) == (name, False, 1)
    assert decoded(content)[:-1] == letters[:-1]
    whole = text.encode(encoding)
    broken = b"\xff".join([whole, b"\n", whole])
    assert encoding_of(broken).name == name
    assert not encoding_of(broken).is_certain
    assert decoded(broken).startswith(text)


def test_utf_16_that_was_cut_short_is_taken_with_what_it_lost() -> None:
    content = RUSSIAN.encode("utf-16")[:-1]
    assert decoded(content) == RUSSIAN[:-1] + "\ufffd"
    assert encoding_of(content) == Encoding("utf-16", is_certain=False, replaced=1)


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_read_or_refused_and_never_silently_changed(content: bytes) -> None:
    try:
        text, encoding = decode(RawFile("file.txt", content, {}))
    except BadFile:
        return
    assert text
    if encoding.is_certain and not content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        assert "\ufffd" not in text or "\ufffd".encode() in content
        assert text.encode(codec_of(encoding.name)) == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\xff\xfe", "the file is empty"),
        (b" \r\n\t\xc2\xa0", "holds no words"),
        ("… — 。🙂\u200b".encode(), "holds no words"),
        (b"abc\0def", "not a text file (a NUL byte at 3)"),
        (b"\xef\xbb\xbfabc\0", "not a text file (a NUL byte at 6)"),
        (b"\xef\xbb\xbfabc\xff", "begins as UTF-8 and is not (byte 0xff at 6)"),
        (bytes(range(1, 32)) * 4 + b"\xff\xff\x81\x8d" * 9, "not text in any known encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place(content: bytes, message: str) -> None:
    with pytest.raises(BadFile) as caught:
        decoded(content)
    assert str(caught.value).startswith("file.txt: ")
    assert message in str(caught.value)


def test_a_page_saved_as_utf8_that_names_what_it_was_in_before_is_utf8() -> None:
    content = "Библиотека открылась в понедельник.".encode()
    text, encoding = decode(RawFile("a.html", content, {}), "windows-1251")
    assert (text.encode(), encoding.name, encoding.is_certain) == (content, "utf-8", True)
    old = content.decode().encode("cp1251")
    assert decode(RawFile("a.html", old, {}), "windows-1251")[1].name == "windows-1251"


def test_what_is_utf8_for_the_most_part_is_nothing_else_for_certain() -> None:
    content = "Привет мир, это текст на русском языке. ".encode() * 5 + "Вторая часть в старой кодировке.".encode(
        "cp1251"
    )
    assert not decode(RawFile("a.txt", content, {}))[1].is_certain


def test_korean_in_seven_bits() -> None:
    text = "알마티시에서 월요일 새 도서관 개관식이 열려 시장과 시민 수백 명이 참석했다."
    assert decode(RawFile("a.txt", text.encode("iso2022_kr"), {}))[0] == text


@pytest.mark.parametrize(
    ("text", "encoding"), [("Хлеб 12 руб., молоко 8 руб.", "iso8859-5"), ("今天天气很好。", "gb18030")]
)
def test_a_few_characters_say_nothing_for_certain(text: str, encoding: str) -> None:
    assert not encoding_of(text.encode(encoding)).is_certain


def test_a_file_joined_of_two_encodings_is_not_certain() -> None:
    content = f"{RUSSIAN}\n".encode("windows-1251")
    assert encoding_of(content).is_certain
    assert not encoding_of(content + RUSSIAN[:40].encode()).is_certain
