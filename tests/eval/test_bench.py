"""The bench measures what it says: a real small server, closed loops, paired ratios."""

from pathlib import Path

import numpy as np
import pytest

from eval.bench.__main__ import per_second, questions, ratio
from eval.bench.peers import chunks_of
from eval.bench.servers import Server, System, disk_mb, index

_SERVER = """
import json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def _reply(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"{}")
    do_GET = do_POST = _reply
    def log_message(self, *_): pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    (tmp_path / "tiny_server.py").write_text(_SERVER)
    (tmp_path / "tiny_index.py").write_text('print(\'{"chunks": 3, "characters": 30, "seconds": 0.5}\')')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return System("tiny", index=("tiny_index",), serve=("tiny_server", "{port}"))


def test_a_server_is_started_asked_measured_and_ended(system: System) -> None:
    server = Server(system, {})
    try:
        assert 0 < server.ready_s < 60
        assert server.ask("?") > 0
        now, highest = server.resident_mb
        assert 5 < now <= highest < 500
        assert per_second(server, ["?"] * 100_000, clients=2, seconds=0.2) > 1
        with pytest.raises(RuntimeError, match="too few questions"):
            per_second(server, ["?"], clients=2, seconds=5)
    finally:
        server.close()
    assert server._process.returncode is not None


def test_a_server_that_ends_early_is_named() -> None:
    with pytest.raises(RuntimeError, match="broken ended before it was ready"):
        Server(System("broken", (), ("no_such_module_at_all",)), {})


def test_indexing_reports_its_own_figures(system: System) -> None:
    assert index(system, {}).chunks == 3


def test_the_ratio_of_medians_has_an_interval_that_holds_it() -> None:
    random = np.random.default_rng(0)
    slow = random.normal(100, 5, 200).tolist()
    times, low, high = ratio(slow, [each / 4 for each in slow])
    assert times == pytest.approx(4)
    assert low <= times <= high
    assert high - low < 0.3


def test_questions_are_asked_once_each_and_the_models_folder_does_not_count(tmp_path: Path) -> None:
    asked = list(questions(tmp_path / "absent"))
    assert len(asked) == len(set(asked)) > 150
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights").write_bytes(b"0" * 5_000_000)
    (tmp_path / "store").write_bytes(b"0" * 1_000_000)
    assert disk_mb(tmp_path) == 1.0


def test_peers_cut_texts_as_the_textbook_does() -> None:
    chunks = chunks_of(["One sentence here. " * 200])
    assert len(chunks) > 3
    assert max(map(len, chunks)) <= 1_000
