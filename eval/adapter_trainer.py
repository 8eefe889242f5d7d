"""Trains the encoder's adapter: low-rank changes of the layers (LoRA, arXiv:2106.09685), all else frozen.

bfloat16 and eager attention, as in eval/reranker_trainer.py; the adapter itself is float32.
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
from transformers import AutoModel, AutoTokenizer

from embeddings.encoder import Vectors
from embeddings.spec import ModelSpec
from eval.adapter_texts import Asked, Text
from eval.checkpoint import load_steps, save_steps
from eval.schedule import rate_at

_ADAPTED = re.compile(r"encoder\..*(query|key|value|dense)")
_DECAY = 0.01
_CLIP = 1.0
_BATCH = 24
_OFF = -1e4


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training run is made of; a checkpoint of another plan is not gone on with."""

    rank: int = 12
    steps: int = 320
    warmup: int = 25
    rate: float = 6e-4
    pairs: int = 20
    """Parallel texts a step, each in two languages."""
    beside: int = 4
    """Parallel texts of one document in a step."""
    asked: int = 10
    temperature: float = 0.05
    drawn_weight: float = 2.0
    """What the way to its neutral target counts for a parallel text."""
    apart_weight: float = 0.5
    """What "nearer to its translation than to other texts" counts."""
    kept_weight: float = 1.0
    """What the way to its neutral target counts for questions and passages."""
    softness: float = 0.3
    """How much of the goal for parallel texts is how near they were to one another before."""
    max_tokens: int = 128
    seed: int = 1


class LowRank(nn.Module):
    """A weight with its change, up @ down: cheaper on a processor than the two thin products beside the weight's."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, weight.shape[1]) / weight.shape[1] ** 0.5)
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (self.up @ self.down).to(weight.dtype)


class AdapterTrainer:
    """`step` batches were trained on; `directions` are taken out of what the encoder gives, shape [r, d]."""

    def __init__(self, plan: Plan, folder: Path, spec: ModelSpec, directions: Vectors) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.step, self._spec = plan, 0, spec
        self._directions = torch.from_numpy(directions)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False)
        self._model.bfloat16().requires_grad_(False)
        self._adapted = adapt(self._model, plan.rank, _ADAPTED)
        self._model.train(False)
        self._parameters = [p for each in self._adapted.values() for p in (each.down, each.up)]
        self._optimizer = torch.optim.AdamW(self._parameters, lr=plan.rate, weight_decay=_DECAY)

    def encode(self, texts: Sequence[Text]) -> Tensor:
        """Neutral unit vectors, shape [n, d]; padding is kept short by sorting."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i].text))
        vectors: dict[int, Tensor] = {}
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            prefixes = {True: self._spec.query_prefix, False: self._spec.passage_prefix}
            tokens = self._tokenizer(
                [prefixes[texts[i].query] + texts[i].text for i in rows],
                truncation=True,
                max_length=self.plan.max_tokens,
                padding=True,
                return_tensors="pt",
            )
            hidden = self._model(**tokens).last_hidden_state.float()
            mask = tokens["attention_mask"].unsqueeze(-1).float()
            pooled = nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
            vectors.update(zip(rows, pooled, strict=True))
        stacked = torch.stack([vectors[i] for i in range(len(texts))])
        return nn.functional.normalize(stacked - stacked @ self._directions.T @ self._directions, dim=1)

    def train(self, pairs: Sequence[tuple[Text, Text]], asked: Sequence[Asked]) -> tuple[float, float, float, float]:
        """One step; the losses of translations drawn together, told apart, of questions, and of what is kept."""
        with parametrize.cached():
            losses = self._backward(pairs, asked)
        self._update()
        return losses

    def _backward(
        self, pairs: Sequence[tuple[Text, Text]], asked: Sequence[Asked]
    ) -> tuple[float, float, float, float]:
        plan = self.plan
        ones, others = [one for one, _ in pairs], [other for _, other in pairs]
        vectors = self.encode([*ones, *others])
        drawn = _way(vectors, [*ones, *others])
        apart = _apart_loss(vectors[: len(ones)], vectors[len(ones) :], _targets(ones), plan)
        texts = [text for each in asked for text in (each.question, each.passage, each.wrong)]
        vectors = self.encode(texts)
        finding = _finding_loss(vectors, asked, plan.temperature)
        kept = _way(vectors, texts)
        total = plan.drawn_weight * drawn + plan.apart_weight * apart + finding + plan.kept_weight * kept
        total.backward()  # type: ignore[no-untyped-call]
        return drawn.item(), apart.item(), finding.item(), kept.item()

    def _update(self) -> None:
        plan = self.plan
        nn.utils.clip_grad_norm_(self._parameters, _CLIP)
        rate = rate_at(self.step, plan.rate, plan.warmup, plan.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1

    def changes(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """(up, down) by the name of the weight that they change."""
        return {
            f"{name}.weight": (each.up.detach().numpy().copy(), each.down.detach().numpy().copy())
            for name, each in self._adapted.items()
        }

    def save(self, path: Path) -> None:
        save_steps(path, self.plan, self.step, self._parameters, self._optimizer)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint. Raises ValueError for one of another plan."""
        self.step = load_steps(path, self.plan, self._parameters, self._optimizer)


def adapt(model: nn.Module, rank: int, names: re.Pattern[str]) -> dict[str, LowRank]:
    """Gives the linear layers of these names a change; by their name in the model."""
    adapted: dict[str, LowRank] = {}
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and names.fullmatch(name):
            adapted[name] = LowRank(module.weight, rank)
            parametrize.register_parametrization(module, "weight", adapted[name], unsafe=True)
    return adapted


def _targets(texts: Sequence[Text]) -> Tensor:
    return torch.from_numpy(np.stack([text.target for text in texts]))


def _way(vectors: Tensor, texts: Sequence[Text]) -> Tensor:
    """1 - cosine to the targets, the mean."""
    return 1 - (vectors * _targets(texts)).sum(dim=1).mean()


def _apart_loss(ones: Tensor, others: Tensor, targets: Tensor, plan: Plan) -> Tensor:
    """Each version finds its translation, in both directions; how near the texts were before counts a part."""
    before = (targets @ targets.T / plan.temperature).softmax(dim=1)
    goal = (1 - plan.softness) * torch.eye(len(ones)) + plan.softness * before
    scores = ones @ others.T / plan.temperature
    return (nn.functional.cross_entropy(scores, goal) + nn.functional.cross_entropy(scores.T, goal)) / 2


def _finding_loss(vectors: Tensor, asked: Sequence[Asked], temperature: float) -> Tensor:
    """Each question finds its passage among all passages of the step that don't say the same."""
    questions, passages, wrong = vectors[0::3], vectors[1::3], vectors[2::3]
    scores = questions @ torch.cat([passages, wrong]).T / temperature
    families = np.array([each.family for each in asked] + [each.wrong_family for each in asked])
    same = torch.from_numpy(families[: len(asked), np.newaxis] == families[np.newaxis])
    same[torch.arange(len(asked)), torch.arange(len(asked))] = False
    return nn.functional.cross_entropy(scores.masked_fill(same, _OFF), torch.arange(len(asked)))
