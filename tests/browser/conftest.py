"""The service as a user starts it, and pages of it in Chromium. Screenshots are left in artifacts/screenshots/."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.watched import ROOT, SCREENSHOTS, WINDOWS, Watched

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="package")
def address(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service as a user starts it, over the seeds, on a free port."""
    command = [sys.executable, "-m", "qa_service", "serve", "--port", "0", "--index-if-empty", "seeds"]
    settings = {
        "QA_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "QA_MODEL": str(model_folder),
        "QA_MIN_CONFIDENCE": "0",  # it is the citations that are tested here, not abstention
    }
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **settings}, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if started := re.search(r"answers at (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            pytest.fail(f"the service did not start: {''.join(said)}")
        yield started[1]
        process.terminate()
        said = process.stderr.readlines()
    assert "Traceback" not in "".join(said)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("there is no chromium here; on Debian: apt-get install chromium fonts-noto-cjk")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Watched]]:
    contexts: list[BrowserContext] = []

    def opened(window: str = "desktop", scheme: str = "light") -> Watched:
        width, height = WINDOWS[window]
        viewport = {"width": width, "height": height}
        context = browser.new_context(base_url=address, viewport=viewport, color_scheme=scheme)
        contexts.append(context)
        watched = Watched(context.new_page())
        context.on("request", lambda request: watched.requests.append(request.url))
        context.on("weberror", lambda error: watched.complaints.append(str(error.error)))
        context.on(
            "console",
            lambda message: watched.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        watched.page.goto("/")
        expect(watched.page.get_by_role("button", name="Ask", exact=True)).to_be_visible(timeout=20_000)
        return watched

    yield opened
    for context in contexts:
        context.close()
