"""Which files a path stands for, and what is said of those that cannot be taken."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from qa_service.errors import BadFile
from qa_service.ingest.files import MANIFEST, FileEntry, find_files
from tests.qa_service.ingest.texts import SEEDS

MANY = 1_000_000


def found(*paths: Path) -> tuple[list[FileEntry], list[str]]:
    """The files and the errors."""
    entries = list(find_files(paths))
    return (
        [entry for entry in entries if isinstance(entry, FileEntry)],
        [str(entry) for entry in entries if isinstance(entry, BadFile)],
    )


def write_manifest(folder: Path, *lines: object) -> None:
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    (folder / MANIFEST).write_text("\n".join(texts), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.txt").write_text("second")
    return tmp_path


def test_a_file_is_itself(folder: Path) -> None:
    files, errors = found(folder / "a.txt")
    assert [(each.name, each.read(MANY).content) for each in files] == [("a.txt", b"first")]
    assert errors == []


def test_a_folder_gives_all_its_files_in_order(folder: Path) -> None:
    files, errors = found(folder)
    assert [each.name for each in files] == ["a.txt", "sub/b.txt"]
    assert errors == []


def test_hidden_files_and_folders_are_left_out(folder: Path) -> None:
    (folder / ".hidden.txt").write_text("no")
    (folder / ".git").mkdir()
    (folder / ".git" / "config.txt").write_text("no")
    assert [each.name for each in found(folder)[0]] == ["a.txt", "sub/b.txt"]


def test_a_path_that_does_not_exist_is_named_and_the_rest_goes_on(folder: Path) -> None:
    files, errors = found(folder / "nowhere", folder / "a.txt")
    assert [each.name for each in files] == ["a.txt"]
    assert len(errors) == 1
    assert errors[0].endswith("nowhere: no such file or folder")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert found(tmp_path) == ([], [f"{tmp_path}: the folder holds no files"])


def test_a_path_that_the_system_refuses_is_named(tmp_path: Path) -> None:
    files, errors = found(tmp_path / ("x" * 300))
    assert files == []
    assert "cannot be read" in errors[0]


def test_a_file_that_is_gone_when_its_turn_comes_is_named(folder: Path) -> None:
    files, _ = found(folder / "a.txt")
    (folder / "a.txt").unlink()
    with pytest.raises(BadFile, match=r"a\.txt: cannot be read \(No such file"):
        files[0].read(MANY)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.txt").write_bytes(b"x" * 2_000_001)
    entry = found(tmp_path)[0][0]
    assert len(entry.read(2_000_001).content) == 2_000_001
    with pytest.raises(BadFile, match="larger than 2 MB"):
        entry.read(2_000_000)


def test_a_name_that_is_not_utf_8_is_named_in_a_line_that_can_be_printed(folder: Path) -> None:
    path = folder / os.fsdecode(b"caf\xe9.txt")
    path.write_text("text")
    for files, errors in (found(folder), found(path)):
        assert "caf\\xe9.txt: the name of the file is not UTF-8; rename it" in errors[0].encode().decode()
        assert len(errors) == 1
        assert all("caf" not in each.name for each in files)


def test_a_link_that_leaves_the_folder_is_refused(folder: Path) -> None:
    (folder / "inside.txt").symlink_to(folder / "a.txt")
    (folder / "sub" / "outside.txt").symlink_to(folder / "a.txt")
    (folder / "sub" / "outside").symlink_to(folder.parent)
    files, errors = found(folder / "sub")
    assert [each.name for each in files] == ["b.txt"]
    assert errors == [
        f"{folder}/sub/{name}: a link that leaves the folder; name its target itself"
        for name in ("outside", "outside.txt")
    ]
    assert "inside.txt" in [each.name for each in found(folder)[0]]


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    assert [each.name for each in found(folder)[0]] == ["a.txt", "sub/b.txt"]


def test_a_manifest_gives_exactly_its_files_with_what_it_says_of_them(folder: Path) -> None:
    sha256 = hashlib.sha256(b"second").hexdigest()
    write_manifest(
        folder, {"file_name": "sub/b.txt", "title": "B", "author": None, "date": "2025", "sha256": sha256}, ""
    )
    files, errors = found(folder)
    assert errors == []
    assert [each.read(MANY) for each in files] == [files[0].read(MANY)]
    assert (files[0].name, files[0].metadata) == ("sub/b.txt", {"title": "B", "date": "2025"})


def test_the_manifest_of_a_folder_below_counts_too(folder: Path) -> None:
    write_manifest(folder / "sub", {"file_name": "b.txt", "title": "B"})
    (folder / "sub" / "README.md").write_text("not named")
    files, errors = found(folder)
    assert errors == []
    assert sorted((each.name, each.metadata.get("title")) for each in files) == [("a.txt", None), ("b.txt", "B")]


def test_the_manifest_of_the_seeds_gives_the_four_texts() -> None:
    files, errors = found(SEEDS)
    assert errors == []
    assert [each.name[:3] for each in files] == ["000", "001", "002", "003"]
    assert all(each.read(MANY).content == (SEEDS / each.name).read_bytes() for each in files)
    assert all({"title", "date", "language"} <= each.metadata.keys() for each in files)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{not json", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"file_name": "a.txt", "title": ' + "9" * 5_000 + "}", "not JSON"),
        ('["a.txt"]', 'not an object with a "file_name"'),
        ('{"title": "A"}', 'not an object with a "file_name"'),
        ('{"file_name": 3}', 'not an object with a "file_name"'),
        ('{"file_name": "a.txt", "colour": "red", "size": 3}', "unknown keys colour, size"),
        ('{"file_name": "a.txt", "title": ["A"]}', "title: must be a string or null"),
        ('{"file_name": "../a.txt"}', "lies outside the folder"),
        ('{"file_name": "sub/../../a.txt"}', "lies outside the folder"),
        ('{"file_name": "/etc/hostname"}', "lies outside the folder"),
        ('{"file_name": "link.txt"}', "lies outside the folder"),
        ('{"file_name": "missing.txt"}', "no such file"),
        ('{"file_name": "sub"}', "no such file"),
        ('{"file_name": ""}', "no such file"),
        ('{"file_name": "a\\u0000.txt"}', "holds a NUL or half a surrogate pair"),
        ('{"file_name": "\\ud800.txt"}', "holds a NUL or half a surrogate pair"),
    ],
)
def test_a_bad_line_of_a_manifest_is_named_and_the_others_count(folder: Path, line: str, message: str) -> None:
    (folder / "link.txt").symlink_to("/etc")
    write_manifest(folder, {"file_name": "a.txt"}, line, {"file_name": "sub/b.txt"})
    files, errors = found(folder)
    assert [each.name for each in files] == ["a.txt", "sub/b.txt"]
    assert len(errors) == 1
    assert errors[0].startswith(f"{folder}/manifest.jsonl, line 2: ")
    assert message in errors[0]


def test_a_wrong_sha256_is_refused_when_the_file_is_read(folder: Path) -> None:
    write_manifest(folder, {"file_name": "a.txt", "sha256": "0" * 64})
    files, errors = found(folder)
    assert errors == []
    with pytest.raises(BadFile, match="its sha256 is not the one in manifest"):
        files[0].read(MANY)


def test_a_manifest_that_names_nothing_is_said(folder: Path) -> None:
    write_manifest(folder, "", "  ")
    assert found(folder) == ([], [f"{folder}/manifest.jsonl: names no file"])


def test_a_manifest_that_is_not_utf_8_is_named(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b'{"file_name": "caf\xe9.txt"}')
    files, errors = found(folder)
    assert files == []
    assert "manifest.jsonl: cannot be read" in errors[0]


def test_a_manifest_may_begin_with_a_byte_order_mark_and_hold_line_separators(folder: Path) -> None:
    text = '\ufeff{"file_name": "a.txt", "title": "A\u2028B"}\r\n{"file_name": "sub/b.txt"}\r\n'
    (folder / MANIFEST).write_bytes(text.encode())
    files, errors = found(folder)
    assert errors == []
    assert [each.metadata for each in files] == [{"title": "A\u2028B"}, {}]


def write_sidecar(path: Path, **metadata: object) -> None:
    path.write_text(json.dumps(metadata, ensure_ascii=False), encoding="utf-8-sig")


@pytest.mark.parametrize("name", ["a.txt.meta.json", "a.meta.json"])
def test_a_sidecar_is_metadata_and_no_document(folder: Path, name: str) -> None:
    write_sidecar(folder / name, title="论坛", date="2025-06", author=None, source="")
    for files, errors in (found(folder), found(folder / "a.txt"), found(folder / "a.txt", folder / name)):
        assert errors == []
        assert name not in [each.name for each in files]
        raw = files[0].read(MANY)
        assert raw.metadata == {"title": "论坛", "date": "2025-06"}
        assert {field: raw.metadata_origins[field] for field in raw.metadata} == {"title": "sidecar", "date": "sidecar"}


def test_a_sidecar_comes_before_the_manifest_and_the_whole_name_before_the_stem(folder: Path) -> None:
    write_manifest(folder, {"file_name": "a.txt", "title": "M", "source": "M", "author": "M"})
    write_sidecar(folder / "a.meta.json", title="S", source="S")
    write_sidecar(folder / "a.txt.meta.json", title="W")
    raw = found(folder)[0][0].read(MANY)
    assert raw.metadata == {"title": "W", "source": "S", "author": "M"}
    assert {field: raw.metadata_origins[field] for field in raw.metadata} == {
        "title": "sidecar",
        "source": "sidecar",
        "author": "manifest",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"colour": "red"}', "unknown keys colour; known are title, source, author, date, url, language"),
        (b'{"title": 3}', "title: must be a string or null"),
        (b"[]", "not a JSON object"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"title": "caf\xe9"}', "not UTF-8"),
        (b'{"title": "' + b"x" * 1_000_000 + b'"}', "larger than 1 MB"),
    ],
)
def test_a_file_with_a_wrong_sidecar_is_refused_by_name_and_the_others_count(
    folder: Path, content: bytes, message: str
) -> None:
    (folder / "a.txt.meta.json").write_bytes(content)
    files, errors = found(folder)
    assert [each.name for each in files] == ["sub/b.txt"]
    assert len(errors) == 1
    assert errors[0].startswith(f"{folder}/a.txt: not taken in, for the metadata beside it: a.txt.meta.json: ")
    assert message in errors[0]


def test_a_sidecar_without_its_file_is_named(folder: Path) -> None:
    write_sidecar(folder / "c.meta.json", title="C")
    files, errors = found(folder)
    assert [each.name for each in files] == ["a.txt", "sub/b.txt"]
    assert errors == [f"{folder}/c.meta.json: the file that this metadata is of is not there"]


def test_a_sidecar_that_may_be_of_two_files_is_of_none(folder: Path) -> None:
    (folder / "a.md").write_text("other")
    write_sidecar(folder / "a.meta.json", title="A")
    files, errors = found(folder)
    assert [each.name for each in files] == ["sub/b.txt"]
    assert len(errors) == 2
    assert all("a.meta.json: may be of a.md, a.txt; call it a.md.meta.json" in error for error in errors)
