"""`python -m eval.bench.scale`: what the service costs over 1,000 to 1,000,000 passages.

One store grows from size to size and is measured at each by a process of its own. Beyond the real passages (XQuAD in
twelve languages) texts are real passages recombined sentence by sentence within their language, each sentence with a
number of its own: else it would stand in hundreds of passages, which the search folds as copies. Vectors are those of
the real passages and sentences with noise of a third of their length. Interrupted, it goes on where it stopped.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from embeddings.encoder import Vectors
from embeddings.neutral import shipped_means
from eval.cache import CachedEncoder
from eval.manifest import machine
from eval.models import open_encoder
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.sets import SetFolder
from qa_service import app
from qa_service.config import read_settings
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.document import make_document
from qa_service.records import Document, Metadata, Passage, RawFile, Span
from qa_service.retrieval.retriever import Retriever
from qa_service.store.encoding import encode_passages
from qa_service.store.likeness import NO_LIKENESS
from qa_service.store.manifest import IndexManifest
from qa_service.store.passage_index import PassageIndex
from qa_service.store.rows import EncodedPassage, StoredVectors, read_blocks
from qa_service.store.store import Store

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_A_DOCUMENT = 100
"""Passages."""
_NOISE = 0.35
_ASKED = 200
_NEAREST = 50
_SENTENCES = 3
"""Of a recombined passage."""
_SEED = 5


@dataclass(frozen=True, slots=True)
class Material:
    """Real sentences of one language with their vectors, and the passages they are of."""

    language: str
    passages: Sequence[EncodedPassage]

    def sentence(self, draw: random.Random) -> tuple[str, StoredVectors, StoredVectors]:
        """A sentence, its vector and that of its passage."""
        while True:
            chosen = draw.choice(self.passages)
            if spans := chosen.passage.search_sentences:
                number = draw.randrange(len(spans))
                text = chosen.passage.search_text[spans[number].start : spans[number].end]
                return text, chosen.sentence_vectors[number], chosen.vector


def materials(evalsets: Path, encoder: CachedEncoder) -> list[Material]:
    folder = SetFolder(evalsets / "xquad")
    found = []
    for language in folder.languages:
        documents = [
            make_document(RawFile(each.id, each.text.encode(), {"language": language}))[0]
            for each in folder.corpus(language)
        ]
        passages = [passage for document in documents for passage in make_passages(document, ())]
        found.append(Material(language, encode_passages(encoder, passages, CACHE.parent)))
    return found


def made_document(number: int, material: Material, draw: random.Random) -> tuple[Document, list[EncodedPassage]]:
    """A document of recombined passages, one a line."""
    noise = np.random.default_rng(number)
    identity = f"{number:032x}"
    lines: list[str] = []
    encoded = []
    start = 0
    for ordinal in range(_A_DOCUMENT):
        drawn = [_numbered(material.sentence(draw), draw) for _ in range(_SENTENCES)]
        line = " ".join(text for text, _, _ in drawn)
        places = np.cumsum([0, *(len(text) + 1 for text, _, _ in drawn)])
        inner = tuple(Span(int(at), int(at) + len(text)) for at, (text, _, _) in zip(places, drawn, strict=False))
        passage = Passage(
            document_id=identity,
            ordinal=ordinal,
            span=Span(start, start + len(line)),
            language=material.language,
            search_text=line,
            sentences=tuple(Span(start + each.start, start + each.end) for each in inner),
            search_sentences=inner,
        )
        vectors = _noisy(np.stack([drawn[0][2], *(vector for _, vector, _ in drawn)]), noise)
        encoded.append(EncodedPassage(passage, vectors[0], vectors[1:]))
        lines.append(line)
        start += len(line) + 1
    metadata = Metadata(f"Document {number}", None, None, None, None, material.language)
    return Document(identity, identity * 2, f"made-{number}.txt", "\n".join(lines), metadata, {}), encoded


def _numbered(
    sentence: tuple[str, StoredVectors, StoredVectors], draw: random.Random
) -> tuple[str, StoredVectors, StoredVectors]:
    text, *vectors = sentence
    return f"{text} {draw.randrange(1_000_000)}", vectors[0], vectors[1]


def _noisy(vectors: StoredVectors, noise: np.random.Generator) -> StoredVectors:
    moved = vectors + _NOISE / np.sqrt(vectors.shape[1]) * noise.normal(size=vectors.shape)
    normal: StoredVectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float16)
    return normal


def grow(data: Path, size: int, found: Sequence[Material], manifest: IndexManifest, progress: Progress) -> float:
    """Adds made documents up to `size` passages; seconds."""
    begin = time.perf_counter()
    with closing(Store(data)) as store:
        have = len(store.document_ids())
        task = progress.add_task(f"{size:,} passages", total=size, completed=have * _A_DOCUMENT)
        for number in range(have, size // _A_DOCUMENT):
            document, encoded = made_document(number, found[number % len(found)], random.Random(number))
            store.add(document, document.text.encode(), (), encoded, manifest, took_ms=0.0, likeness=NO_LIKENESS)
            progress.advance(task, _A_DOCUMENT)
    return time.perf_counter() - begin


def build(data: Path, encoder: CachedEncoder) -> float:
    """The base index over everything; seconds."""
    begin = time.perf_counter()
    with closing(app.open_service(read_settings(data_dir=data), encoder)) as service:
        service.settle()
    return time.perf_counter() - begin


def measure(data: Path, evalsets: Path) -> dict[str, float]:
    """In this process, which has opened nothing before. Times in ms, memory in MB."""
    settings = read_settings(data_dir=data)
    encoder = app.choose_encoder(read_settings(data_dir=CACHE.parent))
    reranker = app.choose_reranker(settings, encoder)
    asked = _questions(evalsets)
    vectors = [encoder.encode_queries([question])[0] for question in asked]
    figures: dict[str, float] = {}
    before, begin = _resident_mb(), time.perf_counter()
    with closing(Store(data)) as store:
        index = PassageIndex(store, data / "index", encoder.spec.dimension, shipped_means(encoder.spec))
        figures["open ms"] = (time.perf_counter() - begin) * 1000
        view, retriever = index.view, Retriever(store, index, encoder, None)
        figures |= _times("dense", [partial(view.search, vector, _NEAREST) for vector in vectors])
        figures["index MB"] = _resident_mb() - before
        searches = [partial(retriever.search, text, vector, 5) for text, vector in zip(asked, vectors, strict=True)]
        figures |= _times("dense, lexical, fused", searches)
        figures["recall@10"] = _recall(store, index, np.stack(vectors))
        index.close()
    with closing(app.open_service(settings, encoder, reranker)) as service:
        figures |= _times("ask", [partial(service.ask, text) for text in asked])
    figures["disk MB"] = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) / 1e6
    return figures


def _recall(store: Store, index: PassageIndex, queries: Vectors) -> float:
    """Of the ten nearest by brute force, the share among the fifty found: they are ranked by exact scores then."""
    neutral = index.neutral(queries)
    best = np.full((len(queries), 10), -np.inf), np.zeros((len(queries), 10), dtype=np.int64)
    with store.database.reading() as connection:
        for block in read_blocks(connection):
            scores = np.hstack([best[0], neutral @ index.neutral(block.vectors).T])
            every = np.hstack([best[1], np.broadcast_to(block.ids, (len(queries), len(block.ids)))])
            order = np.argsort(-scores, axis=1)[:, :10]
            best = np.take_along_axis(scores, order, axis=1), np.take_along_axis(every, order, axis=1)
    found = [{passage for passage, _ in index.search(query, _NEAREST)} for query in queries]
    return float(np.mean([len(own & set(true.tolist())) / 10 for own, true in zip(found, best[1], strict=True)]))


def _questions(evalsets: Path) -> list[str]:
    folder = SetFolder(evalsets / "xquad")
    every = [question.text for language in folder.languages for question in folder.questions(language, language)]
    return random.Random(_SEED).sample(every, _ASKED)


def _times(name: str, calls: Sequence[Callable[[], object]]) -> dict[str, float]:
    taken = []
    for call in calls:
        begin = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begin) * 1000)
    return {f"{name} p50": float(np.percentile(taken, 50)), f"{name} p95": float(np.percentile(taken, 95))}


def _resident_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.bench.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--data", type=Path, required=True, help="folder of the growing store; 9 GB at a million")
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--json", type=Path, help="where the figures are written, after each size")
    parser.add_argument("--measure", action="store_true", help="only measure what is there")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.data, options.evalsets)))
        return
    console = Console(width=200)
    options.data.mkdir(parents=True, exist_ok=True)
    figures: dict[str, dict[str, float]] = {}
    with Progress(console=console, transient=True) as progress, closing(open_encoder("", CACHE, progress)) as encoder:
        found = materials(options.evalsets, encoder)
        for size in options.sizes:
            taking_in = grow(options.data, size, found, IndexManifest.current(encoder.spec), progress)
            building = build(options.data, encoder)
            command = [sys.executable, "-m", "eval.bench.scale", "--measure", "--data", str(options.data)]
            command += ["--evalsets", str(options.evalsets)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ)
            measured = json.loads(done.stdout.decode().strip().splitlines()[-1])
            figures[str(size)] = {"taking in s": taking_in, "building s": building, **measured}
            console.print(size, figures[str(size)])
            if options.json:
                options.json.write_text(json.dumps({"machine": machine(), "sizes": figures}, indent=1) + "\n", "utf-8")
    table = Table("passages", *next(iter(figures.values())))
    for name, each in figures.items():
        table.add_row(f"{int(name):,}", *(f"{value:,.2f}" for value in each.values()))
    console.print(table)


if __name__ == "__main__":
    main()
