"""Paths to raw files, with the metadata that stands beside them.

A folder with a manifest.jsonl gives exactly the files that it names.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from qa_service.errors import BadFile
from qa_service.ingest.describe import FIELDS, is_text
from qa_service.ingest.sidecar import is_sidecar, owners_of, read_sidecar, sidecars_of
from qa_service.records import RawFile

MANIFEST = "manifest.jsonl"
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
        """Raises BadFile with what was wrong: not readable, too large, or not what the manifest says."""
        try:
            with self.path.open("rb") as file:
                content = file.read(max_bytes + 1)
        except OSError as error:
            raise BadFile(f"{_shown(self.path)}: cannot be read ({error.strerror or error})") from error
        if len(content) > max_bytes:
            raise BadFile(f"{_shown(self.path)}: larger than {max_bytes // 1_000_000} MB (QA_MAX_UPLOAD_MB)")
        if self.sha256 and hashlib.sha256(content).hexdigest() != self.sha256:
            raise BadFile(
                f"{_shown(self.path)}: its sha256 is not the one in {MANIFEST}; restore the file or correct {MANIFEST}"
            )
        return RawFile(self.name, content, self.metadata, metadata_origins=self.metadata_origins)


def find_files(paths: Iterable[Path]) -> Iterator[FileEntry | BadFile]:
    """The files below the given paths, hidden ones left out; an error in place of each that cannot be one."""
    for path in paths:
        try:
            if not path.exists():
                yield BadFile(f"{_shown(path)}: no such file or folder")
            elif path.is_file():
                yield from _file_entries(path, path.name)
            elif not path.is_dir():
                yield BadFile(f"{_shown(path)}: neither a file nor a folder")
            elif (path / MANIFEST).is_file():
                yield from _manifest_entries(path)
            else:
                yield from _folder_entries(path)
        except OSError as error:
            yield BadFile(f"{_shown(path)}: cannot be read ({error.strerror or error})")


def _file_entries(path: Path, name: str) -> Iterator[FileEntry | BadFile]:
    """The entry of a file, or none: a sidecar belongs to the file beside it."""
    if is_sidecar(path):
        if not owners_of(path):
            yield BadFile(f"{_shown(path)}: the file that this metadata is of is not there")
    elif not is_text(name):
        yield BadFile(f"{_shown(path)}: the name of the file is not UTF-8; rename it")
    else:
        try:
            yield _with_sidecar(FileEntry(path, name, {}))
        except BadFile as error:
            yield error


def _with_sidecar(entry: FileEntry) -> FileEntry:
    """With what a sidecar says, which comes before a manifest. Raises BadFile."""
    metadata, origins = dict(entry.metadata), dict(entry.metadata_origins)
    for sidecar in sidecars_of(entry.path):
        owners = owners_of(sidecar)
        if len(owners) > 1:
            names = ", ".join(_shown(Path(each.name)) for each in owners)
            raise BadFile(f"{_shown(sidecar)}: may be of {names}; call it {_shown(Path(owners[0].name))}.meta.json")
        said = read_sidecar(sidecar)
        metadata |= said
        origins |= dict.fromkeys(said, "sidecar")
    return replace(entry, metadata=metadata, metadata_origins=origins)


def _shown(path: Path) -> str:
    """A path in a form that can be printed, whatever its bytes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _folder_entries(folder: Path) -> Iterator[FileEntry | BadFile]:
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    listed = [path.parent for path in paths if path.name == MANIFEST]
    files = [path for path in paths if not any(path.is_relative_to(other) for other in listed)]
    for other in listed:
        yield from _manifest_entries(other)
    if not paths:
        yield BadFile(f"{_shown(folder)}: the folder holds no files")
    for path in files:
        if path.resolve().is_relative_to(folder.resolve()):
            yield from _file_entries(path, path.relative_to(folder).as_posix())
        else:
            yield BadFile(f"{_shown(path)}: a link that leaves the folder; name its target itself")


def _manifest_entries(folder: Path) -> Iterator[FileEntry | BadFile]:
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        yield BadFile(f"{_shown(folder / MANIFEST)}: cannot be read ({error})")
        return
    if not any(map(str.strip, lines)):
        yield BadFile(f"{_shown(folder / MANIFEST)}: names no file")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _manifest_entry(folder, line)
            except BadFile as error:
                yield BadFile(f"{_shown(folder / MANIFEST)}, line {number}: {error}")


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
    origins = dict.fromkeys(metadata, "manifest")
    return _with_sidecar(FileEntry(path, str(name), metadata, entry.get("sha256"), origins))
