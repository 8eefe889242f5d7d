"""The documents in archives and e-mails: named where they stand, harmless, within limits."""

import io
import stat
import zipfile

import pytest

from qa_service.ingest.extract import archive, expand
from qa_service.records import RawFile
from tests.qa_service.ingest.extract import made_files as made
from tests.qa_service.ingest.extract.made_files import documents, refusals, zipped


def test_members_are_documents_of_their_own() -> None:
    inner = zipped({"three.txt": "3"})
    found = documents("a.zip", zipped({"d/one.txt": "1", "книга.txt": "2", "in.zip": inner, ".hidden": "4"}))
    assert {name: file.content for name, file in found.items()} == {
        "a.zip/d/one.txt": b"1",
        "a.zip/книга.txt": b"2",
        "a.zip/in.zip/three.txt": b"3",
    }


def test_a_name_leads_nowhere_else() -> None:
    members = [
        "../../etc/passwd",
        "/abs.txt",
        "C:\\win\\x.txt",
        "a/./b/../c.txt",
        "\x1bname\n.txt",
        "..",
        "\u202etxt.exe",
    ]
    assert set(documents("a.zip", zipped(dict.fromkeys(members, "text")))) == {
        *("a.zip/etc/passwd", "a.zip/abs.txt", "a.zip/win/x.txt", "a.zip/a/b/c.txt", "a.zip/name.txt"),
        "a.zip/\u202etxt.exe",
    }


@pytest.mark.parametrize(
    ("name", "encoding"), [("Отчёт о торговле за год.txt", "cp866"), ("第三届媒体合作论坛.txt", "gbk")]
)
def test_names_in_the_encoding_of_whoever_packed_them(name: str, encoding: str) -> None:
    content = zipped({"x" * len(name.encode(encoding)): "text"})
    packed = content.replace(b"x" * len(name.encode(encoding)), name.encode(encoding))
    assert list(documents("a.zip", packed)) == [f"a.zip/{name}"]


def test_what_is_given_for_an_archive_holds_for_its_members_but_for_the_title() -> None:
    given = RawFile(
        "a.zip", zipped({"x.txt": "text"}), {"title": "T", "source": "S"}, path="/p/a.zip", replaces="a.zip"
    )
    (member,) = expand(given)
    assert member == RawFile("a.zip/x.txt", b"text", {"source": "S"}, path="/p/a.zip/x.txt", replaces="a.zip/x.txt")


def test_a_mail_is_a_document_beside_its_attachments() -> None:
    found = documents("a.eml", made.mail())
    assert list(found) == ["a.eml", "a.eml/Заметки.txt", "a.eml/a.zip/in.txt"]
    assert found["a.eml/Заметки.txt"].content == b"notes of the day"


def test_every_other_file_is_itself() -> None:
    for name, content in (
        ("a.txt", b"text"),
        ("a.docx", made.word_document()),
        ("empty", b""),
        ("x.png", b"\x89PNG\r\n"),
    ):
        file = RawFile(name, content, {})
        assert list(expand(file)) == [file]


def test_archives_within_archives_have_an_end() -> None:
    content = zipped({"x.txt": "deep"})
    for depth in range(5):
        content = zipped({f"{depth}.zip": content})
    assert documents("a.zip", content) == {}
    assert refusals("a.zip", content) == ["a.zip/4.zip/3.zip/2.zip: an archive within 3 others; unpack it first"]


def test_a_member_that_grows_without_end_costs_itself_only() -> None:
    content = zipped({"a.txt": "text", "bomb.txt": b"0" * (archive.LARGEST + 1), "b.txt": "text"})
    assert len(content) < 200_000
    assert list(documents("z.zip", content)) == ["z.zip/a.txt", "z.zip/b.txt"]
    assert refusals("z.zip", content) == ["z.zip/bomb.txt: more than 20 MB when unpacked, which is too large"]


def test_members_that_grow_without_end_together_cost_the_rest() -> None:
    bombs = {f"{number}.txt": b"0" * (archive.LARGEST + 1) for number in range(6)}
    content = zipped({"a.txt": "text", **bombs, "b.txt": "text"})
    assert list(documents("z.zip", content)) == ["z.zip/a.txt"]
    assert refusals("z.zip", content)[-1] == "z.zip: holds more than 100 MB; the rest of it is left out"


def test_an_archive_says_how_much_it_holds_and_one_within_counts_for_the_most() -> None:
    def held(content: bytes) -> tuple[int, int]:
        return archive.contents(RawFile("a.zip", content, {}))

    assert held(zipped({"a.txt": "text", "folder/": "", "b.txt": "0" * 1_000})) == (2, 1_004)
    assert held(zipped({"a.zip": zipped({"a.txt": "text"})})) == (1, archive.MAX_TOTAL)
    assert held(b"text") == held(b"") == held(b"PK\x03\x04cut") == (1, 0)


def test_members_whose_names_come_out_alike_are_two_documents() -> None:
    found = documents("a.zip", zipped({"x.txt": "one", "./x.txt": "two", "../x.txt": "three", "y": "four", "./y": "5"}))
    assert {name: file.content for name, file in found.items()} == {
        "a.zip/x.txt": b"one",
        "a.zip/x (2).txt": b"two",
        "a.zip/x (3).txt": b"three",
        "a.zip/y": b"four",
        "a.zip/y (2)": b"5",
    }


def test_a_link_in_an_archive_is_no_document() -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(link, "/etc/passwd")
        made.writestr("a.txt", "text")
    assert list(documents("z.zip", packed.getvalue())) == ["z.zip/a.txt"]
    assert refusals("z.zip", packed.getvalue()) == [
        "z.zip/link.txt: a link, not a file; put the file itself into the archive"
    ]


def test_too_many_members_are_refused_before_they_are_listed() -> None:
    content = zipped(dict.fromkeys(map(str, range(archive.MAX_FILES + 1)), ""))
    assert refusals("a.zip", content) == ["a.zip: holds more than 10,000 files; take it in as several archives"]


def test_an_encrypted_member_is_named() -> None:
    content = bytearray(zipped({"secret.txt": "text", "open.txt": "text"}))
    local, central = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    content[local + 6] |= 1
    content[central + 8] |= 1
    assert refusals("a.zip", bytes(content)) == [
        "a.zip/secret.txt: encrypted; unpack the archive with its password and take in the files"
    ]
    assert list(documents("a.zip", bytes(content))) == ["a.zip/open.txt"]


def test_a_damaged_member_is_named() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("a.txt", "words that are damaged")
        packed.writestr("b.txt", "words")
    damaged = content.getvalue().replace(b"words that", b"wordz that")
    assert refusals("a.zip", damaged) == ["a.zip/a.txt: damaged in the archive (Bad CRC-32 for file 'a.txt')"]
    assert list(documents("a.zip", damaged)) == ["a.zip/b.txt"]


def test_an_archive_cut_short_behind_one_that_it_holds_is_damaged() -> None:
    inner = zipped({"inner.txt": "words"})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("inner.zip", inner)
        packed.writestr("outer.txt", "words of the outer one")
    whole = content.getvalue()
    assert list(documents("a.zip", whole)) == ["a.zip/inner.zip/inner.txt", "a.zip/outer.txt"]
    for cut in (40, 120, 150):
        [refusal] = refusals("a.zip", whole[:-cut])
        assert refusal.startswith("a.zip: a damaged or cut short zip file")


def test_metadata_beside_a_file_of_an_archive_are_its_own() -> None:
    content = zipped(
        {
            "deep/b.txt.meta.json": '{"title": "B"}',
            "deep/b.txt": "words",
            "a.meta.json": '{"date": "2024"}',
            "a.txt": "words",
            "c.txt": "words",
            "d.meta.json": '{"title": "nobody\'s"}',
        }
    )
    found = documents("a.zip", content)
    assert {name: dict(each.metadata) for name, each in found.items()} == {
        "a.zip/deep/b.txt": {"title": "B"},
        "a.zip/a.txt": {"date": "2024"},
        "a.zip/c.txt": {},
    }
    [refusal] = refusals("a.zip", content)
    assert refusal.startswith("a.zip/d.meta.json: the file that this metadata is of is not in the archive")
    assert found["a.zip/a.txt"].metadata_origins == {"date": "sidecar"}


def test_a_file_of_an_archive_whose_metadata_cannot_be_read_is_refused() -> None:
    content = zipped({"b.txt": "words", "b.txt.meta.json": "{", "manifest.jsonl": "{}"})
    first, second = refusals("a.zip", content)
    assert first.startswith("a.zip/b.txt: not taken in, for the metadata beside it: not JSON")
    assert second == "a.zip/manifest.jsonl: counts in a folder only; unpack the archive and take in the folder"


def test_an_archive_without_files_is_refused() -> None:
    assert refusals("a.zip", zipped({})) == ["a.zip: the archive holds no files"]
    assert refusals("a.zip", zipped({"d/": ""})) == ["a.zip: the archive holds no files"]
