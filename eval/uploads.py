"""A running service under uploads: its memory while files go in one by one, and what questions wait for meanwhile.

    python -m eval.uploads --url http://127.0.0.1:8000 --pid PID

It is given documents that stay: use a data directory of its own.
"""

import argparse
import os
import random
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

_WORDS = "trade rail Astana camel silk road bridge river summit media forum oil copper lake mountain market steppe"


class MemoryWatch:
    """The anonymous memory of a process in MB: when the watch began, at most, and now."""

    def __init__(self, pid: int) -> None:
        self._status, self._is_over = Path(f"/proc/{pid}/status"), threading.Event()
        self.begin = self.peak = self.now
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def now(self) -> float:
        line = next(line for line in self._status.read_text().splitlines() if line.startswith("RssAnon"))
        return int(line.split()[1]) / 1000

    def end(self) -> str:
        self._is_over.set()
        grown = self.peak - self.begin
        return f"{self.begin:.0f} MB before, {self.peak:.0f} at most (+{grown:.0f}), {self.now:.0f} after"

    def _watch(self) -> None:
        while not self._is_over.wait(0.02):
            self.peak = max(self.peak, self.now)


def refused(size: int) -> Iterator[bytes]:
    """Files that are no text."""
    while True:
        yield os.urandom(1_000) * (size // 1_000)


def sparse(size: int) -> Iterator[bytes]:
    """Texts of a few words and many line ends: what a file costs beside its encoding."""
    chance = random.Random()
    while True:
        line = f"The file {chance.random()} speaks of lanterns.\n".encode()
        yield line + b"\n" * (size - len(line))


def dense(sentences: int) -> str:
    chance = random.Random()
    lines = (" ".join(chance.choices(_WORDS.split(), k=12)) for _ in range(sentences))
    return "".join(f"{line.capitalize()} {chance.random():.5f}.\n" for line in lines)


def full(size: int) -> Iterator[bytes]:
    """Texts of many sentences, as books are: all of it is encoded."""
    sentences = size // len(dense(1_000)) * 1_000
    while True:
        yield dense(max(1_000, sentences)).encode()


def memory(client: httpx.Client, pid: int, files: Iterator[bytes], total: int) -> str:
    watch, sent, statuses = MemoryWatch(pid), 0, set()
    begin = time.perf_counter()
    while sent < total:
        content = next(files)
        response = client.post("/documents?background=false", files={"file": ("file.txt", content)})
        statuses.add(response.status_code)
        sent += len(content)
    return f"{sent / 1e6:,.0f} MB in {time.perf_counter() - begin:.0f} s, statuses {sorted(statuses)}: {watch.end()}"


def questions(client: httpx.Client, count: int, first: int = 0) -> str:
    """`first` is a number that no question had before: a repeated one is answered from memory."""
    times = []
    for number in range(first, first + count):
        begin = time.perf_counter()
        client.post("/ask", json={"question": f"Where will summit number {number} be held?"}).raise_for_status()
        times.append(1000 * (time.perf_counter() - begin))
    return f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms of {count}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--size", type=int, default=19, help="of one file, in MB")
    parser.add_argument("--full", type=int, default=0, help="so many MB of files full of text, half a minute each")
    given = parser.parse_args()
    with httpx.Client(base_url=given.url, timeout=None) as client:
        for kind in (refused, sparse):
            line = memory(client, given.pid, kind(given.size * 1_000_000), given.megabytes * 1_000_000)
            print(f"{kind.__name__} files: {line}", flush=True)
        if given.full:
            line = memory(client, given.pid, full(given.size * 1_000_000), given.full * 1_000_000)
            print(f"full files: {line}", flush=True)
        print(f"questions, nothing else: {questions(client, 30)}", flush=True)
        batch = [("file", (f"{number}.txt", dense(800))) for number in range(8)]
        job = client.post("/documents?background=true", files=batch).raise_for_status().headers["location"]
        time.sleep(1)
        print(f"questions during a job: {questions(client, 30, first=30)}", flush=True)
        client.delete(job)


if __name__ == "__main__":
    main()
