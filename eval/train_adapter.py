"""`python -m eval.train_adapter`: trains the adapter that makes the first stage's encoder see through languages.

Translations are drawn together and questions to their passages, whatever the language; what the encoder says within
one language is kept. Checkpoints are written to the output folder and training goes on from the last one.
"""

import argparse
import math
import random
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console

from embeddings import bundled
from embeddings.adapter import Adapter, adapter_file
from embeddings.encoder import Encoder, Vectors
from embeddings.folder_spec import read_spec
from embeddings.neutral import fit_means
from embeddings.sentence_transformer import SentenceTransformerEncoder
from eval.adapter_texts import AskedSource, Parallel, Targets, parallel_texts
from eval.adapter_trainer import AdapterTrainer, Plan
from eval.cache import CachedEncoder
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.splits import HELD_OUT_SHARE
from eval.train_reranker import sources

PARALLEL_SHARES = {
    "ntrex lines": 0.36,
    "ntrex windows": 0.08,
    "ntrex headlines": 0.06,
    "xquad questions": 0.16,
    "xquad paragraphs": 0.10,
    "mlqa questions": 0.14,
    "udhr": 0.10,
}
"""How often the parallel texts of a step are those of each set."""
ASKED_SHARES = {
    "xquad": 0.30,
    "mlqa_dev": 0.30,
    "ntrex": 0.10,
    "ntrex windows": 0.10,
    "drcd_dev": 0.07,
    "cmrc2018_trial": 0.04,
    "kazqad_val": 0.06,
    "clapnq_dev": 0.03,
}
"""How often the questions of a step are those of each set."""


def train(
    trainer: AdapterTrainer,
    parallel: Mapping[str, Parallel],
    asked: Mapping[str, AskedSource],
    checkpoint: Path,
    save_every: int,
    console: Console,
) -> None:
    begin, losses = time.time(), []
    plan = trainer.plan
    while trainer.step < plan.steps:
        chance = random.Random(plan.seed * 1_000_003 + trainer.step)
        of = parallel[_choose(PARALLEL_SHARES, chance)]
        pairs = list(of.draw(plan.pairs, plan.beside, chance))
        questions = list(asked[_choose(ASKED_SHARES, chance)].draw(plan.asked, chance))
        losses.append(trainer.train(pairs, questions))
        if trainer.step % 20 == 0:
            drawn, apart, finding, kept = np.mean(losses[-20:], axis=0)
            console.print(
                f"{trainer.step:6} {time.time() - begin:7.0f} s  drawn {drawn:.3f}  apart {apart:.3f}"
                f"  finding {finding:.3f}  kept {kept:.3f}"
            )
            if not math.isfinite(drawn + finding):
                raise SystemExit("the loss is no number; lower the rate")
        if trainer.step % save_every == 0 or trainer.step == plan.steps:
            trainer.save(checkpoint)


def _choose(shares: Mapping[str, float], chance: random.Random) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]


def ship(trainer: AdapterTrainer, strength: float, console: Console) -> None:
    """The checkpoint's changes as they ship with the project, `strength` times, their training record in the file."""
    record = {
        "name": f"adapter of {bundled.NAME}, rank {trainer.plan.rank}, {trainer.step} steps, strength {strength}",
        "weights_sha256": bundled.WEIGHTS_SHA256,
        "parallel": dict(PARALLEL_SHARES),
        "asked": dict(ASKED_SHARES),
        "held_out": f"{HELD_OUT_SHARE:.0%} of the documents of each set (eval/splits.py), the whole of NoMIRACL",
        "plan": asdict(trainer.plan),
        "strength": strength,
        "date": time.strftime("%Y-%m-%d"),
    }
    changes = {
        name: ((up * strength).astype(np.float16), down.astype(np.float16))
        for name, (up, down) in trainer.changes().items()
    }
    path = adapter_file(bundled.WEIGHTS_SHA256)
    path.parent.mkdir(exist_ok=True)
    Adapter(record, changes).save(path)
    console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def prepare(
    encoder: Encoder, evalsets: Path, declaration: Path
) -> tuple[Targets, dict[str, Parallel], dict[str, AskedSource]]:
    """The neutral vectors of the encoder as it is, and the sets to train on with what they are drawn to."""
    means = fit_means(encoder, declaration)
    made = [source for source in sources(evalsets, False, encoder, means) if source.name in ASKED_SHARES]
    corpora = [
        (text, str(language))
        for source in made
        for text, language in zip(source.passages, source.passage_languages, strict=True)
    ]
    targets = Targets(encoder, means, corpora)
    versions = parallel_texts(evalsets) | {"udhr": list(targets.declaration(declaration))}
    parallel = {name: targets.parallel(found) for name, found in versions.items()}
    known: dict[str, Vectors] = {}
    for name, texts in parallel.items():
        known |= texts.by_text() if "questions" in name else {}
    return targets, parallel, {source.name: targets.asked(source, known) for source in made}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.train_adapter", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint and of the encoder as it was")
    parser.add_argument(
        "--declaration", type=Path, required=True, help="folder of LANGUAGE.txt (embeddings/neutral.py)"
    )
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--seed", type=int, default=Plan().seed)
    parser.add_argument("--save-every", type=int, default=40)
    parser.add_argument("--ship", action="store_true", help="write the checkpoint's adapter to where it ships")
    parser.add_argument("--strength", type=float, default=1.0, help="how much of what was learned ships")
    options = parser.parse_args()
    plan = Plan(steps=options.steps, rate=options.rate, seed=options.seed)
    console = Console(width=160)
    options.out.mkdir(parents=True, exist_ok=True)
    folder, checkpoint = options.out / "encoder", options.out / "checkpoint.pt"
    if not folder.is_dir():
        bundled.build(folder, adapted=False)
    if options.ship:
        spec = read_spec(folder)
        trainer = AdapterTrainer(plan, folder, spec, np.empty((0, spec.dimension), dtype=np.float32))
        trainer.load(checkpoint)
        ship(trainer, options.strength, console)
        return
    encoder = SentenceTransformerEncoder(folder)
    with closing(CachedEncoder(encoder, CACHE)) as cached:
        targets, parallel, asked = prepare(cached, options.evalsets, options.declaration)
    trainer = AdapterTrainer(plan, folder, encoder.spec, targets.neutralizer.directions)
    if checkpoint.is_file():
        trainer.load(checkpoint)
        console.print(f"going on from step {trainer.step}")
    for name, texts in parallel.items():
        versions = sum(len(each.texts) for each in texts.versions)
        console.print(f"{name}: {len(texts.versions)} texts in {versions} versions")
    train(trainer, parallel, asked, checkpoint, options.save_every, console)


if __name__ == "__main__":
    main()
