"""`python -m eval.extraction DIR`: how many characters a second are extracted, by format, over the files of a folder.

To be compared with what the encoder takes in: passages a second times 400 characters. Counted is processor time, in
this process: the service reads in another, which costs a start each some hundred files and two copies through a pipe.
"""

import argparse
import time
from collections import Counter, defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.extract import expand
from qa_service.ingest.extract.formats import READERS
from qa_service.ingest.extract.kinds import find_kind
from qa_service.records import RawFile


def measure(folder: Path) -> dict[str, Counter[str]]:
    """By format: files, bytes, characters, refused, and microseconds over all of them."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    warm: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for file in expand(RawFile(path.name, path.read_bytes(), {})):
                if isinstance(file, RawFile):
                    if path.suffix not in warm:
                        warm.add(path.suffix)
                        _measure_file(file, defaultdict(Counter))
                    _measure_file(file, found)
    return found


def _measure_file(file: RawFile, found: dict[str, Counter[str]]) -> None:
    begin = time.process_time()
    try:
        kind = find_kind(file)
        characters = len(READERS[kind](file).text) if kind in READERS else len(decode(file)[0])
    except BadFile as error:
        print(error)
        found["refused"].update(files=1)
        return
    took = int(1e6 * (time.process_time() - begin))
    found[kind].update(files=1, bytes=len(file.content), characters=characters, microseconds=took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    table = Table("format", "files", "MB", "characters", "characters/s", "ms a file")
    for name, counts in sorted(measure(parser.parse_args().folder).items()):
        seconds = counts["microseconds"] / 1e6
        table.add_row(
            name,
            str(counts["files"]),
            f"{counts['bytes'] / 1e6:.1f}",
            f"{counts['characters']:,}",
            f"{counts['characters'] / seconds:,.0f}" if seconds else "",
            f"{1000 * seconds / counts['files']:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
