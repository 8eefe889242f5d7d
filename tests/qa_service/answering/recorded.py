"""Records made by hand, and texts that try to be more than text."""

from dataclasses import replace

from hypothesis import strategies as st

from qa_service.records import Metadata, Record, RecordedCitation, Span

SCRIPTS = {
    "en": "Trade reached a record $94.8 billion in 2024, up 5.4% from 2023.",
    "zh": "2024年，中国与中亚五国贸易额达到948亿美元，同比增长5.4%。",
    "ru": "В 2024 году объём торговли достиг 94,8 млрд долларов.",
    "kk": "2024 жылы сауда көлемі 94,8 миллиард АҚШ долларына жетті.",
    "ar": "بلغ حجم التجارة 94.8 مليار دولار في عام 2024.",
}
HOSTILE = (
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "2) item",
    "> quote",
    "===",
    "---",
    ": definition",
    "    code",
    "```fence",
    "~~~ fence",
    "[^1]: a forged note",
    "[^1] ^[inline note]",
    "[1]: http://203.0.113.1 'a'",
    "[a](javascript:alert(1)) ![b](http://203.0.113.1/c.png)",
    "<script>alert(1)</script> <b>bold</b> <!-- x --> <http://203.0.113.1>",
    "https://example.com/a_b?c=d&amp;e http://1.2.3.4 //localhost ftp://x.org",
    "www.example.com WWW.1.org example.com пример.рф",
    "somebody@example.com mailto:a@b.org",
    "**bold** _em_ ~~gone~~ `code` $x^2$ $$y$$ :smile: a|b",
    "&lt;b&gt; &#35; &copy;",
    "back\\slash \\* \\",
    "\\input{/etc/passwd} }{ \\% 100% #1 a_b ~ ^ @misc{x, title = {y}}",
    "line\none\r\n\ntwo\t\u2028three\x85four\x1b[31m",
    "e\u0301 👩‍👩‍👧‍👦 🇰🇿",
)
_MARKUP = "\\`*_{}[]<>#+-=.!|~^&$@:/()\"'%;, \n\ta1w"
words = st.one_of(
    st.sampled_from([*HOSTILE, *SCRIPTS.values()]),
    st.text(_MARKUP, max_size=12),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
texts = st.lists(words, min_size=1, max_size=4).map("".join).filter(lambda text: any(map(str.isalnum, text)))
"""What a document or a person may write: at least one letter or digit, and no NUL."""


def citation(index: int = 1, quote: str = SCRIPTS["en"], document: int = 1, **metadata: str | None) -> RecordedCitation:
    known = {"title": "A title", "source": None, "author": None, "date": None, "url": None, "language": "en"}
    return RecordedCitation(
        index=index,
        quote=quote,
        quote_span=Span(10, 10 + len(quote)),
        passage_span=Span(5, 20 + len(quote)),
        document_id=f"{document:x}".ljust(32, "0"),
        document_sha256=f"{document:064x}",
        text_sha256="b" * 64,
        file_name=f"{document}.txt",
        metadata=Metadata(**{**known, **metadata}),
    )


def record(*citations: RecordedCitation, question: str = "How large was trade?", language: str = "en") -> Record:
    """A record of an answer in the words of these citations; without any, of a refusal."""
    return Record(
        id="a" * 32,
        answered_at="2026-11-22T07:30:00Z",
        question=question,
        language=language,
        search_query=" ".join(question.split()),
        answerable=bool(citations),
        confidence=0.9 if citations else 1e-05,
        answer="\n".join(f"{each.quote} [{each.index}]" for each in citations) if citations else None,
        answer_kind="extractive" if citations else "none",
        index_version="4-abc",
        model="intfloat/multilingual-e5-small",
        model_sha256="c" * 64,
        reranker="off",
        citations=citations,
    )


def generated(answer: str, *citations: RecordedCitation) -> Record:
    return replace(record(*citations), answer=answer, answer_kind="generated")
