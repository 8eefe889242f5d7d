"""`python -m eval.distill_reranker`: teaches the second stage what a cross-encoder of English says, in any language.

What is learned ships as an adapter of the second stage's
weights (embeddings/adapter.py). Checkpoints are written to the output folder and training goes on from the last one;
figures are those of questions on documents that stay out of the training (eval/splits.py).
"""

import argparse
import math
import random
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from embeddings.adapter import Adapter, adapter_file
from embeddings.durable import file_sha256
from embeddings.folder_spec import read_spec
from embeddings.model_choice import ready_folder
from embeddings.neutral import shipped_means
from embeddings.reranker_weights import RerankerWeights, shipped_weights_file
from eval.distillation import SHARES, teach
from eval.distiller import Distiller, Plan
from eval.models import open_encoder
from eval.reranker_judge import judge
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.splits import HELD_OUT_SHARE
from eval.teacher import Teacher
from eval.train_reranker import batches, sources

CHECKPOINT = "checkpoint.pt"


def ship(distiller: Distiller, weights: Path, teacher: str, first_stage_weight: float, console: Console) -> None:
    """The checkpoint's changes as they ship with the project, their training record in the file."""
    sha256, plan = file_sha256(weights), distiller.plan
    record = {
        "name": f"{RerankerWeights.load_record(weights, adapted=False)['name']}, distilled, {distiller.step} steps",
        "weights_sha256": sha256,
        "first_stage_weight": first_stage_weight,
        "teacher": teacher,
        "taught": dict(SHARES),
        "held_out": f"{HELD_OUT_SHARE:.0%} of the documents of each set (eval/splits.py), the whole of NoMIRACL",
        "plan": asdict(plan),
        "date": time.strftime("%Y-%m-%d"),
    }
    changes = {
        name: (up.astype(np.float16), down.astype(np.float16)) for name, (up, down) in distiller.changes().items()
    }
    path = adapter_file(sha256)
    Adapter(record, changes).save(path)
    console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def train(distiller: Distiller, evalsets: Path, teacher: Path, out: Path, judge_every: int, console: Console) -> None:
    plan, checkpoint = distiller.plan, out / CHECKPOINT
    with Progress(console=console, transient=True) as progress, closing(open_encoder("", CACHE, progress)) as encoder:
        means = shipped_means(encoder.spec)
        fitted = list(sources(evalsets, False, encoder, means))
        unseen = [each for each in sources(evalsets, True, encoder, means) if "windows" not in each.name]
        taught = teach(evalsets, encoder, Teacher(teacher), out / "scores.npz", plan.seed)
    console.print(f"{len(taught.queries)} queries, {len(taught.windows)} windows")
    begin, losses = time.time(), []
    for groups in batches(fitted, plan.groups, plan.steps, plan.seed, distiller.step):
        chance = random.Random(plan.seed * 1_000_003 + distiller.step)
        losses.append(distiller.train(list(taught.draw(plan.taught, plan.taught_passages, chance)), groups))
        done = distiller.step == plan.steps
        if distiller.step % 50 == 0:
            order, scores, ranking, absolute, pointer = np.mean(losses[-50:], axis=0)
            console.print(
                f"{distiller.step:6} {time.time() - begin:7.0f} s  order {order:.3f}  scores {scores:.3f}"
                f"  ranking {ranking:.3f}  absolute {absolute:.3f}  pointer {pointer:.3f}"
            )
            if not math.isfinite(order + ranking):
                raise SystemExit("the loss is no number; lower the rate")
        if distiller.step % judge_every == 0 or done:
            distiller.save(checkpoint)
            console.print(judge(distiller.reader, unseen, questions=100))
        if done:
            break


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.distill_reranker", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint and the teacher's scores")
    parser.add_argument("--teacher", type=Path, help="folder of model.onnx and its tokenizer")
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--seed", type=int, default=Plan().seed)
    parser.add_argument("--judge-every", type=int, default=500)
    parser.add_argument("--ship", metavar="TEACHER", help="write the changes to where they ship; what taught them")
    parser.add_argument("--first-stage-weight", type=float, help="what the first stage counts as shipped")
    options = parser.parse_args()
    plan = Plan(steps=options.steps, rate=options.rate, seed=options.seed)
    console = Console(width=160)
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / CHECKPOINT
    folder, _ = ready_folder(CACHE.parent)
    weights = shipped_weights_file(read_spec(folder))
    if weights is None:
        raise SystemExit("no weights of a second stage ship for this encoder; train them: eval/train_reranker.py")
    distiller = Distiller(plan, folder, RerankerWeights.load(weights, adapted=False))
    if options.ship:
        if options.first_stage_weight is None:
            parser.error("--ship needs --first-stage-weight: choose it on what was learned (eval/LOG.md)")
        distiller.load(checkpoint)
        ship(distiller, weights, options.ship, options.first_stage_weight, console)
        return
    if options.teacher is None:
        parser.error("--teacher is missing: a folder of model.onnx and its tokenizer")
    if checkpoint.is_file():
        distiller.load(checkpoint)
        console.print(f"going on from step {distiller.step}")
    train(distiller, options.evalsets, options.teacher, options.out, options.judge_every, console)


if __name__ == "__main__":
    main()
