"""A page under watch: what it asks for and what its console says."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import FrameLocator, Page, expect

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
WINDOWS = {"desktop": (1280, 800), "mobile": (390, 844)}


@dataclass
class Watched:
    """A page, what it asked for and what its console said."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def source(self) -> FrameLocator:
        return self.page.frame_locator("#source-frame")

    def ask(self, question: str) -> None:
        self.page.get_by_role("textbox", name="Question").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("section.turn").last.locator(".question")).to_have_text(question)
        expect(self.page.locator("section.turn").last.locator("a.source").first).to_be_visible(timeout=20_000)

    def expect_quote(self, question: str, index: int) -> None:
        """The source view shows the quote of the API's citation, highlighted and scrolled to."""
        citation = self.page.request.post("/ask", data={"question": question}).json()["citations"][index]
        mark = self.source.locator("mark#quote")
        expect(mark).to_be_in_viewport(ratio=0.5)
        assert mark.evaluate("mark => mark.textContent") == citation["quote"]
        assert f"start={citation['quote_start_char_index']}&" in self.page.locator("#source-tab").evaluate(
            "a => a.href"
        )

    def screenshot(self, name: str) -> None:
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def assert_nothing_left(self) -> None:
        assert len(self.requests) > 5
        assert {urlsplit(url).hostname for url in self.requests if not url.startswith("data:")} == {"127.0.0.1"}
        assert self.complaints == []
