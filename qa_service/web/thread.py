"""Questions and answers as HTML for a Markdown component that sanitizes it: no line breaks, so no Markdown inside.

The sanitizer keeps neither aria-* nor data-* attributes: what is only for screen readers stands in hidden text.
"""

from collections import Counter
from collections.abc import Sequence

from qa_service.answering.export.formats import FORMATS
from qa_service.answering.export.text import place_in_document
from qa_service.answering.extractive import differences, heading, quoted_line
from qa_service.answering.messages import messages_in
from qa_service.errors import BadInput
from qa_service.records import NO_FILTERS, Answer, Citation, Filters, Hit, Metadata, Place, Span
from qa_service.web.markup import escape, language_name, provenance, readable_date, source_url

_EXCERPT = 220
_LABELS = {"languages": "Languages", "sources": "Source", "date_from": "From", "date_to": "To", "quote": "Quote"}


def render_thread(turns: Sequence[str]) -> str:
    return f'<div class="turns">{"".join(turns)}</div>' if turns else ""


def render_turn(answer: Answer, filters: Filters = NO_FILTERS) -> str:
    """The question with its answer and the list of its citations, or the nearest passages when there is none.

    The filters are shown: folded away, they would make documents seem to hold nothing. So is what was searched where
    that is more than the question.
    """
    body = _render_answer(answer) if answer.answerable else _render_not_answerable(answer)
    shown = _render_filters(filters) + _render_searched(answer) + body + _render_downloads(answer)
    return render_question(answer.question, shown)


def render_pending(question: str) -> str:
    return render_question(question, '<p class="note pending" lang="en">Searching the documents…</p>')


def render_failure(question: str, message: str) -> str:
    """A turn that something other than the question made fail."""
    return render_question(question, f'<p class="note" lang="en">{escape(message)}</p>')


def render_bad_input(error: BadInput) -> str:
    """The error as one line to a person: its field is the question they typed, or a box of the filter."""
    field, _, problem = str(error).partition(": ")
    line = (
        f"The question {problem}." if field == "question" else f"{_LABELS.get(field.split('.')[0], field)}: {problem}."
    )
    return f'<p class="problem" role="alert">{escape(line)}</p>'


def render_question(question: str, body: str) -> str:
    return f'<section class="turn"><h2 class="question" dir="auto">{escape(question)}</h2>{body}</section>'


def _render_filters(filters: Filters) -> str:
    if not filters:
        return ""
    dated = [(word, date) for word, date in (("from", filters.date_from), ("to", filters.date_to)) if date]
    parts = [", ".join(map(language_name, filters.languages)), ", ".join(filters.sources)]
    parts += [f"{word} {readable_date(date)}" for word, date in dated]
    parts += ["also undated"] if dated and filters.include_undated else []
    shown = " · ".join(part for part in parts if part)
    return f'<p class="note filtered" lang="en">Only: {escape(shown)}</p>'


def _render_searched(answer: Answer) -> str:
    if answer.search_query == " ".join(answer.question.split()):
        return ""
    query = f'<span dir="auto" lang="{escape(answer.language)}">{escape(answer.search_query)}</span>'
    return f'<p class="note searched" lang="en">Searched for: {query}</p>'


def _render_answer(answer: Answer) -> str:
    lines = "".join(map(_render_line, answer.citations))
    cited = Counter(each.hit.passage.document_id for each in answer.citations)
    cards = "".join(
        f"<li>{_render_citation(each, cited[each.hit.passage.document_id] > 1)}{_render_same(each.hit)}</li>"
        for each in answer.citations
    )
    language = messages_in(answer.language)
    head = f'<p class="note" lang="{language.language}">{escape(heading(answer.citations, language))}</p>'
    said = "".join(f"<li>{escape(each)}</li>" for each in differences(answer.citations))
    differ = f'<p class="note" lang="{language.language}">{language.differ}</p><ul>{said}</ul>' if said else ""
    answered = f'{head}<div class="answer">{lines}</div>{differ}'
    return f'{answered}<h3 class="label" lang="en">Sources</h3><ol class="cards">{cards}</ol>'


def _render_line(citation: Citation) -> str:
    """A quote and its mark. It is drawn from the citation: "[2]" in the text may be the document's own words."""
    language = escape(citation.hit.passage.language)
    words = f'<span dir="auto" lang="{language}">{escape(quoted_line(citation))}</span>'
    return f"<p>{words}&nbsp;{_render_mark(citation)}</p>"


def _render_downloads(answer: Answer) -> str:
    links = "".join(
        f'<li><a class="download" href="{escape(f"./exports/{answer.id}/{name}")}">{escape(each.label)}</a></li>'
        for name, each in FORMATS.items()
    )
    return f'<div class="downloads" lang="en"><h3 class="label">Download</h3><ul>{links}</ul></div>'


def _render_mark(citation: Citation) -> str:
    title = escape(citation.hit.metadata.title)
    return (
        f'<a class="source mark" href="{escape(_citation_url(citation))}" title="{title}">'
        f'<span class="unseen" lang="en">Show source </span>[{citation.index}]</a>'
    )


def _render_not_answerable(answer: Answer) -> str:
    messages = messages_in(answer.language)
    said = f'<p class="note verdict" lang="{messages.language}">{messages.not_answerable}</p>'
    if not answer.related:
        return said
    cards = "".join(f"<li>{_render_related(hit)}{_render_same(hit)}</li>" for hit in answer.related)
    return f'{said}<h3 class="label" lang="{messages.language}">{messages.related}</h3><ul class="cards">{cards}</ul>'


def _render_citation(citation: Citation, with_quote: bool) -> str:
    """`with_quote` tells apart the citations of one document by how they begin."""
    excerpt = _render_excerpt(citation.quote, citation.hit.passage.language, "excerpt one-line") if with_quote else ""
    where = _render_where(citation.hit, citation.quote_span)
    return _render_card(_citation_url(citation), str(citation.index), citation.hit.metadata, where + excerpt)


def _render_related(hit: Hit) -> str:
    excerpt = _render_excerpt(hit.text, hit.passage.language, "excerpt")
    where = _render_where(hit, hit.passage.span)
    return _render_card(source_url(hit.passage.document_id, hit.passage.span), "", hit.metadata, where + excerpt)


def _render_where(hit: Hit, span: Span) -> str:
    """The section, who speaks in it, and the page."""
    section, page = place_in_document(hit.section(span), hit.speaker(span)), hit.page(span)
    named = f'<span dir="auto" lang="{escape(hit.passage.language)}">{escape(section)}</span>' if section else ""
    paged = f'<span lang="en">p.&nbsp;{page}</span>' if page is not None else ""
    return f'<span class="facts">{named}{paged}</span>' if named or paged else ""


def _render_same(hit: Hit) -> str:
    """Where else the passage stands, and what tells the same in another language."""
    parts = [("Also in", hit.copies), ("Same number, date or name in", hit.corroborating)]
    return "".join(
        f'<p class="note same" lang="en">{words} {", ".join(map(_render_place, places))}</p>'
        for words, places in parts
        if places
    )


def _render_place(place: Place) -> str:
    url = escape(source_url(place.document_id, place.span))
    title = f'<span dir="auto" lang="{escape(place.language)}">{escape(place.title)}</span>'
    return f'<a class="source" href="{url}">{title} ({escape(language_name(place.language))})</a>'


def _render_excerpt(text: str, language: str, classes: str) -> str:
    words = " ".join(text.split())
    shortened = words if len(words) <= _EXCERPT else f"{words[:_EXCERPT].rstrip()}…"
    return f'<span class="{classes}" dir="auto" lang="{escape(language)}">{escape(shortened)}</span>'


def _render_card(url: str, number: str, metadata: Metadata, excerpt: str) -> str:
    shown_number = f'<span class="number">[{number}]</span>' if number else ""
    return (
        f'<a class="source card" href="{escape(url)}">{shown_number}<span class="about">'
        f'<span class="title" dir="auto" lang="{escape(metadata.language)}">{escape(metadata.title)}</span>'
        f'<span class="facts">{provenance(metadata)}</span>{excerpt}</span></a>'
    )


def _citation_url(citation: Citation) -> str:
    return source_url(citation.hit.passage.document_id, citation.quote_span)
