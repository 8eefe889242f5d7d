"""Bytes to text, exactly or not at all."""

import pytest
from hypothesis import given, settings

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.records import RawFile
from tests.qa_service.ingest.texts import any_texts


def decoded(content: bytes) -> str:
    return decode(RawFile("file.txt", content, {}))


@settings(max_examples=200, deadline=None)
@given(any_texts())
def test_the_text_of_a_file_is_verbatim(text: str) -> None:
    text = "a" + text
    assert decoded(text.encode()) == text


def test_a_byte_order_mark_is_no_text_but_one_inside_is() -> None:
    assert decoded(b"\xef\xbb\xbfone \xef\xbb\xbftwo") == "one \ufefftwo"
    assert decoded(b"\xef\xbb\xbf\xef\xbb\xbfone") == "\ufeffone"


def test_line_ends_stay_as_they_are() -> None:
    assert decoded(b"a\r\nb\rc\n\n") == "a\r\nb\rc\n\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b" \r\n\t\xc2\xa0", "holds no words"),
        ("… — 。🙂\u200b".encode(), "holds no words"),
        (b"abc\0def", "not a text file (a NUL byte at 3)"),
        ("text".encode("utf-16"), "not a text file (a NUL byte at"),
        (b"abc\xff", "not text in UTF-8 (byte 0xff at 3)"),
        ("Казахстан".encode("cp1251"), "not text in UTF-8 (byte 0xca at 0)"),
        ("中亚媒体论坛".encode("gb18030"), "not text in UTF-8 (byte 0xd6 at 0)"),
        (b"ok \xed\xa0\x80", "not text in UTF-8 (byte 0xed at 3)"),
        (b"cut \xe4\xb8", "not text in UTF-8 (byte 0xe4 at 4)"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place(content: bytes, message: str) -> None:
    with pytest.raises(BadFile) as caught:
        decoded(content)
    assert str(caught.value).startswith("file.txt: ")
    assert message in str(caught.value)


def test_the_place_of_a_bad_byte_is_that_in_the_file() -> None:
    with pytest.raises(BadFile, match=r"byte 0xff at 6\)"):
        decoded(b"\xef\xbb\xbfabc\xff")
    with pytest.raises(BadFile, match=r"a NUL byte at 6\)"):
        decoded(b"\xef\xbb\xbfabc\0")
