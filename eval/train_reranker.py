"""`python -m eval.train_reranker`: trains the second stage, a cross-encoder made from the first layers of the encoder.

Checkpoints are written to the output folder and training goes on from the last one. Figures are those of questions on
documents that stay out of the training (eval/splits.py).
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from embeddings.encoder import Encoder
from embeddings.folder_spec import read_spec
from embeddings.model_choice import ready_folder
from embeddings.neutral import LanguageMeans, shipped_means
from embeddings.reranker_weights import SHIPPED, RerankerWeights
from embeddings.spec import ModelSpec
from eval.models import open_encoder
from eval.reranker_groups import Group, GroupSource, parallel_source, single_source, window_source
from eval.reranker_judge import judge
from eval.reranker_trainer import Plan, Trainer
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.sets import SetFolder
from eval.splits import HELD_OUT_SHARE

SHARES = {
    "xquad": 0.36,
    "mlqa_dev": 0.26,
    "drcd_dev": 0.09,
    "ntrex windows": 0.06,
    "ntrex": 0.09,
    "cmrc2018_trial": 0.04,
    "kazqad_val": 0.04,
    "clapnq_dev": 0.05,
}
"""How often a group is drawn from each set."""


def sources(evalsets: Path, held_out: bool, encoder: Encoder, means: LanguageMeans | None) -> Iterator[GroupSource]:
    """Every set that is trained on: the part trained on, or the part that is not."""
    for name in SHARES:
        folder = SetFolder(evalsets / name.split()[0])
        of_languages = parallel_source if folder.languages else single_source
        make = window_source if name.endswith("windows") else of_languages
        yield make(folder, held_out, encoder, means)


def draw(parts: Sequence[GroupSource], count: int, seed: int) -> Iterator[Group]:
    """Groups in the shares of their sets; the same ones for the same seed."""
    chance = random.Random(seed)
    weights = [SHARES[part.name] for part in parts]
    for part in chance.choices(parts, weights, k=count):
        yield from part.groups(1, chance)


def batches(parts: Sequence[GroupSource], size: int, steps: int, seed: int, first_step: int) -> Iterator[list[Group]]:
    """Batches of `size` groups of like length, from a step on."""
    window = 32
    for start in range(first_step - first_step % window, steps, window):
        groups = list(draw(parts, window * size, seed * 1_000_003 + start))
        groups.sort(key=lambda group: sum(map(len, group.passages)))
        made = [groups[i : i + size] for i in range(0, len(groups), size)]
        random.Random(start).shuffle(made)
        yield from made[max(0, first_step - start) :]


def ship(
    trainer: Trainer, checkpoint: Path, record: Path, spec: ModelSpec, first_stage_weight: float, console: Console
) -> None:
    """The checkpoint's weights as they ship with the project, their training record in the same file.

    `first_stage_weight` is what the first stage counts when both rank together (eval/LOG.md).
    """
    trainer.load(checkpoint)
    judged = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    facts = {
        "name": f"{spec.name} reranker, {trainer.plan.layers} layers, {trainer.step} steps",
        "layers": trainer.plan.layers,
        "first_stage_weight": first_stage_weight,
        "encoder_weights_sha256": spec.weights_sha256,
        "trained_on": dict(SHARES),
        "held_out": f"{HELD_OUT_SHARE:.0%} of the documents of each set (eval/splits.py), the whole of NoMIRACL",
        "plan": asdict(trainer.plan),
        "judged": judged,
        "date": time.strftime("%Y-%m-%d"),
    }
    tensors = {name: master.detach().numpy() for name, master in trainer.masters.items()}
    path = SHIPPED / f"{spec.weights_sha256[:16]}.npz"
    path.parent.mkdir(exist_ok=True)
    RerankerWeights(facts, tensors).save(path)
    console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.train_reranker", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint and the record")
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--layers", type=int, default=Plan().layers)
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--start-from", type=Path, help="a checkpoint of another plan, to begin with its weights")
    parser.add_argument("--ship", action="store_true", help="write the weights of the checkpoint to where they ship")
    parser.add_argument("--first-stage-weight", type=float, default=50.0, help="what it counts as shipped")
    parser.add_argument("--seed", type=int, default=Plan().seed)
    parser.add_argument("--judge-every", type=int, default=500)
    options = parser.parse_args()
    plan = Plan(steps=options.steps, layers=options.layers, rate=options.rate, seed=options.seed)
    console = Console(width=160)
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint, record = options.out / "checkpoint.pt", options.out / "record.jsonl"
    folder, _ = ready_folder(CACHE.parent)
    trainer = Trainer(plan, folder)
    if options.ship:
        ship(trainer, checkpoint, record, read_spec(folder), options.first_stage_weight, console)
        return
    with Progress(console=console, transient=True) as progress, closing(open_encoder("", CACHE, progress)) as encoder:
        means = shipped_means(encoder.spec)
        fitted = list(sources(options.evalsets, False, encoder, means))
        unseen = list(sources(options.evalsets, True, encoder, means))
    for part in fitted:
        console.print(f"{part.name}: {len(part.questions)} questions, {len(part.passages)} passages")
    if checkpoint.is_file():
        trainer.load(checkpoint)
        console.print(f"going on from step {trainer.step}")
    elif options.start_from:
        trainer.start_from(options.start_from)
    begin, losses = time.time(), []
    for groups in batches(fitted, plan.groups, plan.steps, plan.seed, trainer.step):
        losses.append(trainer.train(groups))
        done = trainer.step == plan.steps
        if trainer.step % 50 == 0:
            ranking, absolute, pointer = np.mean(losses[-50:], axis=0)
            console.print(
                f"{trainer.step:6} {time.time() - begin:7.0f} s  ranking {ranking:.3f}  absolute {absolute:.3f}"
                f"  pointer {pointer:.3f}"
            )
            if not math.isfinite(ranking):
                raise SystemExit("the loss is no number; lower the rate")
        if trainer.step % options.judge_every == 0 or done:
            trainer.save(checkpoint)
            figures = judge(trainer.reader, [part for part in unseen if "windows" not in part.name], questions=100)
            console.print(figures)
            with record.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"step": trainer.step, "seconds": time.time() - begin, **figures}) + "\n")
        if done:
            break


if __name__ == "__main__":
    main()
