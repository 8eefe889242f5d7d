"""Teaches the second stage what a teacher says: low-rank changes of its layers, beside the groups it was trained on.

bfloat16 and eager attention, as in eval/reranker_trainer.py; the changes themselves are float32.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize

from embeddings.reranker_weights import MAX_TOKENS, RerankerWeights
from eval.adapter_trainer import adapt
from eval.checkpoint import load_steps, save_steps
from eval.distillation import TaughtGroup
from eval.reranker_groups import Group
from eval.reranker_trainer import Reader, group_losses, model_to_train
from eval.schedule import rate_at

_LAYERS = re.compile(r"bert\.encoder\..*|bert\.pooler\.dense")
_HEADS = ("classifier", "pointer")
_HEAD_RATE = 0.3
_DECAY = 0.01
_CLIP = 1.0
_SOFTNESS = 2.0
"""What the teacher's log-odds are divided by: it is surer than its pupil can be."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training run is made of; a checkpoint of another plan is not gone on with."""

    rank: int = 16
    steps: int = 2_000
    warmup: int = 60
    rate: float = 3e-4
    taught: int = 6
    """Groups a step that the teacher has read, and the passages of each."""
    taught_passages: int = 6
    groups: int = 4
    """Groups a step as in eval/train_reranker.py."""
    first_stage_weight: float = 30.0
    absolute_weight: float = 0.4
    pointer_weight: float = 1.0
    seed: int = 1


class HeadChange(nn.Module):
    """A row of weights with its change, which needs no factors."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.row = nn.Parameter(torch.zeros(weight.shape))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.row.to(weight.dtype)


class Distiller:
    """`step` batches were trained on; `folder` holds the encoder whose embeddings the weights are made for."""

    def __init__(self, plan: Plan, folder: Path, weights: RerankerWeights) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.step = plan, 0
        model = model_to_train(folder, weights.layers)
        tensors = {name: torch.from_numpy(tensor) for name, tensor in weights.tensors.items()}
        left = model.load_state_dict(tensors, strict=False)
        if missing := [name for name in left.missing_keys if not name.startswith("bert.embeddings.")]:
            raise ValueError(f"the weights lack {missing[0]}")
        if left.unexpected_keys:
            raise ValueError(f"the weights have {left.unexpected_keys[0]}, which the model has not")
        model.bfloat16().requires_grad_(False)
        self._layers = adapt(model, plan.rank, _LAYERS)
        self._heads = {name: HeadChange(getattr(model, name).weight) for name in _HEADS}
        for name, change in self._heads.items():
            parametrize.register_parametrization(getattr(model, name), "weight", change, unsafe=True)
        self.reader = Reader(model.train(False), folder, MAX_TOKENS)
        layers = [p for change in self._layers.values() for p in (change.down, change.up)]
        heads = [change.row for change in self._heads.values()]
        self._parameters = [*layers, *heads]
        self._optimizer = torch.optim.AdamW(
            [{"params": layers, "scale": 1.0}, {"params": heads, "scale": _HEAD_RATE}],
            lr=plan.rate,
            weight_decay=_DECAY,
        )

    def train(self, taught: Sequence[TaughtGroup], groups: Sequence[Group]) -> tuple[float, ...]:
        """One step; the losses of the teacher's order and scores, of ranking, of "answers or not", of the pointer."""
        plan = self.plan
        with parametrize.cached():
            order, scores = self._taught_losses(taught)
            ranking, absolute, pointer = group_losses(self.reader, groups, plan.first_stage_weight)
            total = order + scores + ranking + plan.absolute_weight * absolute + plan.pointer_weight * pointer
            torch.autograd.backward(total)
        self._update()
        return tuple(loss.item() for loss in (order, scores, ranking, absolute, pointer))

    def _taught_losses(self, taught: Sequence[TaughtGroup]) -> tuple[Tensor, Tensor]:
        questions = [group.question for group in taught for _ in group.passages]
        passages = [passage for group in taught for passage in group.passages]
        said = self.reader.read(questions, passages).answers.view(len(taught), -1)
        goal = torch.from_numpy(np.stack([group.scores for group in taught])) / _SOFTNESS
        order = nn.functional.kl_div(said.log_softmax(1), goal.softmax(1), reduction="batchmean")
        return order, nn.functional.binary_cross_entropy_with_logits(said, goal.sigmoid())

    def _update(self) -> None:
        nn.utils.clip_grad_norm_(self._parameters, _CLIP)
        plan = self.plan
        rate = rate_at(self.step, plan.rate, plan.warmup, plan.steps)
        for each in self._optimizer.param_groups:
            each["lr"] = rate * each["scale"]
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1

    def changes(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """(up, down) by the name of the weight that they change."""
        factors: dict[str, tuple[Tensor, Tensor]] = {name: (each.up, each.down) for name, each in self._layers.items()}
        factors |= {name: (torch.ones(1, 1), each.row) for name, each in self._heads.items()}
        return {
            f"{name}.weight": (up.detach().numpy().copy(), down.detach().numpy().copy())
            for name, (up, down) in factors.items()
        }

    def save(self, path: Path) -> None:
        save_steps(path, self.plan, self.step, self._parameters, self._optimizer)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint. Raises ValueError for one of another plan."""
        self.step = load_steps(path, self.plan, self._parameters, self._optimizer)
