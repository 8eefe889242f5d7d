"""How good a second stage is while it is trained, on documents that stay out of the training (eval/splits.py)."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from eval.reranker_groups import GroupSource
from eval.reranker_trainer import Reader

DEPTH = 8
WEIGHTS = (8, 15, 25, 40, 60)


@torch.no_grad()
def judge(reader: Reader, parts: Sequence[GroupSource], questions: int) -> dict[str, Any]:
    """By set, over the first stage's best `DEPTH`.

    Success@1 of the first stage, of the second, and of both with `WEIGHTS`; whether the pointer's best token lies in
    the answer; AUROC of the best log-odds, and of the best pointer number, for passages with the answer and without.
    """
    reader.model.train(False)
    figures = {part.name: _judged(reader, part, questions) for part in parts}
    reader.model.train()
    return figures


def _judged(reader: Reader, part: GroupSource, questions: int) -> dict[str, float]:
    rows = random.Random(7).sample(sorted(part.answering), k=min(questions, len(part.answering)))
    rights = {right.question: right for right in part.rights}
    first, second, pointed = [], [], []
    both: dict[int, list[bool]] = {weight: [] for weight in WEIGHTS}
    best: dict[str, list[float]] = {"answers": [], "pointer": []}
    for row in rows:
        found, scores = part.ranked(row, 2 * DEPTH)
        right = np.array([str(part.families[i]) in part.answering[row] for i in found])
        read = reader.read([part.questions[row]] * len(found), [part.passages[i] for i in found])
        logits, peaks = read.answers.numpy(), np.array([float(each.max()) for each in read.pointers])
        head = slice(0, DEPTH)
        first.append(bool(right[0]))
        second.append(bool(right[int(np.argmax(logits[head]))]))
        for weight, kept in both.items():
            kept.append(bool(right[int(np.argmax(logits[head] + weight * scores[head]))]))
        place = rights[row]
        if place.answers and place.passage in found:
            i = int(np.flatnonzero(found == place.passage)[0])
            start, end = read.places[i][int(read.pointers[i].argmax())]
            pointed.append(any(a < end and start < b for a, b in place.answers))
        if right[head].any() and not right.all():
            for values, name in ((logits, "answers"), (peaks, "pointer")):
                best[name] += [float(values[head].max()), float(values[~right][head].max())]
    labels = [True, False] * (len(best["answers"]) // 2)
    return {
        "n": len(rows),
        "first": _mean(first),
        "second": _mean(second),
        **{f"+{weight}": _mean(kept) for weight, kept in both.items()},
        "pointed": _mean(pointed),
        "auroc": _auroc(labels, best["answers"]),
        "auroc of the pointer": _auroc(labels, best["pointer"]),
    }


def _mean(values: Sequence[bool]) -> float:
    return round(float(np.mean(values)), 3) if values else float("nan")


def _auroc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    return round(float(roc_auc_score(labels, scores)), 3) if labels else float("nan")
