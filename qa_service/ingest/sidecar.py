"""Metadata in a file of its own beside a document: `report.pdf.meta.json`, or `report.meta.json`."""

import json
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path, PurePath

from qa_service.errors import BadFile
from qa_service.ingest.describe import FIELDS

SUFFIX = ".meta.json"
MANIFEST = "manifest.jsonl"
"""What names the files of a folder that count, with their metadata."""
MAX_BYTES = 1_000_000
OF_A_SIDECAR, OF_A_MANIFEST = "sidecar", "manifest"
"""Where a value of metadata came from that stood in one."""


def is_sidecar(path: PurePath) -> bool:
    """By its name: it is metadata of another file, never a document."""
    return path.name.lower().endswith(SUFFIX) and len(path.name) > len(SUFFIX)


def sidecars_of(path: Path) -> list[Path]:
    """The sidecars of a file that are there; what the later ones say counts."""
    stem = path.stem if path.suffix else ""
    candidates = [path.with_name(name + SUFFIX) for name in (stem, path.name) if name]
    return [each for each in candidates if _is_there(each)]


def owners_of(sidecar: Path) -> list[Path]:
    """The files that a sidecar may be of: the one whose whole name it bears, else those that differ in the suffix."""
    owner = sidecar.with_name(sidecar.name[: -len(SUFFIX)])
    if _is_there(owner):
        return [owner]
    return list(_by_stem(sidecar.parent, sidecar.parent.stat().st_mtime_ns).get(owner.name, ()))


def owner_among(sidecar: str, names: Collection[str]) -> str | None:
    """The file of an archive that a sidecar is of, by their names in it; None where there is none, or several."""
    stem = sidecar[: -len(SUFFIX)]
    if stem in names:
        return stem
    named = [name for name in names if name != sidecar and name.rpartition(".")[0] == stem]
    return named[0] if len(named) == 1 else None


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for a suffix more
        return False


@lru_cache(maxsize=8)
def _by_stem(folder: Path, _changed: int) -> dict[str, list[Path]]:
    """The files of a folder that may have a sidecar; listed once, not once for each of them."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if not is_sidecar(path) and not path.name.startswith(".") and path.is_file():
            found.setdefault(path.stem, []).append(path)
    return found


def read_sidecar(path: Path) -> dict[str, str]:
    """The metadata in a sidecar, blank values left out. Raises BadFile, which names the sidecar."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFile("larger than 1 MB, which no metadata is")
        return parse_sidecar(path.read_bytes())
    except BadFile as error:
        raise BadFile(f"{path.name}: {error}") from error
    except OSError as error:
        raise BadFile(f"{path.name}: cannot be read ({error.strerror or error})") from error


def parse_sidecar(content: bytes) -> dict[str, str]:
    """The metadata in the bytes of a sidecar. Raises BadFile."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadFile("not UTF-8") from error
    except json.JSONDecodeError as error:
        raise BadFile(f"not JSON ({error.msg} at line {error.lineno}, column {error.colno})") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets nested without end
        raise BadFile("not JSON that can be read") from error
    if not isinstance(found, dict):
        raise BadFile("not a JSON object")
    if unknown := set(found) - set(FIELDS):
        raise BadFile(f"unknown keys {', '.join(sorted(unknown))[:200]}; known are {', '.join(FIELDS)}")
    if wrong := [key for key, value in found.items() if value is not None and not isinstance(value, str)]:
        raise BadFile(f"{', '.join(wrong)}: must be a string or null")
    return {field: value for field, value in found.items() if value}
