"""`python -m eval.train_reranker`: trains the second stage, a cross-encoder made from the first layers of the encoder.

Checkpoints are written to the output folder and training goes on from the last one. Figures are those of questions on
documents that stay out of the training (eval/splits.py).

The model is run in bfloat16 with float32 master weights: several times faster than float32 on a processor that has
AMX, and eager attention, because the backward pass of the fused one is slow in bfloat16 on a processor.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn
from transformers import AutoTokenizer, BertForSequenceClassification

from embeddings.bundled_reranker import MAX_TOKENS, SHIPPED, RerankerWeights
from embeddings.encoder import Encoder
from embeddings.folder_spec import read_spec
from embeddings.model_choice import ready_folder
from embeddings.neutral import LanguageMeans, shipped_means
from embeddings.spec import ModelSpec
from eval.models import open_encoder
from eval.reranker_groups import Group, GroupSource, parallel_source, single_source, window_source
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.sets import SetFolder
from eval.splits import HELD_OUT_SHARE

SHARES = {
    "xquad": 0.38,
    "mlqa_dev": 0.26,
    "drcd_dev": 0.08,
    "ntrex windows": 0.09,
    "ntrex": 0.09,
    "cmrc2018_trial": 0.04,
    "kazqad_val": 0.04,
    "clapnq_dev": 0.02,
}
"""How often a group is drawn from each set."""
_HEAD_RATE = 10
_DECAY = 0.01
_CLIP = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training run is made of; a checkpoint of another plan is not gone on with."""

    layers: int = 8
    groups: int = 8
    steps: int = 5_000
    warmup: int = 200
    rate: float = 6e-5
    first_stage_weight: float = 12.0
    """What the first stage's score counts beside the logit while training."""
    absolute_weight: float = 0.4
    """What "answers or not" by itself counts beside "answers better than the others"."""
    max_tokens: int = MAX_TOKENS
    seed: int = 1


class Trainer:
    """The model in bfloat16, its master weights in float32, and its optimiser."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = BertForSequenceClassification.from_pretrained(
            folder,
            num_labels=1,
            num_hidden_layers=plan.layers,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",
        )
        self.model.bert.embeddings.requires_grad_(False)
        named = [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]
        self.masters = {name: nn.Parameter(p.detach().clone().float()) for name, p in named}
        heads = [p for name, p in self.masters.items() if not name.startswith("bert.encoder")]
        body = [p for name, p in self.masters.items() if name.startswith("bert.encoder")]
        self.optimizer = torch.optim.AdamW(
            [{"params": body, "scale": 1}, {"params": heads, "scale": _HEAD_RATE}], lr=plan.rate, weight_decay=_DECAY
        )
        self.model.bfloat16().train()
        self.trained = [(self.masters[name], p) for name, p in self.model.named_parameters() if p.requires_grad]
        self.step = 0

    def logits(self, questions: Sequence[str], passages: Sequence[str]) -> Tensor:
        """One number a pair, in float32, in the order of the pairs; padding is kept short by sorting."""
        order = sorted(range(len(passages)), key=lambda i: len(questions[i]) + len(passages[i]))
        parts = []
        for first in range(0, len(order), 16):
            rows = order[first : first + 16]
            tokens = self.tokenizer(
                [questions[i] for i in rows],
                [passages[i] for i in rows],
                truncation="longest_first",
                max_length=self.plan.max_tokens,
                padding=True,
                return_tensors="pt",
            )
            parts.append(self.model(**tokens).logits[:, 0].float())
        inverse = torch.empty(len(order), dtype=torch.long)
        inverse[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(parts)[inverse]

    def train(self, groups: Sequence[Group]) -> tuple[float, float]:
        """One step on groups of equal size; the two losses."""
        size = min(len(group.passages) for group in groups)
        questions = [group.question for group in groups for _ in range(size)]
        logits = self.logits(questions, [p for group in groups for p in group.passages[:size]]).view(-1, size)
        first = torch.tensor([group.scores[:size] for group in groups])
        target = torch.zeros(len(groups), dtype=torch.long)
        ranking = nn.functional.cross_entropy(logits + self.plan.first_stage_weight * first, target)
        answers = torch.zeros_like(logits)
        answers[:, 0] = 1
        weights = torch.where(answers > 0, size / 2, size / 2 / (size - 1))
        absolute = nn.functional.binary_cross_entropy_with_logits(logits, answers, weight=weights)
        torch.autograd.backward(ranking + self.plan.absolute_weight * absolute)
        self._update()
        return ranking.item(), absolute.item()

    def _update(self) -> None:
        for master, parameter in self.trained:
            master.grad = None if parameter.grad is None else parameter.grad.float()
            parameter.grad = None
        nn.utils.clip_grad_norm_(self.masters.values(), _CLIP)
        plan = self.plan
        rate = plan.rate * min(
            (self.step + 1) / plan.warmup,
            max(0.02, (plan.steps - self.step) / max(1, plan.steps - plan.warmup)),
        )
        for each in self.optimizer.param_groups:
            each["lr"] = rate * each["scale"]
        self.optimizer.step()
        with torch.no_grad():
            for master, parameter in self.trained:
                parameter.copy_(master)
        self.step += 1

    def save(self, path: Path) -> None:
        temporary = path.with_suffix(".tmp")
        torch.save(
            {
                "plan": asdict(self.plan),
                "step": self.step,
                "masters": dict(self.masters),
                "optimizer": self.optimizer.state_dict(),
            },
            temporary,
        )
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint. Raises ValueError for one of another plan."""
        state = torch.load(path, weights_only=True)
        if state["plan"] != asdict(self.plan):
            raise ValueError(f"{path}: is of another plan ({state['plan']}); choose another folder")
        with torch.no_grad():
            for name, master in self.masters.items():
                master.copy_(state["masters"][name])
            for master, parameter in self.trained:
                parameter.copy_(master)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


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


def batches(parts: Sequence[GroupSource], plan: Plan, first_step: int) -> Iterator[list[Group]]:
    """Batches of groups of like length, from a step on."""
    window = 32
    for start in range(first_step - first_step % window, plan.steps, window):
        groups = list(draw(parts, window * plan.groups, plan.seed * 1_000_003 + start))
        groups.sort(key=lambda group: sum(map(len, group.passages)))
        made = [groups[i : i + plan.groups] for i in range(0, len(groups), plan.groups)]
        random.Random(start).shuffle(made)
        yield from made[max(0, first_step - start) :]


@torch.no_grad()
def judge(trainer: Trainer, parts: Sequence[GroupSource], questions: int, depth: int = 10) -> dict[str, Any]:
    """Success@1 of the first stage, of the second and of both, over the first stage's best `depth`, by set."""
    trainer.model.train(False)
    figures: dict[str, Any] = {}
    for part in parts:
        chance = random.Random(7)
        rows = chance.sample(sorted(part.answering), k=min(questions, len(part.answering)))
        first, second, weights = [], [], (4, 8, 12, 20, 30)
        both: list[list[bool]] = [[] for _ in weights]
        for row in rows:
            found, scores = part.ranked(row, depth)
            logits = trainer.logits([part.questions[row]] * len(found), [part.passages[i] for i in found]).numpy()
            right = np.array([str(part.families[i]) in part.answering[row] for i in found])
            first.append(bool(right[0]))
            second.append(bool(right[int(np.argmax(logits))]))
            for kept, weight in zip(both, weights, strict=True):
                kept.append(bool(right[int(np.argmax(logits + weight * scores))]))
        figures[part.name] = {
            "n": len(rows),
            "first": round(float(np.mean(first)), 3),
            "second": round(float(np.mean(second)), 3),
            **{f"+{weight}": round(float(np.mean(kept)), 3) for kept, weight in zip(both, weights, strict=True)},
        }
    trainer.model.train()
    return figures


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
    parser.add_argument("--ship", action="store_true", help="write the weights of the checkpoint to where they ship")
    parser.add_argument("--first-stage-weight", type=float, default=50.0, help="what it counts as shipped")
    parser.add_argument("--judge-every", type=int, default=500)
    options = parser.parse_args()
    plan = Plan(steps=options.steps, layers=options.layers)
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
    begin, losses = time.time(), []
    for groups in batches(fitted, plan, trainer.step):
        losses.append(trainer.train(groups))
        done = trainer.step == plan.steps
        if trainer.step % 50 == 0:
            ranking, absolute = np.mean(losses[-50:], axis=0)
            console.print(
                f"{trainer.step:6} {time.time() - begin:7.0f} s  ranking {ranking:.3f}  absolute {absolute:.3f}"
            )
            if not math.isfinite(ranking):
                raise SystemExit("the loss is no number; lower the rate")
        if trainer.step % options.judge_every == 0 or done:
            trainer.save(checkpoint)
            figures = judge(trainer, [part for part in unseen if "windows" not in part.name], questions=100)
            console.print(figures)
            with record.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"step": trainer.step, "seconds": time.time() - begin, **figures}) + "\n")
        if done:
            break


if __name__ == "__main__":
    main()
