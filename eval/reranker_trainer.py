"""Trains the second stage on groups: a model in bfloat16, its master weights in float32, and its optimiser.

bfloat16 is several times faster than float32 on a processor that has AMX; attention is eager, because the backward
pass of the fused one is slow in bfloat16 on a processor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from embeddings.reading_model import ReadingModel, passage_tokens
from embeddings.reranker_weights import MAX_TOKENS
from eval.checkpoint import load_checkpoint, save_checkpoint
from eval.reranker_groups import Group
from eval.schedule import rate_at

_HEADS = ("classifier", "pointer", "bert.pooler")
_HEAD_RATE = 10
_DECAY = 0.01
_CLIP = 1.0
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training run is made of; a checkpoint of another plan is not gone on with."""

    layers: int = 8
    groups: int = 8
    steps: int = 5_000
    warmup: int = 200
    rate: float = 6e-5
    first_stage_weight: float = 25.0
    """What the first stage's score counts beside the log-odds while training."""
    absolute_weight: float = 0.4
    """What "answers or not" by itself counts beside "answers better than the others"."""
    pointer_weight: float = 0.4
    """What "the answer stands here" counts."""
    max_tokens: int = MAX_TOKENS
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Read:
    """Of pairs: the log-odds, shape [pairs]; of each pair, its passage's pointer numbers and their characters."""

    answers: Tensor
    pointers: tuple[Tensor, ...]
    places: tuple[tuple[tuple[int, int], ...], ...]


class Reader:
    """A model with the tokenizer of the encoder that it is made from."""

    def __init__(self, model: nn.Module, folder: Path, max_tokens: int) -> None:
        self.model = model
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._max_tokens = max_tokens

    def read(self, questions: Sequence[str], passages: Sequence[str]) -> Read:
        """In the order of the pairs; padding is kept short by sorting."""
        order = sorted(range(len(passages)), key=lambda i: len(questions[i]) + len(passages[i]))
        answers: dict[int, Tensor] = {}
        pointers: dict[int, Tensor] = {}
        places: dict[int, tuple[tuple[int, int], ...]] = {}
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            tokens = self._tokenizer(
                [questions[i] for i in rows],
                [passages[i] for i in rows],
                truncation="longest_first",
                max_length=self._max_tokens,
                padding=True,
                return_tensors="pt",
            )
            batch_answers, batch_pointers = self.model(tokens)
            for pair, row in enumerate(rows):
                inside = passage_tokens(tokens, pair)
                answers[row] = batch_answers[pair]
                pointers[row] = batch_pointers[pair, [position for position, _ in inside]]
                places[row] = tuple(place for _, place in inside)
        every = range(len(passages))
        return Read(
            torch.stack([answers[i] for i in every]),
            tuple(pointers[i] for i in every),
            tuple(places[i] for i in every),
        )


class Trainer:
    """`step` groups were trained on; `folder` holds the encoder that the first weights are taken from."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.step = plan, 0
        model = model_to_train(folder, plan.layers)
        model.bert.embeddings.requires_grad_(False)
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self.masters = {name: nn.Parameter(p.detach().clone().float()) for name, p in named}
        heads = [p for name, p in self.masters.items() if name.startswith(_HEADS)]
        body = [p for name, p in self.masters.items() if not name.startswith(_HEADS)]
        self._optimizer = torch.optim.AdamW(
            [{"params": body, "scale": 1}, {"params": heads, "scale": _HEAD_RATE}], lr=plan.rate, weight_decay=_DECAY
        )
        self.reader = Reader(model.bfloat16().train(), folder, plan.max_tokens)
        self._trained = [(self.masters[name], p) for name, p in model.named_parameters() if p.requires_grad]

    def train(self, groups: Sequence[Group]) -> tuple[float, float, float]:
        """One step; the losses of ranking, of "answers or not" and of the pointer."""
        ranking, absolute, pointer = group_losses(self.reader, groups, self.plan.first_stage_weight)
        total = ranking + self.plan.absolute_weight * absolute + self.plan.pointer_weight * pointer
        torch.autograd.backward(total)
        self._update()
        return ranking.item(), absolute.item(), pointer.item()

    def _update(self) -> None:
        for master, parameter in self._trained:
            master.grad = None if parameter.grad is None else parameter.grad.float()
            parameter.grad = None
        nn.utils.clip_grad_norm_(self.masters.values(), _CLIP)
        plan = self.plan
        rate = rate_at(self.step, plan.rate, plan.warmup, plan.steps)
        for each in self._optimizer.param_groups:
            each["lr"] = rate * each["scale"]
        self._optimizer.step()
        self._hand_down()
        self.step += 1

    def save(self, path: Path) -> None:
        state = {"step": self.step, "masters": dict(self.masters), "optimizer": self._optimizer.state_dict()}
        save_checkpoint(path, self.plan, state)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint. Raises ValueError for one of another plan."""
        state = load_checkpoint(path, self.plan)
        self._take(state["masters"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def start_from(self, path: Path) -> None:
        """Begins with the weights of another plan's checkpoint, as far as it has them."""
        self._take(torch.load(path, weights_only=True)["masters"])

    def _take(self, weights: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, master in self.masters.items():
                if name in weights:
                    master.copy_(weights[name])
        self._hand_down()

    @torch.no_grad()
    def _hand_down(self) -> None:
        for master, parameter in self._trained:
            parameter.copy_(master)


def model_to_train(folder: Path, layers: int) -> ReadingModel:
    """The encoder's first layers under new heads; without dropout, and with attention that is fast to train."""
    config = AutoConfig.from_pretrained(
        folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager"
    )
    model = ReadingModel(config, layers)
    model.bert.load_state_dict(AutoModel.from_pretrained(folder).state_dict(), strict=False)
    return model


def group_losses(reader: Reader, groups: Sequence[Group], first_stage_weight: float) -> tuple[Tensor, Tensor, Tensor]:
    """Of ranking beside the first stage, of "answers or not", and of the pointer."""
    size = min(len(group.passages) for group in groups)
    pairs = [(group.question, passage) for group in groups for passage in group.passages[:size]]
    refused = [group.refused for group in groups if group.refused]
    read = reader.read(*zip(*pairs, *refused, strict=True))
    logits = read.answers[: len(pairs)].view(-1, size)
    first = torch.tensor([group.scores[:size] for group in groups])
    target = torch.zeros(len(groups), dtype=torch.long)
    ranking = nn.functional.cross_entropy(logits + first_stage_weight * first, target)
    absolute = _absolute_loss(logits, read.answers[len(pairs) :])
    pointer = _pointer_loss(groups, read, size)
    return ranking, absolute, pointer


def _absolute_loss(logits: Tensor, refused: Tensor) -> Tensor:
    """Binary cross-entropy in which right and wrong pairs weigh the same."""
    right, wrong = logits[:, 0], torch.cat([logits[:, 1:].flatten(), refused])
    return (nn.functional.softplus(-right).mean() + nn.functional.softplus(wrong).mean()) / 2


def _pointer_loss(groups: Sequence[Group], read: Read, size: int) -> Tensor:
    """Over all passages of a group: how little of the pointer falls on the characters that answer."""
    losses = []
    for i, group in enumerate(groups):
        rows = range(i * size, (i + 1) * size)
        answer = torch.tensor(
            [
                any(start < place_end and place_start < end for start, end in group.answers)
                for place_start, place_end in read.places[rows[0]]
            ],
            dtype=torch.bool,
        )
        if answer.any():
            everything = torch.cat([read.pointers[row] for row in rows])
            losses.append(everything.logsumexp(0) - read.pointers[rows[0]][answer].logsumexp(0))
    return torch.stack(losses).mean() if losses else torch.zeros(())
