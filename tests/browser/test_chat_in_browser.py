"""The real page in Chromium with the real model: ask, follow a citation to its quote, and nothing leaves the machine.

Screenshots are left in artifacts/screenshots/.
"""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from qa_service.answering.export.formats import FORMATS
from qa_service.web.chat import EXAMPLES
from tests.browser.watched import WINDOWS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.model]

ELSEWHERE = "203.0.113.7"
HOSTILE = (
    f"Zebra handbook, chapter one.\r\n\r\nThe zebra keeper keeps ![zebra](http://{ELSEWHERE}/a.png) and "
    f"<img src=http://{ELSEWHERE}/b.png onerror=alert(1)> and <script>fetch('http://{ELSEWHERE}/c')</script> and "
    f"[a link](javascript:alert(1)) and <style>body {{ background: url(http://{ELSEWHERE}/d.png) }}</style> and "
    f"$$\\href{{http://{ELSEWHERE}}}{{x}}$$ in the zebra house.\r\nZebras 🦓 sleep at night.\r\n"
)


@pytest.mark.parametrize("question", [EXAMPLES[1], EXAMPLES[0]], ids=["zh", "en"])
def test_citation_leads_to_the_highlighted_quote(open_page: Callable[..., Watched], question: str) -> None:
    watched = open_page()
    watched.ask(question)
    watched.expect_quote(question, 0)  # the first one is chosen by itself
    cards = watched.page.locator("section.turn .card")
    for index in range(cards.count()):
        cards.nth(index).click()
        expect(cards.nth(index)).to_have_attribute("aria-current", "true")
        watched.expect_quote(question, index)
    watched.screenshot(f"answer-{'zh' if question == EXAMPLES[1] else 'en'}")
    watched.assert_nothing_left()


def test_source_opens_in_a_tab_of_its_own_at_the_quote(open_page: Callable[..., Watched]) -> None:
    watched = open_page()
    watched.ask(EXAMPLES[0])
    with watched.page.context.expect_page() as opened:
        watched.page.get_by_role("link", name="Open in a new tab").click()
    expect(opened.value.locator("mark#quote")).to_be_in_viewport()
    watched.assert_nothing_left()


def test_example_and_citation_by_keyboard_alone(open_page: Callable[..., Watched]) -> None:
    watched = open_page()
    watched.page.get_by_role("button", name=EXAMPLES[3]).press("Enter")
    mark = watched.page.locator("section.turn a.mark").first
    expect(mark).to_be_visible(timeout=20_000)
    watched.page.get_by_role("button", name="All documents").press("Enter")
    expect(watched.page.locator("#source-frame")).to_be_hidden()
    mark.press("Enter")
    watched.expect_quote(EXAMPLES[3], 0)
    watched.assert_nothing_left()


def test_blank_question_gets_a_friendly_line(open_page: Callable[..., Watched]) -> None:
    watched = open_page()
    watched.page.get_by_role("textbox", name="Question").fill("   ")
    watched.page.get_by_role("button", name="Ask", exact=True).click()
    expect(watched.page.get_by_role("alert")).to_have_text("The question is empty; ask something.")
    watched.assert_nothing_left()


def test_source_is_a_sheet_on_a_phone(open_page: Callable[..., Watched]) -> None:
    watched = open_page("mobile")
    watched.ask(EXAMPLES[2])
    card = watched.page.locator("section.turn .card").first
    expect(watched.page.locator("#source-frame")).to_be_hidden()
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    card.click()
    watched.expect_quote(EXAMPLES[2], 0)
    watched.screenshot("mobile-source")
    watched.page.keyboard.press("Escape")
    expect(watched.page.locator("#source-frame")).to_be_hidden()
    expect(card).to_be_focused()
    watched.assert_nothing_left()


@pytest.mark.parametrize("window", list(WINDOWS))
def test_filter_opens_restricts_and_says_what_is_wrong(open_page: Callable[..., Watched], window: str) -> None:
    watched = open_page(window)
    languages = watched.page.get_by_role("textbox", name="Languages")
    expect(languages).to_be_hidden()
    watched.page.get_by_role("button", name="Filter").click()
    languages.fill("english")
    watched.page.get_by_role("textbox", name="Question").fill(EXAMPLES[0])
    watched.page.keyboard.press("Enter")
    expect(watched.page.get_by_role("alert")).to_contain_text("Languages: is not a BCP 47 language tag")
    languages.fill("en")
    watched.page.get_by_role("textbox", name="Source").fill("china daily")
    watched.page.get_by_role("textbox", name="From").fill("2025")
    watched.page.get_by_label("Include documents without a date").check()
    watched.ask(EXAMPLES[0])
    turn = watched.page.locator("section.turn")
    expect(turn).to_contain_text("Only: English · china daily · from 2025 · also undated")
    facts = turn.locator(".card .facts").all_inner_texts()
    assert facts
    assert all("China Daily" in each for each in facts)
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    watched.screenshot(f"{window}-filter")
    watched.assert_nothing_left()


@pytest.mark.parametrize("window", list(WINDOWS))
def test_an_answer_is_downloaded_in_every_format(open_page: Callable[..., Watched], window: str) -> None:
    watched = open_page(window)
    watched.ask(EXAMPLES[0])
    links = watched.page.locator("section.turn .download")
    assert links.all_inner_texts() == [each.label for each in FORMATS.values()]
    for link, wanted in zip(links.all(), FORMATS.values(), strict=True):
        with watched.page.expect_download() as waiting:
            link.click()
        name, content = waiting.value.suggested_filename, waiting.value.path().read_text(encoding="utf-8")
        assert name.endswith(wanted.suffix)
        assert content.strip()
    assert watched.page.request.post("/records/check", data=json.loads(content)).json()["stands"]  # the last of them
    expect(watched.page.locator("section.turn")).to_have_count(1)
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    watched.screenshot(f"{window}-downloads")


@pytest.mark.parametrize("window", list(WINDOWS))
def test_pasted_quote_shows_where_it_stands_and_what_differs(open_page: Callable[..., Watched], window: str) -> None:
    watched = open_page(window)
    box = watched.page.get_by_role("textbox", name="Quote")
    expect(box).to_be_hidden()
    watched.page.get_by_role("button", name="Check a quote").click()
    box.fill("There are over 12 thousand Kazakhstan students in China")
    watched.page.get_by_role("button", name="Check", exact=True).click()
    turn = watched.page.locator("section.turn")
    expect(turn.locator("del")).to_have_text("12")
    expect(turn.locator("ins")).to_have_text("11")
    card = turn.locator("a.source")
    card.click()
    expect(watched.source.locator("mark#quote")).to_have_text("There are over 11 thousand Kazakhstan students in China")
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    watched.screenshot(f"{window}-quote-check")
    if window == "mobile":
        watched.page.keyboard.press("Escape")
        watched.screenshot(f"{window}-quote-check-diff")
    box.fill(" ")
    watched.page.get_by_role("button", name="Check", exact=True).click()
    expect(watched.page.get_by_role("alert")).to_have_text("Quote: is empty; paste a sentence.")
    watched.assert_nothing_left()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", list(WINDOWS))
def test_pages_for_the_eye(open_page: Callable[..., Watched], window: str, scheme: str) -> None:
    """Asserts little: the screenshots are to be looked at."""
    watched = open_page(window, scheme)
    watched.screenshot(f"{window}-{scheme}-start")
    watched.ask(EXAMPLES[0])
    watched.ask(EXAMPLES[1])
    expect(watched.page.locator("section.turn .question").last).to_be_in_viewport()
    watched.screenshot(f"{window}-{scheme}-answer")
    watched.assert_nothing_left()


def test_hostile_document_shows_as_text_and_fetches_nothing(open_page: Callable[..., Watched]) -> None:
    watched = open_page()
    file = {"name": "zebra.txt", "mimeType": "text/plain", "buffer": HOSTILE.encode()}
    metadata = json.dumps({"title": f"Zebra ![t](http://{ELSEWHERE}/t.png) <b>x</b>"})
    assert watched.page.request.post("/documents", multipart={"file": file, "metadata": metadata}).ok
    watched.page.reload()
    question = "What does the zebra keeper keep in the zebra house?"
    watched.ask(question)
    thread = watched.page.locator("#thread")
    expect(thread).to_contain_text(f"![zebra](http://{ELSEWHERE}/a.png) and <img src=http://{ELSEWHERE}/b.png")
    expect(thread).to_contain_text(f"Zebra ![t](http://{ELSEWHERE}/t.png) <b>x</b>")
    watched.expect_quote(question, 0)
    assert watched.source.locator("#text").evaluate("text => text.textContent") == HOSTILE
    for place in (thread, watched.source.locator("body"), watched.page.locator("#documents")):
        expect(place.locator("img, script, style, b, .katex, [onerror]")).to_have_count(0)
        links = place.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert all(link.startswith(("./source/", "./exports/", "./documents/")) for link in links)
    watched.screenshot("hostile")
    watched.assert_nothing_left()
