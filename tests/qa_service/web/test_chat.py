"""The chat's callables and its page, over the hashing encoder."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from embeddings.hashing import HashingEncoder
from qa_service.answering.messages import messages_in
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.errors import StoreError
from qa_service.ingest.language import detect_language
from qa_service.records import NO_FILTERS, Filters, RawFile, Span, Turn
from qa_service.service import Service
from qa_service.web.app import create_app
from qa_service.web.chat import EXAMPLES, MAX_TURNS, Shown, answer_question
from qa_service.web.markup import escape, language_name, readable_date, source_url

HOSTILE = (
    "The hostile sentence holds ![a](http://203.0.113.1/a.png) and <img src=http://203.0.113.1/b.png onerror=alert(1)> "
    "and [a link](javascript:alert(1)) and $$\\href{http://203.0.113.1}{x}$$ and https://203.0.113.1/plain here."
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_confidence=0)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = open_service(settings, HashingEncoder())
    yield service
    service.close()


@pytest.fixture
def filled(service: Service) -> Service:
    texts = {
        "trade.txt": ("Trade reached a record high of 94.8 billion dollars in 2024.", "Trade <b>grows</b>"),
        "jobs.txt": ("中国石油践行本土化战略，在中亚五国创造3万余个就业岗位。", "就业"),
    }
    for name, (text, title) in texts.items():
        service.add(RawFile(name, text.encode(), {"title": title, "source": "A & B", "date": "2025-06-14"}))
    return service


def last_update(service: Service, question: str | None, turns: tuple[Shown, ...] = ()) -> tuple:
    return list(answer_question(service, question, turns))[-1]


def seen(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_answer_shows_quotes_marks_and_citations(filled: Service) -> None:
    question = "How high was trade in 2024?"
    _, notice, thread, turns = last_update(filled, question)
    answer = filled.ask(question)
    assert notice == ""
    assert len(turns) == 1
    assert question in seen(thread)
    for citation in answer.citations:
        assert citation.quote in seen(thread)
        url = source_url(citation.hit.passage.document_id, citation.quote_span)
        assert unescape(thread).count(f'href="{url}"') == 2  # the mark and the card
        assert f"[{citation.index}]" in seen(thread)
    assert "A & B14 June 2025English" in seen(thread)


def test_no_letters_are_shown_in_another_order_than_they_are_written_in() -> None:
    assert escape("The \u202eevil\u202c \u2066gate\u2069") == "The evil gate"


def test_copies_and_what_corroborates_are_linked_below_their_citation(filled: Service) -> None:
    text = "Trade reached a record high of 94.8 billion dollars in 2024.\n"
    copied = filled.add(RawFile("copy.txt", text.encode(), {"title": "A <copy>", "language": "en"}))
    _, _, thread, _ = last_update(filled, "How high was trade in 2024?")
    assert "Also in A <copy> (English)" in seen(thread)
    assert unescape(thread).count(source_url(copied.document_id, Span(0, len(text.strip())))) == 1
    assert "Same number, date or name in" not in thread


def test_search_is_announced_before_the_answer(filled: Service) -> None:
    (box, _, pending, turns), (_, _, thread, _) = answer_question(filled, "trade?", ())
    assert (box, turns) == ("", ())
    assert "Searching" in pending
    assert "Searching" not in thread


@pytest.mark.parametrize(
    ("question", "line"),
    [
        (None, "The question is empty; ask something."),
        ("  \n", "The question is empty; ask something."),
        ("x" * 2_001, "The question has 2,001 characters; at most 2,000 are allowed."),
        ("a\0b", "The question holds a NUL or half a surrogate pair, which no text has."),
        ("a\ud800b", "The question holds a NUL or half a surrogate pair, which no text has."),
    ],
)
def test_bad_question_gets_one_friendly_line_and_stays_in_its_box(
    filled: Service, question: str | None, line: str
) -> None:
    (update,) = answer_question(filled, question, (Shown("<section>", ()),))
    box, notice, thread, turns = update
    assert seen(notice) == line
    assert "value" not in box
    assert "value" not in thread
    assert turns == (Shown("<section>", ()),)


@pytest.mark.parametrize(
    ("typed", "found", "shown"),
    [
        (("EN", "", "", "", False), "Trade", "Only: EN"),
        (("en, zh-Hant kk", "", "", "", False), "Trade", "Only: English, Chinese (traditional), Kazakh"),
        (("zh", " a  &  B ", "", "", False), "中国石油", "Only: Chinese · a  &  B"),
        (("zh", None, " 2025 ", "2025-06", True), "中国石油", "· from 2025 · to June 2025 · also undated"),
    ],
)
def test_filter_finds_only_what_it_lets_through_and_is_shown(
    filled: Service, typed: tuple, found: str, shown: str
) -> None:
    *_, (_, notice, thread, turns) = answer_question(filled, "trade 贸易 jobs 就业?", (), *typed)
    assert notice == ""
    assert len(turns) == 1
    assert shown in seen(thread)
    assert thread.count('class="source card"') == 1
    assert found in seen(thread)


def test_filter_that_lets_nothing_through_is_no_failure(filled: Service) -> None:
    *_, (_, _, thread, _) = answer_question(filled, "trade?", (), "fr", "<b>Nobody</b>", "", "", False)
    assert "don’t hold an answer" in seen(thread)
    assert "Only: French · <b>Nobody</b>" in seen(thread)


def test_untouched_filter_restricts_and_shows_nothing(filled: Service) -> None:
    def nameless(thread: str) -> str:
        return re.sub(r"(exports&#47;)[0-9a-f]{32}", r"\1", thread)  # every answer has an id of its own

    _, _, without, _ = last_update(filled, "trade?")
    for typed in ((None,) * 5, ("", " ", "", "", False), (" , ", "", "", "", True)):
        *_, (_, _, thread, _) = answer_question(filled, "trade?", (), *typed)
        assert nameless(thread) == nameless(without)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (("english", "", "", "", False), "Languages: is not a BCP 47 language tag; write it as in en, zh, zh-Hant"),
        (("en " * 101, "", "", "", False), "Languages: List should have at most 100"),
        (("", "a\0b", "", "", False), "Source: holds a NUL or half a surrogate pair"),
        (("", "x" * 2_001, "", "", False), "Source: is longer than 2,000 characters"),
        (("", "", "yesterday", "", False), "From: is not a date of the calendar; write YYYY, YYYY-MM or YYYY-MM-DD."),
        (("", "", "", "2025-02-30", False), "To: is not a date of the calendar; write YYYY, YYYY-MM or YYYY-MM-DD."),
        (("", "", "2026", "2025", True), "To: lies before the first date; swap the two."),
    ],
)
def test_wrong_filter_gets_one_friendly_line_and_the_question_stays(filled: Service, typed: tuple, line: str) -> None:
    ((box, notice, thread, turns),) = answer_question(filled, "trade?", (Shown("<section>", ()),), *typed)
    assert seen(notice).startswith(line)
    assert "value" not in box
    assert "value" not in thread
    assert turns == (Shown("<section>", ()),)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How deep is the lake in the mountains?", "These documents don’t hold an answer to this question."),
        ("这个湖泊在山里到底有多深呢？", "这些文档中没有这个问题的答案。"),
        ("Какова глубина озера в этих горах?", "В этих документах нет ответа на этот вопрос."),
        ("Таудағы бұл көлдің тереңдігі қандай және қайда?", "Бұл құжаттарда бұл сұраққа жауап жоқ."),
    ],
)
def test_not_answerable_is_said_in_the_questions_language(tmp_path: Path, question: str, said: str) -> None:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=1), HashingEncoder())
    service.add(RawFile("a.txt", b"Trade reached a record high in 2024.", {}))
    _, _, thread, _ = last_update(service, question)
    assert said in seen(thread)
    (related,) = service.ask(question).related
    assert f'href="{source_url(related.passage.document_id, related.passage.span)}"' in unescape(thread)
    assert "Trade reached a record high in 2024." in seen(thread)
    service.close()


def test_messages_are_in_eight_languages_and_english_otherwise() -> None:
    languages = ["en", "zh", "ru", "kk", "ky", "uz", "tg", "tk"]
    assert [messages_in(language).language for language in languages] == languages
    assert messages_in("zh-Hant").language == "zh"
    assert messages_in("fr") == messages_in("und") == messages_in("en")


def test_no_documents_is_not_a_failure(service: Service) -> None:
    _, _, thread, _ = last_update(service, "Is anything there?")
    assert "don’t hold an answer" in seen(thread)


def test_a_session_completes_its_follow_ups_and_says_what_was_searched(filled: Service) -> None:
    *_, turns = last_update(filled, "How high was trade in 2024?")
    assert [turn.role for turn in turns[0].said] == ["user", "assistant"]
    _, _, thread, turns = last_update(filled, "and in <2023>?", turns)
    assert len(turns) == 2
    assert "Searched for: How high was trade in and in <2023>?" in seen(thread)
    assert thread.count("Searched for") == 1
    assert "Searched for" not in seen(last_update(filled, "and in <2023>?")[2])


def test_oldest_turns_are_forgotten(filled: Service) -> None:
    turns = tuple(Shown(f"<section>{i}</section>", ()) for i in range(MAX_TURNS))
    *_, kept = last_update(filled, "trade?", turns)
    assert len(kept) == MAX_TURNS
    assert kept[:-1] == turns[1:]


def test_failure_of_the_store_is_one_line(filled: Service) -> None:
    class Failing(Service):
        def __init__(self) -> None:
            pass

        def ask(self, question: str, top_k: int = 5, filters: Filters = NO_FILTERS, history: Sequence[Turn] = ()):
            raise StoreError("the disk is full")

    _, _, thread, _ = last_update(Failing(), "trade?")
    assert "the disk is full" in seen(thread)


def test_text_of_a_document_is_never_markup(service: Service) -> None:
    service.add(RawFile("hostile.txt", HOSTILE.encode(), {"title": "<img src=x> ![t](http://203.0.113.1)"}))
    question = "hostile ![q](http://203.0.113.1) <script>alert(1)</script>\n\n# heading"
    _, _, thread, _ = last_update(service, question)
    assert "The hostile sentence holds ![a](http://203.0.113.1/a.png)" in seen(thread)
    assert set(re.findall(r"<(\w+)", thread)) <= {"div", "section", "h2", "h3", "p", "span", "a", "ol", "ul", "li"}
    assert "\n" not in thread  # a blank line would end the HTML and begin Markdown
    between_tags = re.sub(r"<[^>]*>", "", thread)
    assert not re.search(r"[!*_`$\\<>\[\]()]|://", re.sub(r"\[\d\]", "", between_tags))
    assert re.findall(r'href="([^"]*)"', thread)
    links = map(unescape, re.findall(r'href="([^"]*)"', thread))
    assert all(link.startswith(("./source/", "./exports/")) for link in links)


def test_escape_is_undone_by_unescape() -> None:
    text = "".join(map(chr, range(32, 0x300))) + "\n\t中文 😀 é"
    assert unescape(escape(text.replace("\x7f", ""))) == text.replace("\x7f", "")


def test_places_dates_and_languages_are_readable() -> None:
    assert source_url("ab", Span(1, 20)) == "./source/ab?start=1&end=20#quote"
    assert [readable_date(date) for date in ("2025-06-14", "2016-10", "2025", "today", "2025-13-01")] == [
        *("14 June 2025", "October 2016", "2025", "today", "2025-13-01")
    ]
    assert [language_name(language) for language in ("kk", "zh-Hans", "ru-RU", "xx")] == [
        *("Kazakh", "Chinese (simplified)", "Russian", "xx")
    ]


def test_examples_are_in_four_languages() -> None:
    assert [detect_language(example) for example in EXAMPLES] == ["en", "zh", "ru", "kk"]


@pytest.fixture
def client(filled: Service, settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(filled, settings), base_url="http://127.0.0.1") as client:
        yield client


def test_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/").text
    assert "Ask the documents" in page
    assert "fonts.g" not in page
    assert not re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', page)
    config = client.get("/config").json()
    assert config["footer_links"] == []
    assert not config["analytics_enabled"]
    kinds = {component["type"] for component in config["components"]}
    assert kinds <= {"markdown", "textbox", "button", "row", "column", "state", "form", "accordion", "checkbox"}


def test_server_asks_nobody(filled: Service, settings: Settings) -> None:
    asked: list[object] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:  # an audit hook cannot be taken away again
        if watching and event in ("socket.connect", "socket.getaddrinfo"):
            asked.append(arguments)

    sys.addaudithook(watch)
    with TestClient(create_app(filled, settings), base_url="http://127.0.0.1") as client:
        assert client.get("/").status_code == 200
        assert client.get("/config").status_code == 200
        time.sleep(0.5)  # gradio would ask for its newest version in a thread
    watching = False
    assert asked == []


def test_chat_opens_no_side_door(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/gradio_api/info").json()["named_endpoints"] == {}
    assert client.get("/monitoring").status_code in (403, 404)
    store = next((tmp_path / "data").glob("*.db*"), tmp_path / "data")
    for path in ("/etc/passwd", str(store), "pyproject.toml"):
        assert client.get(f"/gradio_api/file={path}").status_code in (403, 404)
    assert client.post("/gradio_api/upload", files={"files": ("a.txt", b"x")}).status_code == 403


def test_a_function_that_the_chat_has_not_is_the_callers_mistake(client: TestClient) -> None:
    body = {"data": [], "fn_index": 999, "session_hash": "x"}
    response = client.post("/gradio_api/queue/join", json=body)
    assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")
