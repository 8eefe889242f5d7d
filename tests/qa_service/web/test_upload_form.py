"""The form of files: whatever the pieces it comes in, the bytes on disk are those that were sent."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.errors import BadInput, StoreError
from qa_service.store.staging import Staging
from qa_service.web.upload_form import MAX_FILES, UploadForm, file_name

BOUNDARY = b"----boundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY.decode()}"


def part(disposition: bytes, content: bytes) -> bytes:
    return b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n" + content + b"\r\n"


def file_part(name: bytes, content: bytes) -> bytes:
    return part(b'name="file"; filename="' + name + b'"', content)


END = b"--" + BOUNDARY + b"--\r\n"


def fed(form: UploadForm, body: bytes, piece: int = 1 << 16) -> None:
    for start in range(0, len(body), piece):
        form.feed(body[start : start + piece])
    form.finish()


@settings(max_examples=60, deadline=None)
@given(
    contents=st.lists(st.binary(max_size=200) | st.just(b"\r\n--" + BOUNDARY[:-1] + b"\r\n"), min_size=1, max_size=4),
    piece=st.integers(1, 64),
)
def test_files_are_staged_byte_for_byte_whatever_the_pieces(contents: list[bytes], piece: int) -> None:
    body = b"".join(file_part(f"{number}.txt".encode(), each) for number, each in enumerate(contents))
    body = part(b'name="metadata"', b"{}") + body + END
    with tempfile.TemporaryDirectory() as folder:
        staging = Staging(Path(folder) / "uploads")
        with UploadForm(CONTENT_TYPE, staging, max_file=10_000) as form:
            fed(form, body, piece)
            assert [staging.read(file.staged or "") for file in form.files] == contents
            assert [file.size for file in form.files] == [len(each) for each in contents]
            assert form.fields == {"metadata": "{}"}
        assert list((Path(folder) / "uploads").iterdir()) == []


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=300) | st.builds(lambda a, b: file_part(a, b)[:-3], st.binary(), st.binary()))
def test_what_is_no_form_is_refused_and_leaves_nothing(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        staging = Staging(Path(folder))
        with pytest.raises(BadInput), UploadForm(CONTENT_TYPE, staging, max_file=100) as form:
            fed(form, body)
        assert list(Path(folder).iterdir()) == []


def test_a_file_beyond_the_limit_is_counted_and_not_kept(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    with UploadForm(CONTENT_TYPE, staging, max_file=1_000) as form:
        fed(form, file_part(b"large", b"x" * 1_001) + file_part(b"fits", b"x" * 1_000) + END, piece=64)
        large, fits = form.files
        assert (large.staged, large.size) == (None, 1_001)
        assert [path.name for path in tmp_path.iterdir()] == [fits.staged]


def test_what_is_handed_over_stays_and_the_rest_goes(tmp_path: Path) -> None:
    with UploadForm(CONTENT_TYPE, Staging(tmp_path), max_file=10) as form:
        fed(form, file_part(b"a", b"a") + file_part(b"b", b"b") + END)
        first, _ = form.files
        assert first.staged is not None
        form.hand_over([first.staged])
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"a"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (END, "no file was sent"),
        (part(b'name="metadata"', b"{}") + END, "no file was sent"),
        (part(b'name="file"', b"text") + END, "without a file name"),
        (part(b'name="files"; filename="a"', b"text") + END, "files: is not a field for files"),
        (part(b'name="path"', b"a") + part(b'name="path"', b"b") + END, "path: was sent twice"),
        (b"".join(part(b'name="%d"' % number, b"") for number in range(21)) + END, "more than 20 fields"),
        (part(b'name="metadata"', b"x" * 1_000_001) + END, "metadata: longer than 1 MB"),
        (file_part(b"a" * 20_000, b"a") + END, "not a form that can be read"),
        (file_part(b"a", b"a"), "cut off"),
        (b"", "cut off"),
    ],
)
def test_a_wrong_form_is_told_what_is_wrong(tmp_path: Path, body: bytes, problem: str) -> None:
    with pytest.raises(BadInput, match=problem), UploadForm(CONTENT_TYPE, Staging(tmp_path), max_file=100) as form:
        fed(form, body)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary="]
)
def test_another_content_type_is_told_what_to_send(tmp_path: Path, content_type: str) -> None:
    with pytest.raises(BadInput, match="multipart/form-data"):
        UploadForm(content_type, Staging(tmp_path), max_file=100)


def test_more_files_than_a_request_takes_are_refused(tmp_path: Path) -> None:
    body = b"".join(file_part(b"a", b"") for _ in range(MAX_FILES + 1)) + END
    with pytest.raises(BadInput, match="several requests"), UploadForm(CONTENT_TYPE, Staging(tmp_path), 100) as form:
        fed(form, body)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/cron.d/x", "x"),
        ("C:\\Windows\\a.txt", "a.txt"),
        ("a\0b.txt", "ab.txt"),
        ("gpj.\u202etxt", "gpj.txt"),
        ("🦓.txt", "🦓.txt"),
        ("CON", "CON"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("/", "unnamed"),
        ("ж" * 2_500, "ж" * 200),
    ],
)
def test_a_name_is_its_last_part_made_printable(sent: str, name: str) -> None:
    assert file_name(sent) == name


def test_a_folder_that_cannot_be_written_to_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError), UploadForm(CONTENT_TYPE, Staging(tmp_path / "file"), max_file=100) as form:
        fed(form, file_part(b"a", b"a") + END)


def test_a_name_is_what_the_file_is_called_not_how_a_form_escapes_it(tmp_path: Path) -> None:
    with UploadForm(CONTENT_TYPE, Staging(tmp_path), max_file=100) as form:
        fed(form, file_part(b"a;b'c%22 100%25 %20.txt", b"text") + END)
        assert [(file.name, file.sent_as) for file in form.files] == [("a;b'c\" 100%25 %20.txt",) * 2]
