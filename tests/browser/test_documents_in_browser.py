"""The panel of documents in Chromium: files are taken in and followed, receipts are read, documents deleted."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watched import WINDOWS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.model]

OBSERVATORY = "The observatory of Assy-Turgen stands 2,750 metres above the sea. Its telescope was built in 1989.\n"
MUSEUM = "Home / News\nShare\nМузей верблюдов открылся в Шымкенте 14 июня 2025 года. В нём выставлено 312 сёдел.\n"


def files_of(*texts: tuple[str, str]) -> list[dict[str, object]]:
    return [{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name, text in texts]


def open_documents(watched: Watched, window: str) -> None:
    if window == "mobile":
        watched.page.get_by_role("button", name="Documents").click()


@pytest.mark.parametrize("window", list(WINDOWS))
def test_files_come_in_are_asked_about_and_go(open_page: Callable[..., Watched], window: str) -> None:
    watched = open_page(window)
    page, question = watched.page, f"How high does the observatory of Assy-Turgen stand? ({window})"
    texts = [(f"observatory-{window}.txt", OBSERVATORY + window), (f"музей-{window}.txt", MUSEUM + window)]
    open_documents(watched, window)
    page.get_by_label("Choose files to add").set_input_files(files_of(*texts, ("empty.txt", "")))
    uploads = page.locator("#uploads > li")
    expect(uploads.nth(2)).to_contain_text("Not taken in: the file is empty", timeout=20_000)
    for number, (name, _) in enumerate(texts):
        expect(uploads.nth(number)).to_contain_text(name)
        expect(uploads.nth(number)).to_contain_text("Added")
    expect(page.locator("#upload-status")).to_contain_text("empty.txt: 0 documents taken in")
    uploads.nth(1).locator("summary").click()
    receipt = uploads.nth(1).locator(".receipt")
    for words in ("Encoding", "utf-8", "Russian", "Passages", "Kept out of search", "Home / News"):
        expect(receipt).to_contain_text(words)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    watched.screenshot(f"{window}-documents-receipt")
    entry = page.locator("#library > li", has_text=texts[0][0])
    expect(entry).to_have_count(1)
    entry.get_by_role("button", name="Receipt").click()
    expect(entry.locator(".receipt")).to_contain_text("Characters")
    with page.expect_download() as waiting:
        entry.get_by_role("link", name="Original").click()
    assert waiting.value.path().read_bytes() == texts[0][1].encode()
    page.keyboard.press("Escape")  # on a phone the sheet closes
    watched.ask(question)
    expect(page.locator("section.turn").last).to_contain_text("2,750 metres above the sea")
    open_documents(watched, window)
    if window == "desktop":
        page.get_by_role("button", name="All documents").click()
    entry.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete “")
    watched.screenshot(f"{window}-documents-delete")
    dialog.get_by_role("button", name="Cancel").click()
    expect(entry).to_have_count(1)
    entry.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(entry).to_have_count(0)
    expect(dialog).to_be_hidden()
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Question").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("section.turn")).to_have_count(2)
    expect(page.locator("section.turn").last.locator("a.source").first).to_be_visible(timeout=20_000)
    expect(page.locator("section.turn").last).not_to_contain_text("2,750")
    watched.screenshot(f"{window}-documents-gone")
    assert_source_is_gone(page, "2,750")
    # the answers to the empty file and to the source of what was deleted
    watched.complaints[:] = [each for each in watched.complaints if "422" not in each and "404" not in each]
    watched.assert_nothing_left()


def assert_source_is_gone(page: Page, text: str) -> None:
    page.locator("section.turn").first.locator("a.source").first.focus()
    page.keyboard.press("Enter")
    shown = page.frame_locator("#source-frame").locator("body")
    expect(shown).to_contain_text("no document")
    expect(shown).not_to_contain_text(text)


def test_a_large_file_is_followed_as_a_job_also_by_another_page(open_page: Callable[..., Watched]) -> None:
    lines = (f"Caravan {number} left Otrar with silk and tea.\n" for number in range(2_000))  # seconds of encoding
    watched, text = open_page(), "".join(lines)
    watched.page.get_by_label("Choose files to add").set_input_files(
        files_of(("caravans.txt", text + "\n" * 1_000_000))
    )
    upload = watched.page.locator("#uploads > li")
    expect(upload).to_contain_text("Reading and indexing", timeout=20_000)
    other = open_page()
    expect(other.page.locator("#uploads > li")).to_contain_text("1 file")
    watched.screenshot("desktop-documents-job")
    expect(upload).to_contain_text("Added", timeout=120_000)
    expect(other.page.locator("#uploads > li")).to_contain_text("caravans.txt", timeout=20_000)
    expect(watched.page.locator("#library > li", has_text="caravans.txt")).to_have_count(1)
    watched.assert_nothing_left()


def test_a_hostile_name_is_shown_as_text(open_page: Callable[..., Watched]) -> None:
    watched, name = open_page("mobile"), "<img src=x onerror=alert(1)>\u202e🦓.txt"
    open_documents(watched, "mobile")
    watched.page.get_by_label("Choose files to add").set_input_files(files_of((name, "A hostile name, a quiet text.")))
    expect(watched.page.locator("#uploads > li")).to_contain_text("<img src=x onerror=alert(1)>🦓.txt", timeout=20_000)
    expect(watched.page.locator("#library > li").last).to_contain_text("<img src=x onerror=alert(1)>🦓.txt")
    expect(watched.page.locator("#documents img")).to_have_count(0)
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    watched.assert_nothing_left()


def test_a_dropped_file_is_taken_in(open_page: Callable[..., Watched]) -> None:
    watched = open_page()
    content = json.dumps("A dropped text about tulips.")
    watched.page.evaluate(
        f"""() => {{
            const transfer = new DataTransfer();
            transfer.items.add(new File([{content}], "dropped.txt", {{ type: "text/plain" }}));
            const event = new DragEvent("drop", {{ dataTransfer: transfer, bubbles: true, cancelable: true }});
            document.querySelector("#documents .drop").dispatchEvent(event);
        }}"""
    )
    expect(watched.page.locator("#uploads > li")).to_contain_text("dropped.txt", timeout=20_000)
    expect(watched.page.locator("#uploads > li")).to_contain_text("Added", timeout=20_000)
    watched.assert_nothing_left()


def test_letters_stand_in_the_order_they_are_written_in(open_page: Callable[..., Watched]) -> None:
    watched = open_page("desktop")
    page = watched.page
    text = "The \u202eevil\u202c gate\n\nThe \u202eevil\u202c gate of Otrar was closed by the guild of dyers.\n"
    page.get_by_label("Choose files to add").set_input_files(files_of(("gate.txt", text)))
    entry = page.locator("#library > li", has_text="gate.txt")
    expect(entry.locator(".title")).to_have_text("The evil gate")
    with page.expect_response("**/source/**"):
        entry.locator("a.source").click()
    frame = page.frame_locator("#source-frame")
    expect(frame.get_by_role("heading")).to_have_text("The evil gate")
    drawn = """main => {
      const letter = (node, at) => {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect().left;
      };
      const words = [...main.childNodes].find((node) => node.textContent.startsWith("evil"));
      return [0, 1, 2, 3].map((at) => letter(words, at));
    }"""
    places = frame.locator("#text").evaluate(drawn)
    assert places == sorted(places)
