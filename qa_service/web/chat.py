"""The chat: questions on the left, the document with the quote highlighted on the right. The only home of gradio.

gr.HTML compiles its templates with eval, which the content security policy forbids, so that everything is drawn by
gr.Markdown: the parts made of documents sanitized and escaped, the fixed parts as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI

from qa_service.errors import BadInput, QAError
from qa_service.records import Answer, Filters, Turn
from qa_service.service import Service, check_question
from qa_service.web.quote_turn import render_verification
from qa_service.web.requests import read_filters
from qa_service.web.thread import (
    render_bad_input,
    render_failure,
    render_pending,
    render_thread,
    render_turn,
)

EXAMPLES = (
    "Where will the second China–Central Asia Summit be held?",
    "中国石油在中亚创造了多少就业岗位？",
    "Сколько китайских туристов ожидали в Астане на ЭКСПО-2017?",
    "2024 жылы Қытай мен Орталық Азия арасындағы сауда көлемі қанша болды?",
)
_FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "PingFang SC"]
_FONT += ["Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans Arabic", "sans-serif"]
MAX_TURNS = 20
_CONCURRENT_QUESTIONS = 8
_FORGET_AFTER = 3_600
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

_HERE = Path(__file__).parent
_HEAD = (
    '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    + "".join(f"<style>{(_HERE / name).read_text(encoding='utf-8')}</style>" for name in ("chat.css", "documents.css"))
    + "".join(f"<script>{(_HERE / name).read_text(encoding='utf-8')}</script>" for name in ("chat.js", "documents.js"))
)
_MASTHEAD = (
    '<header class="masthead"><div><h1>Ask the documents</h1>'
    "<p>Answers in the documents’ own words, each quote traced to its place.</p></div>"
    '<nav><button type="button" class="plain" id="show-documents">Documents</button>'
    '<a class="plain" href="./docs" target="_blank">API</a></nav></header>'
)
_WELCOME = (
    '<div class="welcome"><p>Ask in any language. The answer is quoted word for word from the documents, whatever '
    "language they are written in.</p></div>"
)
_SOURCE_HEAD = (
    '<div class="source-head"><button type="button" class="plain" id="sheet-close">Back</button>'
    '<p id="source-title" aria-live="polite"></p>'
    '<button type="button" class="plain" id="source-documents">All documents</button>'
    '<a class="plain" id="source-tab" href="./" target="_blank" rel="noopener">Open in a new tab</a></div>'
)
_SOURCE_FRAME = (
    '<iframe id="source-frame" title="Source" sandbox="allow-same-origin" referrerpolicy="no-referrer"></iframe>'
)

# filled by documents.js
_DOCUMENTS = (
    '<div class="heading"><h2 class="label">Add documents</h2>'
    '<button type="button" class="plain" id="uploads-clear" hidden>Clear</button></div>'
    '<label class="drop"><input type="file" id="files" class="unseen" multiple aria-label="Choose files to add">'
    "<strong>Choose files</strong> or drop them here</label>"
    '<ul id="uploads" aria-label="Uploads"></ul>'
    '<p class="unseen" id="upload-status" role="status" aria-live="polite"></p>'
    '<h2 class="label library-head">Documents</h2>'
    '<p class="note" id="library-empty" hidden>No documents yet.</p>'
    '<ul class="cards" id="library" aria-label="Documents"></ul>'
    '<button type="button" class="plain" id="library-more" hidden>Show more</button>'
    '<dialog id="confirm-delete" aria-labelledby="confirm-title"><h2 id="confirm-title" dir="auto"></h2>'
    "<p>Its text, its passages and its original file are removed for good. No answer will quote it any more.</p>"
    '<p id="confirm-problem" role="alert"></p>'
    '<div><button type="button" id="confirm-no">Cancel</button>'
    '<button type="button" id="confirm-yes">Delete</button></div></dialog>'
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn as it is drawn, and what was said in it, which completes the questions that follow."""

    html: str
    said: tuple[Turn, ...]


Turns = tuple[Shown, ...]
Typed = str | bool | None
"""What stands in a box or beside a tick; None in a box that nobody touched."""
Update = tuple[Any, str, Any, Turns]
"""For the question box, the notice above it, the thread and the state of the session."""


def answer_question(service: Service, question: str | None, turns: Turns, *typed: Typed) -> Iterator[Update]:
    """First that the search is under way, then the answer. A question that cannot be asked stays in its box.

    `typed` is what stands in the filter, in its order, or nothing.
    """
    asked = question or ""
    try:
        check_question(asked)
        filters = _read_typed(*typed)
    except BadInput as error:
        yield gr.update(), render_bad_input(error), gr.update(), turns
        return
    drawn = [turn.html for turn in turns]
    yield "", "", render_thread([*drawn, render_pending(asked)]), turns
    try:
        answer = service.ask(asked, filters=filters, history=[each for turn in turns for each in turn.said])
        service.keep(answer)
        turn = Shown(render_turn(answer, filters), _said(answer))
    except QAError as error:
        turn = Shown(render_failure(asked, str(error)), (Turn("user", asked),))
    turns = (*turns, turn)[-MAX_TURNS:]
    # the box holds what was typed since
    yield gr.update(), "", render_thread([turn.html for turn in turns]), turns


def _said(answer: Answer) -> tuple[Turn, ...]:
    asked = Turn("user", answer.question)
    return (asked, Turn("assistant", answer.text)) if answer.text is not None else (asked,)


def check_pasted(service: Service, quote: str | None, turns: Turns) -> Update:
    """A quote that cannot be checked stays in its box."""
    pasted = quote or ""
    try:
        turn = Shown(render_verification(service.verify(pasted)), ())
    except BadInput as error:
        return gr.update(), render_bad_input(error), gr.update(), turns
    except QAError as error:
        turn = Shown(render_failure(pasted, str(error)), ())
    turns = (*turns, turn)[-MAX_TURNS:]
    return "", "", render_thread([each.html for each in turns]), turns


def _read_typed(
    languages: Typed = None, source: Typed = None, first: Typed = None, last: Typed = None, undated: Typed = False
) -> Filters:
    """Languages stand between commas or blanks; a source may hold both. Raises BadInput."""
    tags, named, date_from, date_to = (str(each or "").strip() for each in (languages, source, first, last))
    given = {
        "languages": tags.replace(",", " ").split(),
        "sources": [named] if named else [],
        "date_from": date_from or None,
        "date_to": date_to or None,
        "include_undated": bool(undated),
    }
    return read_filters(given)


def build_chat(service: Service) -> gr.Blocks:
    blocks: gr.Blocks
    with gr.Blocks(title="Ask the documents", analytics_enabled=False, fill_width=True, fill_height=True) as blocks:
        turns = gr.State((), time_to_live=_FORGET_AFTER)
        with gr.Row(elem_id="workspace"):
            with gr.Column(elem_id="conversation"):
                _draw_fixed(_MASTHEAD, "masthead")
                thread = gr.Markdown(elem_id="thread", latex_delimiters=[])
                _draw_fixed(_WELCOME, "welcome")
                with gr.Row(elem_id="examples"):
                    examples = [gr.Button(example, size="sm") for example in EXAMPLES]
                notice = gr.Markdown(elem_id="notice", latex_delimiters=[])
                quote, check = _draw_quote_check()
                filters = _draw_filters()
                box, button = _draw_composer()
            with gr.Column(elem_id="source"):
                _draw_fixed(_SOURCE_HEAD + _SOURCE_FRAME, "source-view")
                _draw_fixed(f"<div>{_DOCUMENTS}</div>", "documents")
        for trigger, given in [(button.click, box), (box.submit, box), *((each.click, each) for each in examples)]:
            trigger(
                partial(answer_question, service),
                inputs=[given, turns, *filters],
                outputs=[box, notice, thread, turns],
                concurrency_limit=_CONCURRENT_QUESTIONS,
                concurrency_id="ask",
                **_QUIET,
            )
        for trigger in (check.click, quote.submit):
            trigger(
                partial(check_pasted, service),
                inputs=[quote, turns],
                outputs=[quote, notice, thread, turns],
                concurrency_limit=_CONCURRENT_QUESTIONS,
                concurrency_id="ask",
                **_QUIET,
            )
    return blocks


def _draw_filters() -> list[gr.Textbox | gr.Checkbox]:
    """In the order in which they are read."""
    boxes = [
        ("Languages", "en, zh-Hant", "filter-languages"),
        ("Source", "China Daily", "filter-source"),
        ("From", "2016-10-24", "filter-from"),
        ("To", "2025-06", "filter-to"),
    ]
    with gr.Accordion("Filter", open=False, elem_id="filter"), gr.Row(elem_id="filter-fields"):
        drawn = [
            gr.Textbox(label=label, placeholder=example, lines=1, max_lines=1, elem_id=elem_id, min_width=100)
            for label, example, elem_id in boxes
        ]
        undated = gr.Checkbox(label="Include documents without a date", elem_id="filter-undated", min_width=100)
    return [*drawn, undated]


def _draw_quote_check() -> tuple[gr.Textbox, gr.Button]:
    with gr.Accordion("Check a quote", open=False, elem_id="quote-check"), gr.Row(elem_id="quote-fields"):
        box = gr.Textbox(
            label="Quote",
            placeholder="Paste a sentence to see where it stands",
            lines=1,
            max_lines=6,
            container=False,
            elem_id="quoted",
        )
        button = gr.Button("Check", elem_id="check", scale=0, min_width=72)
    return box, button


def _draw_composer() -> tuple[gr.Textbox, gr.Button]:
    with gr.Row(elem_id="composer"):
        box = gr.Textbox(
            label="Question", placeholder="Ask a question", lines=1, max_lines=5, container=False, elem_id="question"
        )
        button = gr.Button("Ask", variant="primary", elem_id="ask", scale=0, min_width=72)
    return box, button


def _draw_fixed(markup: str, elem_id: str) -> None:
    """Markup of this module, without a word from outside; buttons and frames would not pass the sanitizer."""
    gr.Markdown(markup, sanitize_html=False, latex_delimiters=[], elem_id=elem_id)


def mount_chat(app: FastAPI, service: Service, blocked_paths: Sequence[Path] = ()) -> FastAPI:
    """Mounts the chat at /, after every other route. `blocked_paths`: what gradio's own file route never serves."""
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build_chat(service),
        path="/",
        theme=gr.themes.Base(font=_FONT, font_mono=["ui-monospace", "monospace"]),
        head=_HEAD,
        favicon_path=str(_HERE / "favicon.svg"),
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        blocked_paths=[str(path.resolve()) for path in blocked_paths],
        show_error=False,
        max_file_size=1,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
    )
    return mounted
