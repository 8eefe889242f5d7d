"""A saved web page: all that is seen, what of it is furniture, what the page says of itself."""

import pytest

from qa_service.errors import BadFile
from qa_service.records import Extracted
from tests.qa_service.ingest.extract.made_files import extracted

PAGE = """<!DOCTYPE html><!-- saved from url=(0020)https://old.example/x -->
<html lang="zh-TW"><head><title>Forum - Site</title><meta property="og:site_name" content="China Daily">
<meta property="article:published_time" content="2025-06-14T10:00:00Z"><style>p {}</style>
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "H", "author": [{"name": "Li Ming"}]}</script>
<link rel="canonical" href="https://example.org/a"></head><body>
<nav><a href=1>Home</a> <a href=2>World</a></nav><header class="site-header"><a>Logo</a></header>
<main><article><header><h1>Media forum <em>opens</em></h1><p>By Li Ming</p></header>
<p>The forum opened in<br>Beijing on Monday. More than 200 journalists attended. It was long, and it was good.</p>
<h2>Trade</h2><p>Trade grew by 12 percent. <a href=x>Details of the figures</a> were given on Tuesday afternoon.</p>
<table><tr><th>Year</th><th>Trade</th></tr><tr><td>2024</td><td><p>94.8 bn</p></td></tr></table>
<ul><li>first item</li><li>second item</li></ul><pre>a  b
 c</pre><div style="display: none">hidden words</div>
<h2>Culture</h2><p>Culture, too, was spoken of at length, and all were happy with it at the end.</p></article></main>
<aside class="related"><h3>Related</h3><ul><li><a>Other news one</a></li><li><a>Other news two</a></li></ul></aside>
<div class="cookie-banner">We use cookies to improve. <button>Accept</button></div>
<footer><p>© 2025 China Daily. All rights reserved.</p></footer><script>var x = "words"</script></body></html>"""


@pytest.fixture(scope="module")
def page() -> Extracted:
    return extracted("a.html", PAGE.encode())


def test_all_that_is_seen_stands_in_the_text_block_by_block(page: Extracted) -> None:
    assert page.text.split("\n\n") == [
        *("Home World", "Logo", "Media forum opens", "By Li Ming"),
        "The forum opened in\nBeijing on Monday. More than 200 journalists attended. It was long, and it was good.",
        "Trade",
        "Trade grew by 12 percent. Details of the figures were given on Tuesday afternoon.",
        *("Year | Trade\n2024 | 94.8 bn", "first item\nsecond item", "a  b\n c", "hidden words", "Culture"),
        "Culture, too, was spoken of at length, and all were happy with it at the end.",
        *("Related", "Other news one\nOther news two", "We use cookies to improve. Accept"),
        "© 2025 China Daily. All rights reserved.",
    ]


def test_what_surrounds_the_article_is_furniture_and_the_article_is_not(page: Extracted) -> None:
    furniture = "\n".join(page.text[span.start : span.end] for span in page.furniture)
    for words in ("Home World", "Logo", "hidden words", "Other news one", "cookies", "All rights reserved"):
        assert words in furniture
    for words in ("Media forum", "By Li Ming", "opened", "Details", "94.8", "second item", "Culture"):
        assert words not in furniture


def test_headings_are_sections(page: Extracted) -> None:
    assert [(each.level, each.title) for each in page.sections] == [
        *((1, "Media forum opens"), (2, "Trade"), (2, "Culture")),
    ]


def test_a_page_says_of_itself_where_it_says_so(page: Extracted) -> None:
    assert page.metadata == {
        "title": ("H", "html json-ld"),
        "source": ("China Daily", "html meta"),
        "author": ("Li Ming", "html json-ld"),
        "date": ("2025-06-14", "html meta"),
        "url": ("https://example.org/a", "html link"),
        "language": ("zh-Hant", "html lang"),
    }


@pytest.mark.parametrize("charset", ["gb2312", "GBK", "gb18030", "utf-8"])
@pytest.mark.parametrize(
    "declaration", ['<meta charset="{}">', "<meta http-equiv=Content-Type content='text/html; charset={}'>"]
)
def test_the_declared_charset_is_followed(charset: str, declaration: str) -> None:
    text = f"<html><head>{declaration.format(charset)}</head><body><p>第三届论坛</p></body></html>"
    file = extracted("a.html", text.encode(charset))
    assert file.text == "第三届论坛"
    assert file.encoding is not None
    assert file.encoding.is_certain


def test_a_table_of_layout_is_no_row() -> None:
    page = (
        "<html><table><tr><td><h1>Head</h1><p>One.</p></td><td><ul><li>a</li><li>b</li></ul></td></tr></table></html>"
    )
    assert extracted("a.html", page.encode()).text == "Head\n\nOne.\n\na\nb"


def test_a_page_without_any_frame_has_no_furniture() -> None:
    page = "<html><body><p>Only a paragraph with <a href=x>one link</a> in it.</p><p>And another.</p></body></html>"
    assert extracted("a.html", page.encode()).furniture == ()


def test_a_page_that_is_nested_too_deeply_is_refused_instead_of_losing_its_inner_text() -> None:
    def nested(levels: int) -> bytes:
        return f"<html><body>{'<div>' * levels}The inner text.{'</div>' * levels}<p>And after it.</p>".encode()

    assert extracted("deep.html", nested(2_000)).text == "The inner text.\n\nAnd after it."
    for levels in (2_100, 50_000):
        with pytest.raises(BadFile, match=r"deep\.html: elements are nested too deeply to be read"):
            extracted("deep.html", nested(levels))
