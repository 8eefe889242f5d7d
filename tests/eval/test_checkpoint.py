"""A training run that was cut goes on from its own checkpoint, and from no other's."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from eval.adapter_trainer import Plan
from eval.checkpoint import load_checkpoint, save_checkpoint


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "checkpoint.pt", Plan(), {"step": 3, "parameters": [torch.ones(2)]})
    state = load_checkpoint(tmp_path / "checkpoint.pt", Plan())
    assert state["step"] == 3
    assert torch.equal(state["parameters"][0], torch.ones(2))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_state_of_another_plan_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "checkpoint.pt", Plan(), {"step": 3})
    with pytest.raises(ValueError, match="is of another plan"):
        load_checkpoint(tmp_path / "checkpoint.pt", replace(Plan(), rank=13))
