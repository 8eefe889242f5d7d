"""A system under the bench as a process: its start, its memory, its disk, its answers over HTTP."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

READY_WITHIN_S = 180
_TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class System:
    """How a system is told to index and to serve. `{data}`, `{texts}`, `{model}` and `{port}` are filled in."""

    name: str
    index: Sequence[str]
    serve: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Indexed:
    chunks: int
    characters: int
    seconds: float


class Server:
    """A started process; ended by `close`."""

    def __init__(self, system: System, values: Mapping[str, str]) -> None:
        self.name = system.name
        self._port = _free_port()
        command = [part.format(port=self._port, **values) for part in system.serve]
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command], env={**os.environ, **system.settings}, stderr=subprocess.DEVNULL
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=60, trust_env=False)
        self._wait()
        self.ready_s = time.perf_counter() - begin

    @property
    def url(self) -> str:
        return str(self.client.base_url)

    def ask(self, question: str) -> float:
        """Seconds until the whole answer is there."""
        begin = time.perf_counter()
        self.client.post("/ask", json={"question": question}).raise_for_status()
        return time.perf_counter() - begin

    @property
    def resident_mb(self) -> tuple[float, float]:
        """Resident memory now and at its highest, of the process and its children."""
        now = highest = 0.0
        for process in _family(self._process.pid):
            status = dict(
                line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":" in line
            )
            now += int(status["VmRSS"].split()[0]) / 1024
            highest += int(status["VmHWM"].split()[0]) / 1024
        return now, highest

    def close(self) -> None:
        self.client.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended before it was ready")
            try:
                if self.client.get("/readyz").is_success:
                    return
            except httpx.TransportError:
                time.sleep(_TICK_S)
        self.close()
        raise RuntimeError(f"{self.name} was not ready within {READY_WITHIN_S} s")


def index(system: System, values: Mapping[str, str]) -> Indexed:
    """Runs the system's own indexing in a process of its own."""
    command = [sys.executable, "-m", *(part.format(**values) for part in system.index)]
    done = subprocess.run(
        command, env={**os.environ, **system.settings}, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return Indexed(**json.loads(done.stdout.decode().strip().splitlines()[-1]))


def disk_mb(folder: Path) -> float:
    """What a data directory takes without the model in it."""
    files = (path for path in folder.rglob("*") if path.is_file() and "models" not in path.relative_to(folder).parts)
    return sum(path.stat().st_size for path in files) / 1e6


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
