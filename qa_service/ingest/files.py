"""Paths to raw files, with the metadata that stands beside them.

A folder with a manifest.jsonl gives exactly the files that it names.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from qa_service.errors import BadFile
from qa_service.ingest.describe import FIELDS, is_text
from qa_service.ingest.sidecar import (
    MANIFEST,
    OF_A_MANIFEST,
    OF_A_SIDECAR,
    is_sidecar,
    owners_of,
    read_sidecar,
    sidecars_of,
)
from qa_service.records import RawFile

Stamp = tuple[int, int, int]
_ASKED_A_MANIFEST = MappingProxyType(dict.fromkeys(FIELDS, OF_A_MANIFEST))
"""What it does not say, or one that is there no more, is not what one said before."""
_MANIFEST_KEYS = {"id", "file_name", "sha256", *FIELDS}


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file to take in. It is read when its turn comes."""

    path: Path
    name: str
    metadata: dict[str, str]
    sha256: str | None = None
    metadata_origins: Mapping[str, str] = field(default_factory=dict)

    def read(self, max_bytes: int) -> RawFile:
        """Raises BadFile with what was wrong: not readable, too large, changing, or not what the manifest says."""
        content = _read_at_rest(self.path, max_bytes + 1)
        if len(content) > max_bytes:
            raise BadFile(f"{shown_path(self.path)}: larger than {max_bytes // 1_000_000} MB (QA_MAX_UPLOAD_MB)")
        if self.sha256 and hashlib.sha256(content).hexdigest() != self.sha256:
            raise _refused(
                self.path, f"its sha256 is not the one in {MANIFEST}; restore the file or correct {MANIFEST}"
            )
        return RawFile(self.name, content, self.metadata, path=self.place, metadata_origins=self.metadata_origins)

    @property
    def place(self) -> str:
        """The absolute path, as text: what stands for good."""
        return shown_path(Path(os.path.abspath(self.path)))  # noqa: PTH100  Path.absolute leaves `..` in it


def _read_at_rest(path: Path, size: int) -> bytes:
    """At most `size` bytes of a file that nobody changes meanwhile: tried twice. Raises BadFile."""
    for _ in range(2):
        try:
            # a pipe would wait for who writes into it
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
                before = os.fstat(file.fileno())
                if not stat.S_ISREG(before.st_mode):
                    raise _refused(path, "not a regular file")
                content = file.read(size)
                after = path.stat()  # of what stands there now: an editor puts a new file in place of the old one
        except OSError as error:
            raise _refused(path, f"cannot be read ({error.strerror or error})") from error
        if _stamp(before) == _stamp(after) and len(content) == min(before.st_size, size):
            return content
    raise _refused(path, "changed while it was read; take it in again when it is finished")


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns


def stamp(path: Path) -> Stamp:
    """What differs when the content of a file was changed, or another file put in its place. Raises OSError."""
    return _stamp(path.stat())


def find_files(paths: Iterable[Path]) -> Iterator[FileEntry | BadFile]:
    """The files below the given paths, hidden ones left out; an error in place of each that cannot be one."""
    for path in paths:
        try:
            if not path.exists():
                yield _refused(path, "no such file or folder")
            elif path.is_file():
                yield from _file_entries(path, path.name)
            elif not path.is_dir():
                yield _refused(path, "neither a file nor a folder")
            elif (path / MANIFEST).is_file():
                yield from _manifest_entries(path)
            else:
                yield from _folder_entries(path)
        except OSError as error:
            yield _refused(path, f"cannot be read ({error.strerror or error})")


def _file_entries(
    path: Path, name: str, origins: Mapping[str, str] = MappingProxyType({})
) -> Iterator[FileEntry | BadFile]:
    """The entry of a file, or none: a sidecar belongs to the file beside it."""
    if is_sidecar(path):
        if not owners_of(path):
            yield _refused(path, "the file that this metadata is of is not there")
    elif not is_text(name):
        yield _refused(path, "the name of the file is not UTF-8; rename it")
    else:
        entry = FileEntry(path, name, {}, metadata_origins=origins)
        try:
            yield _with_sidecar(entry)
        except BadFile as error:
            yield BadFile(f"{shown_path(path)}: not taken in, for the metadata beside it: {error}", entry.place)


def _with_sidecar(entry: FileEntry) -> FileEntry:
    """With what a sidecar says, which comes before a manifest. Raises BadFile."""
    metadata, origins = dict(entry.metadata), dict(entry.metadata_origins)
    for sidecar in sidecars_of(entry.path):
        owners = owners_of(sidecar)
        if len(owners) > 1:
            names = ", ".join(shown_path(Path(each.name)) for each in owners)
            raise BadFile(
                f"{shown_path(sidecar)}: may be of {names}; call it {shown_path(Path(owners[0].name))}.meta.json"
            )
        said = read_sidecar(sidecar)
        metadata |= said
        origins |= dict.fromkeys(said, OF_A_SIDECAR)
    return replace(entry, metadata=metadata, metadata_origins=origins)


def shown_path(path: Path) -> str:
    """A path in a form that can be printed, whatever its bytes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _refused(path: Path, reason: str) -> BadFile:
    return BadFile(f"{shown_path(path)}: {reason}", shown_path(path))


def _folder_entries(folder: Path) -> Iterator[FileEntry | BadFile]:
    unreadable: list[OSError] = []
    paths = [
        path
        for path in sorted(_files_below(folder, unreadable.append))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    yield from (_refused(Path(error.filename), f"cannot be read ({error.strerror})") for error in unreadable)
    listed = [path.parent for path in paths if path.name == MANIFEST]
    files = [path for path in paths if not any(path.is_relative_to(other) for other in listed)]
    for other in listed:
        yield from _manifest_entries(other)
    if not paths:
        yield _refused(folder, "the folder holds no files")
    above = any((each / MANIFEST).is_file() for each in folder.absolute().parents)
    origins = {} if above else _ASKED_A_MANIFEST
    for path in files:
        try:
            yield from _entries_below(path, folder, origins)
        except OSError as error:
            yield _refused(path, f"cannot be read ({error.strerror or error})")


def _files_below(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """Everything but folders; a link to a folder is not followed, and is given only where it leaves `folder`."""
    for parent, folders, names in os.walk(folder, onerror=on_error):
        links = [name for name in folders if Path(parent, name).is_symlink() and _leaves(Path(parent, name), folder)]
        yield from (Path(parent, name) for name in (*names, *links))


def _leaves(path: Path, folder: Path) -> bool:
    return not path.resolve().is_relative_to(folder.resolve())


def _entries_below(path: Path, folder: Path, origins: Mapping[str, str]) -> Iterator[FileEntry | BadFile]:
    """Raises OSError."""
    if not path.is_file() and not path.is_dir():
        yield _refused(path, "not a regular file" if path.exists() else "a link that leads nowhere")
    elif _leaves(path, folder):
        yield _refused(path, "a link that leaves the folder; name its target itself")
    else:
        yield from _file_entries(path, path.relative_to(folder).as_posix(), origins)


def _manifest_entries(folder: Path) -> Iterator[FileEntry | BadFile]:
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        yield _refused(folder / MANIFEST, f"cannot be read ({error})")
        return
    if not any(map(str.strip, lines)):
        yield _refused(folder / MANIFEST, "names no file")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _manifest_entry(folder, line)
            except BadFile as error:
                yield BadFile(f"{shown_path(folder / MANIFEST)}, line {number}: {error}", shown_path(folder / MANIFEST))


def _manifest_entry(folder: Path, line: str) -> FileEntry:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadFile(f"not JSON ({error.msg} at column {error.colno})") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets nested without end
        raise BadFile("not JSON that can be read") from error
    if not isinstance(entry, dict) or not isinstance(entry.get("file_name"), str):
        raise BadFile('not an object with a "file_name"')
    if unknown := set(entry) - _MANIFEST_KEYS:
        raise BadFile(f"unknown keys {', '.join(sorted(unknown))}; known are {', '.join(sorted(_MANIFEST_KEYS))}")
    if wrong := [key for key, value in entry.items() if value is not None and not isinstance(value, str)]:
        raise BadFile(f"{', '.join(wrong)}: must be a string or null")
    if not is_text(entry["file_name"]):
        raise BadFile("file_name: holds a NUL or half a surrogate pair, which no text has")
    name = PurePosixPath(entry["file_name"])
    path = folder / name
    try:
        if name.is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
            raise BadFile(f"{name} lies outside the folder")
        if not path.is_file():
            raise BadFile(f"{name}: no such file")
    except OSError as error:
        raise BadFile(f"{entry['file_name'][:80]}: cannot be read ({error.strerror or error})") from error
    metadata = {field: entry[field] for field in FIELDS if entry.get(field)}
    return _with_sidecar(FileEntry(path, str(name), metadata, entry.get("sha256"), _ASKED_A_MANIFEST))
