"""Does a store come out the same when the process that fills it is killed? `python -m eval.interruption --runs 20`

A folder of made files in many formats is taken in twice: in one go, and with a kill -9 at a random moment followed by a
second start. Then some files are changed and taken in as new versions, killed likewise. What both stores hold must be
equal: bytes, texts, spans, vectors, terms, quarantine, and which versions count. Ids of passages and the order may
differ. The encoder is the hashing one: what is tested is the store.
"""

import argparse
import hashlib
import json
import logging
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import read_settings
from qa_service.errors import BadInput
from qa_service.ingest.files import FileEntry, find_files
from qa_service.store.database import FILE_NAME
from qa_service.store.lock import DataDirectoryLock

_SYLLABLES = (
    "ka",
    "ме",
    "ti",
    "са",
    "ро",
    "合作",
    "论",
    "坛",
    "ast",
    "өң",
    "ір",
    "um",
    "lan",
    "ер",
    "да",
    "铁路",
    "ne",
    "vo",
)
_WORDS = [f"{first}{second}{third}" for first in _SYLLABLES for second in _SYLLABLES for third in _SYLLABLES]
_LIMIT = 100_000_000
_CHANGED = 20  # every so many files get a second version

Snapshot = dict[str, str]
"""What a store holds of each document, as one hash, by the sha256 of its bytes; so far as it must be equal."""


@dataclass(frozen=True, slots=True)
class Part:
    """How long an undisturbed part took, and how many files were encoded in it."""

    seconds: float
    encoded: int


@dataclass(frozen=True, slots=True)
class Run:
    """After how many encoded files each part was killed, and what became of it.

    `encoded_again` are files that were encoded more often than undisturbed; one whose commit the kill came before may
    count here or not, since the child counts after the commit.
    """

    killed_after: tuple[int, ...]
    differing: int
    encoded_again: int


def make_files(folder: Path, count: int, version: int) -> None:
    """`count` files in ten formats, of some ten passages each; another `version` changes every 20th of them."""
    for number in range(count):
        changed = version if number % _CHANGED == 0 else 0
        text = "\n\n".join(_paragraph(random.Random(f"{number} {changed} {part}")) for part in range(11))
        path = folder / f"{number // 100:02}" / f"{number:05}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_as(number % 10, path, f"Document {number}, version {changed}", text)


def _paragraph(chance: random.Random) -> str:
    sentences = [" ".join(chance.choices(_WORDS, k=chance.randint(6, 14))).capitalize() + "." for _ in range(4)]
    return " ".join(sentences)


def _write_as(kind: int, path: Path, title: str, text: str) -> None:
    lines = text.split("\n\n")
    paragraphs = "".join(f"<p>{line}</p>" for line in lines)
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{paragraphs}</body></html>"
    head = f"From: a@example.org\nSubject: {title}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8"
    texts = {
        "txt": f"{title}\n\n{text}",
        "md": f"# {title}\n\n{text}",
        "html": page,
        "eml": f"{head}\n\n{text}",
        "csv": "title,text\n" + "\n".join(f'"{title}","{line}"' for line in lines),
        "json": json.dumps({"title": title, "text": text}, ensure_ascii=False),
        "jsonl": "\n".join(json.dumps({"title": title, "text": line}, ensure_ascii=False) for line in lines),
    }
    names = [*texts, "docx", "utf16.txt", "gb.txt"]
    target = path.with_suffix(f".{names[kind]}")
    if names[kind] in texts:
        target.write_text(texts[names[kind]], encoding="utf-8")
    elif names[kind] == "docx":
        _write_docx(target, [title, *lines])
    else:
        encoding = "utf-16" if names[kind] == "utf16.txt" else "gb18030"
        target.write_bytes(texts["txt"].encode(encoding))


def _write_docx(path: Path, paragraphs: list[str]) -> None:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{each}</w:t></w:r></w:p>" for each in paragraphs)
    types = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    package = "application/vnd.openxmlformats-package.relationships+xml"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}/content-types"><Default Extension="rels"'
        f' ContentType="{package}"/><Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{types}/relationships"><Relationship Id="r1" Type="{office}"'
        ' Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))  # the same bytes each time
            archive.writestr(entry, f'<?xml version="1.0" encoding="UTF-8"?>{content}')


def take_in(data_dir: Path, folder: Path, added: object) -> None:
    """What `index` does with a folder, in a process of its own. `added` counts the files that were encoded."""
    with (
        DataDirectoryLock(data_dir, "index"),
        closing(open_service(read_settings(data_dir=data_dir), HashingEncoder())) as service,
    ):
        for entry in find_files([folder]):
            try:
                if isinstance(entry, FileEntry) and service.add(entry.read(_LIMIT)).status in {"added", "replaced"}:
                    added.value += 1  # type: ignore[attr-defined]
            except BadInput:
                continue
        service.settle()


def run_process(data_dir: Path, folder: Path, kill_at: int | None = None, delay: float = 0) -> tuple[float, int]:
    """Seconds that it took, and how many files were encoded. Killed `delay` seconds after the file number `kill_at`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["qa_service.app"])
    added = context.Value("i", 0)
    process = context.Process(target=take_in, args=(data_dir, folder, added))
    begin = time.perf_counter()
    process.start()
    while kill_at is not None and process.is_alive() and added.value < kill_at:
        time.sleep(0.0005)
    if kill_at is None:
        process.join()
    else:
        time.sleep(delay)
    if process.is_alive():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    if process.exitcode not in {0, -signal.SIGKILL}:
        raise SystemExit(f"taking in {folder} failed with exit code {process.exitcode}")
    return time.perf_counter() - begin, int(added.value)


def snapshot(data_dir: Path) -> Snapshot:
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as connection:
        checks = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if checks != ["ok"] or connection.execute("PRAGMA foreign_key_check").fetchone():
            raise SystemExit(f"{data_dir}: the store is damaged: {checks}")
        return {sha256: _digest(connection, document_id) for document_id, sha256 in _documents(connection)}


def _documents(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT id, sha256 FROM documents").fetchall()


def _digest(connection: sqlite3.Connection, document_id: str) -> str:
    digest = hashlib.sha256()
    for row in _rows(connection, document_id):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _rows(connection: sqlite3.Connection, document_id: str) -> Iterator[tuple[object, ...]]:
    for sql in (
        "SELECT sha256, file_name, title, source, author, date, url, language, origins, characters, text_sha256,"
        " format, encoding, status, path, replaces, superseded_by, page_count FROM documents WHERE id = ?",
        "SELECT text FROM texts WHERE document_id = ?",
        "SELECT content FROM originals WHERE document_id = ?",
        "SELECT start_char, end_char, kind, reason, state, decided_by FROM quarantine WHERE document_id = ? ORDER BY 1",
        "SELECT * FROM sections WHERE document_id = ? ORDER BY ordinal",
        "SELECT * FROM pages WHERE document_id = ? ORDER BY number",
        "SELECT hash FROM fingerprints WHERE document_id = ? ORDER BY 1",
        "SELECT other_id, share FROM near_duplicates WHERE document_id = ? ORDER BY 1",
        "SELECT ordinal, start_char, end_char, language, search_text, flagged, vector, words, folded FROM passages"
        " JOIN vectors ON passage_id = id JOIN lexical ON lexical.rowid = id WHERE document_id = ? ORDER BY ordinal",
        "SELECT ordinal, s.start_char, s.end_char, search_start, search_end, vector FROM sentences s"
        " JOIN passages ON passage_id = id WHERE document_id = ? ORDER BY ordinal, s.start_char",
    ):
        yield from connection.execute(sql, [document_id])


def count_passages(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as connection:
        return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])


def run_once(home: Path, folder: Path, files: int, truth: Snapshot, parts: Sequence[Part]) -> Run:
    """One store that is killed once in each part: after a random number of files, and a random part of one."""
    chance = random.SystemRandom()
    data_dir = Path(tempfile.mkdtemp(dir=home))
    killed, added = [], 0
    for version, part in enumerate(parts):
        make_files(folder, files, version)
        killed.append(chance.randrange(part.encoded))
        added += run_process(data_dir, folder, killed[-1], chance.uniform(0, part.seconds / part.encoded))[1]
        added += run_process(data_dir, folder)[1]
    found = snapshot(data_dir)
    shutil.rmtree(data_dir)
    differing = sum(found.get(each) != truth.get(each) for each in found.keys() | truth.keys())
    return Run(tuple(killed), differing, added - sum(part.encoded for part in parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--files", type=int, default=1_000)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        home, folder = Path(name), Path(name) / "folder"
        undisturbed = home / "undisturbed"
        parts = []
        for version in range(2):
            make_files(folder, options.files, version)
            parts.append(Part(*run_process(undisturbed, folder)))
        truth = snapshot(undisturbed)
        print(
            f"undisturbed: {len(truth)} documents of {options.files} files, {count_passages(undisturbed):,} passages,"
            f" {parts[0].seconds:.1f} s, and {parts[1].seconds:.1f} s for {parts[1].encoded} new versions",
            flush=True,
        )
        same = 0
        for number in range(1, options.runs + 1):
            run = run_once(home, folder, options.files, truth, parts)
            same += not run.differing
            print(
                f"{number}: killed after {run.killed_after[0]} files and {run.killed_after[1]} new versions,"
                f" {run.encoded_again} encoded again, {run.differing} documents differ",
                flush=True,
            )
        print(f"{same} of {options.runs} runs gave the same store")


if __name__ == "__main__":
    main()
