"""The state of a training run as a file, so that a run that was cut goes on where it stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, optim

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def save_checkpoint(path: Path, plan: "DataclassInstance", state: Mapping[str, Any]) -> None:
    """Written aside and moved into place: an interruption leaves the one before."""
    temporary = path.with_suffix(".tmp")
    torch.save({"plan": asdict(plan), **state}, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path, plan: "DataclassInstance") -> dict[str, Any]:
    """The state that was saved. Raises ValueError for one of another plan."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    if state["plan"] != asdict(plan):
        raise ValueError(f"{path}: is of another plan ({state['plan']}); choose another folder")
    return state


def save_steps(
    path: Path, plan: "DataclassInstance", step: int, parameters: Sequence[Tensor], optimizer: optim.Optimizer
) -> None:
    save_checkpoint(path, plan, {"step": step, "parameters": parameters, "optimizer": optimizer.state_dict()})


def load_steps(path: Path, plan: "DataclassInstance", parameters: Sequence[Tensor], optimizer: optim.Optimizer) -> int:
    """Puts the parameters and the optimizer back to where they were; the step. Raises ValueError as above."""
    state = load_checkpoint(path, plan)
    with torch.no_grad():
        for parameter, saved in zip(parameters, state["parameters"], strict=True):
            parameter.copy_(saved)
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
