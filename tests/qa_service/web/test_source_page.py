"""The source page shows the text verbatim, whatever is marked in it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.errors import BadInput
from qa_service.records import Document, Metadata, Quarantined, Span
from qa_service.service import DocumentDetail
from qa_service.web.source_page import render_source

SCRIPTS = (
    "The quick brown fox. ",
    "Қазақстан мен Қытай арасындағы әріптестік өңірге үлгі. ",
    "中国同中亚国家的合作，不断走深走实。",
    "العربية نصٌّ مُشكَّل، من اليمين إلى اليسار. ",
    "👩‍👩‍👧‍👦🇰🇿👍🏽😀",
    "e\u0301a\u0308\u0323n\u0303 ",
    "<b>&amp;\"'</b></mark></main><script>alert(1)</script><!-- ]]>",
    "\n\r\n\r\t\u00a0\u2028\u200b",
    "\u202eevil\u202c \u2067gate\u2069",
)
texts = st.lists(st.one_of(*(st.text(script, max_size=12) for script in SCRIPTS), st.sampled_from(SCRIPTS))).map(
    "".join
)


class VisibleText(HTMLParser):
    """Collects the text of #text and of #quote; fails on tags that cross and on ids that repeat."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.quote, self.kept_out = "", "", ""
        self.tags: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append(tag)
        if name := attributes.get("id"):
            assert name not in self.ids
            self.ids.append(name)
        if tag not in ("meta", "br"):
            self.open.append((tag, attributes.get("id") or attributes.get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        within = {name for _, name in self.open}
        self.text += data if "text" in within else ""
        self.quote += data if "quote" in within else ""
        self.kept_out += data if "kept-out" in within else ""


def detail_of(text: str, quarantined: tuple[Quarantined, ...] = (), title: str = "A title") -> DocumentDetail:
    metadata = Metadata(title, "A source", "An author", "2025-06-14", None, "kk")
    return DocumentDetail(Document("d" * 32, "s" * 64, "a.txt", text, metadata, {}), (), quarantined)


def spans_in(text: str) -> st.SearchStrategy[Span]:
    edges = st.integers(0, len(text))
    return st.tuples(edges, edges).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Span(min(pair), max(pair)))


@given(st.data(), texts.filter(bool))
def test_text_without_tags_is_the_documents_text(data: st.DataObject, text: str) -> None:
    quote = data.draw(st.none() | spans_in(text))
    spans = data.draw(st.lists(spans_in(text), max_size=4))
    quarantined = tuple(Quarantined(span, "spam", 'a "reason" <i>') for span in spans)
    seen = VisibleText(render_source(detail_of(text, quarantined), quote))
    assert seen.text == text
    assert seen.quote == ("" if quote is None else text[quote.start : quote.end])
    kept_out = {place for span in spans for place in range(span.start, span.end)}
    assert seen.kept_out == "".join(text[place] for place in sorted(kept_out))
    assert not {"script", "a", "img", "b"} & set(seen.tags)


def test_page_is_self_contained_and_names_its_document() -> None:
    page = render_source(detail_of("text", title="<script>T</script>"), Span(1, 3))
    assert '<html lang="kk">' in page
    assert "14 June 2025" in page
    assert "Kazakh" in page
    assert not re.search(r"<script|<link|<img|\bsrc=|url\(|@import|https?:", page)


def test_reasons_can_be_read_without_a_pointer() -> None:
    spam = Quarantined(Span(0, 4), "spam", "search spam: 41 fragments")
    page = VisibleText(render_source(detail_of("spam text", (spam,)), None))
    assert "details" in page.tags
    assert page.kept_out == "spam"


@pytest.mark.parametrize("quote", [Span(0, 5), Span(4, 5), Span(90, 99)])
def test_quote_outside_of_the_text_is_refused(quote: Span) -> None:
    with pytest.raises(BadInput, match="end: the document has 4 characters"):
        render_source(detail_of("text"), quote)


def test_lone_carriage_return_breaks_the_line() -> None:
    assert "a&#13;<br>b&#13;\nc" in render_source(detail_of("a\rb\r\nc"), None)


def test_no_letters_are_shown_in_another_order_than_they_are_written_in() -> None:
    page = render_source(detail_of("The \u202eevil\u202c gate", title="An \u2067odd\u2069 \u202etitle"), Span(4, 9))
    assert '<h1 dir="auto">An odd title</h1>' in page
    assert '<mark id="quote"><span hidden>\u202e</span>evil</mark><span hidden>\u202c</span> gate' in page
