"""What the README says is so."""

import re
import subprocess
from pathlib import Path

from qa_service.cli.commands import commands
from qa_service.config import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_named() -> None:
    missing = [name for name in Settings.model_fields if f"`QA_{name.upper()}`" not in README]
    assert not missing


def test_every_setting_named_exists() -> None:
    named = {name.lower() for name in re.findall(r"`QA_([A-Z_]+)`", README)}
    assert named == set(Settings.model_fields)


def test_every_command_is_named() -> None:
    names = [command.name or command.callback.__name__ for command in commands.registered_commands if command.callback]
    missing = [name for name in names if not re.search(rf"\| `{name}\b", README)]
    assert names
    assert not missing


def test_the_tree_shows_every_folder_that_git_knows() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    folders = {path.split("/")[0] + "/" for path in files if "/" in path}
    tree = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert tree is not None
    shown = {line.split()[0] for line in tree[1].splitlines() if line and not line.startswith(" ")}
    assert folders <= shown
    assert all((ROOT / name).exists() for name in shown)


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert all((ROOT / link).exists() for link in links)


def test_the_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"serve", "test"} <= named
    assert named <= targets
