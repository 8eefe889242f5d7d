"""Each format gives its whole text, sections, pages and what the file says of itself."""

import json
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.errors import BadFile
from qa_service.ingest.extract.blocks import TextBuilder
from qa_service.ingest.extract.wire import from_json, to_json
from qa_service.records import Extracted, Span
from tests.qa_service.ingest.extract import made_files as made
from tests.qa_service.ingest.extract.made_files import documents, extracted
from tests.qa_service.ingest.texts import any_texts


def sections(file: Extracted) -> list[tuple[int, str, str]]:
    """(level, title, first line) of each section."""
    return [
        (each.level, each.title, file.text[each.span.start : each.span.end].split("\n")[0]) for each in file.sections
    ]


def furniture(file: Extracted) -> list[str]:
    return [file.text[span.start : span.end] for span in file.furniture]


def test_word_documents() -> None:
    file = extracted("a.docx", made.word_document())
    assert file.format == "docx"
    assert file.text.split("\n\n")[:3] == [
        "Сауда айналымы",
        "Қазақстан мен Қытай арасындағы сауда өсті.",
        "Year | Trade\n2024 | 43.8 bn",
    ]
    assert sections(file) == [
        (1, "Сауда айналымы", "Сауда айналымы"),
        (2, "第二部分", "第二部分"),
        (1, "End", "End"),
    ]
    assert file.sections[0].span.end == file.sections[2].span.start
    assert furniture(file) == ["Ministry of Trade"]
    assert file.metadata["title"] == ("Форум", "docx properties")
    assert file.metadata["author"] == ("Ли Мин", "docx properties")


def test_what_was_deleted_under_revision_is_not_in_the_text() -> None:
    body = (
        "<w:p><w:r><w:t>Trade </w:t></w:r><w:del><w:r><w:delText>fell</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>grew</w:t></w:r></w:ins></w:p>"
    )
    assert extracted("a.docx", made.word_body(body)).text == "Trade grew"


def test_open_documents() -> None:
    file = extracted("a.odt", made.open_document())
    assert file.text == "Head  one\n\nSome bold text goes on.\n\na | b\n\nA footnote."
    assert sections(file) == [(1, "Head one", "Head  one")]
    assert file.metadata == {"title": ("Own title", "odt properties")}


def test_books_in_the_order_of_reading() -> None:
    file = extracted("a.epub", made.book())
    assert file.text == "Предисловие\n\nНачало.\n\nГлава 1\n\nТекст\u00a0первый."
    assert [title for _, title, _ in sections(file)] == ["Предисловие", "Глава 1"]
    assert file.metadata["language"] == ("ru", "epub metadata")
    assert file.metadata["date"] == ("2018-04", "epub metadata")


def test_mails_with_their_head_and_plain_text() -> None:
    file = extracted("a.eml", made.mail())
    assert file.text.endswith("Subject: Отчёт за июнь\n\nЗдравствуйте!\nСм. вложение.")
    assert file.metadata["date"] == ("2025-06-14", "eml header")
    assert file.metadata["author"] == ("Ли Мин <a@b.org>", "eml header")


def test_a_row_of_a_sheet_is_a_line_that_names_its_values() -> None:
    file = extracted("a.xlsx", made.workbook())
    assert file.text == (
        "Trade\n\nCountry | Year | Trade, bn\nCountry: Казахстан | Year: 2024 | Trade, bn: 43.8\n"
        "Country: 中国 | Year: 2025\n\nNotes\n\nonly a note"
    )
    assert [title for _, title, _ in sections(file)] == ["Trade", "Notes"]
    assert file.metadata["title"] == ("Trade of the region", "xlsx properties")
    assert file.metadata["author"] == ("Bureau of Statistics", "xlsx properties")


def test_values_between_semicolons_in_an_old_encoding() -> None:
    rows = 'Страна;Год;Объём торговли\nКазахстан;2024;"43,8"\nКитайская Народная Республика;2025;"а ""б""\nв"\n'
    file = extracted("a.csv", rows.encode("windows-1251"))
    assert file.text.split("\n") == [
        "Страна | Год | Объём торговли",
        "Страна: Казахстан | Год: 2024 | Объём торговли: 43,8",
        'Страна: Китайская Народная Республика | Год: 2025 | Объём торговли: а "б" в',
    ]
    assert file.encoding is not None
    assert file.encoding.name == "windows-1251"


def test_a_record_of_json_is_a_paragraph_with_the_keys_of_its_values() -> None:
    records = [{"title": "T", "n": 3, "tags": ["a", "b"], "author": {"name": "李明"}}, {"x": None, "y": "\ud800!"}]
    file = extracted("a.json", json.dumps(records).encode())
    assert file.text == "title: T\nn: 3\ntags: a\ntags: b\nauthor.name: 李明\n\ny: \\ud800!"
    lines = extracted("a.jsonl", b'{"q": "one", "q": "two"}\n\n{"z": 1.50}\n')
    assert (lines.format, lines.text) == ("jsonl", "q: one\nq: two\n\nz: 1.50")
    assert extracted("a.json", b'{"title": "T", "date": "2025-06-14T10:00"}').metadata["date"] == ("2025-06-14", "json")


def test_what_is_no_json_in_spite_of_its_name_is_text() -> None:
    file = extracted("a.json", b"not {json} at all")
    assert (file.format, file.text) == ("txt", "not {json} at all")


def test_text_that_begins_with_a_brace_is_text() -> None:
    file = extracted("a.txt", b'{"title": "A", "te')
    assert (file.format, file.text) == ("txt", '{"title": "A", "te')


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.json", '[{"title": "A", "text": "one"}, {"title": "B", "te', "line 1, column 48"),
        ("a.json", '[\n  {"title": "A"},\n  {"title": "B"', "line 3, column 16"),
        ("a.json", '{\n  "title": "A"\n}\nand more', "line 4, column 1"),
        ("a.json", '{"text": "one"}\n{"text": "two"}\n{"te', "line 3, column 2"),
        ("a.jsonl", '{"text": "one"}\n\n{"text": "two", bad}\n{"text": "three"}\n', "line 3, column 17"),
        ("a.jsonl", '{"text": "one"}\r\n{"text": "tw', "line 2, column 10"),
        ("a.ndjson", '\n{"text": "one"', "line 2, column 15"),
    ],
)
def test_damaged_json_is_refused_with_its_place_and_what_to_do(name: str, content: str, place: str) -> None:
    with pytest.raises(BadFile, match=rf"{name}: damaged JSON \({place}: .*; mend it .* name it \.txt"):
        extracted(name, content.encode())


def test_json_is_read_over_lines_or_a_line_each_whatever_its_name_says() -> None:
    assert extracted("a.json", b'{"q": "one"}\n{"q": "two"}').format == "jsonl"
    whole = extracted("a.jsonl", b'[\n  {"q": "one"},\n  {"q": "two"}\n]')
    assert (whole.format, whole.text) == ("json", "q: one\n\nq: two")


def test_numbers_above_and_below_the_line_stay_there() -> None:
    page = b"<p>10<sup>6</sup> tonnes of CO<sub>2</sub><sup><a>[1]</a></sup>, the 5<sup>th</sup> of 2<sup>10</sup>.</p>"
    assert extracted("a.html", page).text == "10\u2076 tonnes of CO\u2082[1], the 5th of 2\u00b9\u2070."
    run = '<w:r><w:rPr><w:vertAlign w:val="{}"/></w:rPr><w:t>{}</w:t></w:r>'.format
    body = f"<w:p><w:r><w:t>m</w:t></w:r>{run('superscript', '-2')}{run('subscript', '3')}{run('baseline', '4')}</w:p>"
    assert extracted("a.docx", made.word_body(body)).text == "m\u207b\u00b2\u20834"


def test_formulas_and_signs_of_a_font_are_text() -> None:
    math = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    formula = f'<m:oMath xmlns:m="{math}"><m:r><m:t>A=25</m:t></m:r></m:oMath>'
    signs = '<w:sym w:font="Symbol" w:char="F06D"/><w:sym w:font="Wingdings" w:char="F04A"/>'
    body = f"<w:p><w:r><w:t>It is </w:t></w:r>{formula}<w:r><w:t>, 5 </w:t>{signs}<w:t>g</w:t></w:r></w:p>"
    assert extracted("a.docx", made.word_body(body)).text == "It is A=25, 5 \u03bc\ufffdg"
    page = "<p>It is <math><mi>A</mi><mo>=</mo><mn>25</mn><annotation>A=25</annotation></math> here.</p>"
    assert extracted("a.html", page.encode()).text == "It is A=25 here."


def test_notes_of_rich_text_are_read() -> None:
    note = rb"{\super\chftn}{\footnote\pard\plain {\super\chftn} A note of 1954.}"
    source = rb"{\rtf1\ansi It is long." + note + rb" More.\par}"
    assert extracted("a.rtf", source).text == "It is long.\n\nA note of 1954. More."


def test_rich_text() -> None:
    source = (
        rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}\f0 \'cf\'f0\'e8\'e2\'e5\'f2 \u1179?\par Second \b para\b0}"
    )
    assert extracted("a.rtf", source).text == "Привет қ\n\nSecond para"


def test_markdown_is_verbatim_and_its_front_matter_metadata() -> None:
    head = '---\ntitle: "My: title"\ndate: 2025-06-14\nauthors: [A B, C D]\nlang: kk\n---\n'
    file = extracted("a.md", f"{head}# Head\r\n\r\nText *here*.\n".encode())
    assert file.text == f"{head}# Head\r\n\r\nText *here*.\n"
    assert furniture(file) == [head]
    assert {field: value for field, (value, _) in file.metadata.items()} == {
        **{"title": "My: title", "date": "2025-06-14", "author": "A B, C D", "language": "kk"},
    }


def test_a_colon_in_a_title_does_not_cost_the_front_matter() -> None:
    head = "---\ntitle: The bridge: a history\ndate: 2025-06-14\ntags:\n---\n"
    file = extracted("a.md", f"{head}Text.".encode())
    assert furniture(file) == [head]
    assert {field: value for field, (value, _) in file.metadata.items()} == {
        **{"title": "The bridge: a history", "date": "2025-06-14"},
    }


@pytest.mark.parametrize(
    "head",
    [
        "---\n",
        "---\nShe said: well: no.\n---\n",
        "---\ntitle: a: b\nand a line of prose\n---\n",
        "---\na: &x [1]\nb: *x\n---\n",
        "---\n- a\n---\n",
        "---\n" + "[" * 5000 + "\n---\n",
    ],
)
def test_hyphens_that_open_no_front_matter_are_text(head: str) -> None:
    file = extracted("a.md", f"{head}Text here.".encode())
    assert (file.text, file.furniture, file.metadata) == (f"{head}Text here.", (), {})


def test_the_pages_of_a_pdf_and_what_they_repeat() -> None:
    bodies = ["The forum opened.", "Trade grew by 12 percent.", "The minister spoke.", "It closed at noon."]
    pages = [f"China Daily\n{body}\nMore.\nAs {body.lower()}\nPage {i}" for i, body in enumerate(bodies, 1)]
    file = extracted("a.pdf", made.pdf(*pages))
    assert len(file.pages) == 4
    for body, page in zip(bodies, file.pages, strict=True):
        assert page is not None
        assert body in file.text[page.start : page.end]
    assert furniture(file) == ["China Daily", *[f"Page {i}\n\nChina Daily" for i in (1, 2, 3)], "Page 4"]


def test_a_page_without_text_keeps_the_count_of_pages() -> None:
    file = extracted("a.pdf", made.pdf("One page.", "", "Another page."))
    assert [page and file.text[page.start : page.end] for page in file.pages] == ["One page.", None, "Another page."]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "scan.pdf",
            made.pdf("", ""),
            "a PDF without text (2 pages), such as a scan; make it searchable with OCR first",
        ),
        ("cut.pdf", made.pdf("words")[:200], "a damaged or cut short PDF"),
        ("cut.docx", made.word_document()[:9_000], "a damaged or cut short zip file"),
        ("empty.docx", made.word_body(""), "the file holds no words"),
        ("broken.docx", made.word_body("<w:p>"), "damaged (its XML"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "looks like a PNG image"),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "WordDocument".encode("utf-16-le"),
            "before 2007",
        ),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "an encrypted Office"),
        ("a.mp4", b"\0\0\0\x20ftypisom\0\0", "looks like a film"),
        ("a.gz", b"\x1f\x8b\x08\0\0\0\0\0", "looks like a gzip archive; unpack it first"),
        ("a.zip", made.zipped({"a.txt": "text"}), "an archive is no document"),
        ("a.docx", made.zipped({"[Content_Types].xml": "<Types/>"}), "an Office file of another kind or without"),
        ("a.rtf", rb"{\rtf1 \u99999999999 ?}", "rich text that cannot be read"),
        ("a.html", b"<html><script>var words = 1</script></html>", "the file holds no words"),
        ("a.csv", b"\n\n", "the file holds no words"),
        ("a.xlsx", made.zipped({"xl/workbook.xml": "<x/>"}), "a workbook that cannot be read"),
        ("a", b"", "the file is empty"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_reason(name: str, content: bytes, message: str) -> None:
    with pytest.raises(BadFile) as caught:
        extracted(name, content)
    assert str(caught.value).startswith(f"{name}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", made.word_document(), "docx"),
        ("a.pdf", made.workbook(), "xlsx"),
        ("a.doc", made.pdf("words"), "pdf"),
        ("a.docx", b"<!DOCTYPE html><p>words</p>", "html"),
        ("a.html", b"no tags here, only 1 < 2", "txt"),
        ("report", "Обычный текст без расширения имени".encode(), "txt"),
        ("saved.txt", "<html><body><p>слова</p></body></html>".encode("utf-16"), "html"),
        ("BM.txt", b"BMW and MZ are letters", "txt"),
        ("a.txt", made.mail(), "eml"),
        ("a.eml", b"From: a@b.org\r\nTo: c@d.org\r\nSubject: News\r\n\r\nThe forum opened.", "eml"),
        ("a.txt", b"From: Almaty\r\nTo: Astana\r\nDistance: 1200\r\n\r\nThe train goes daily.", "txt"),
    ],
)
def test_a_file_is_what_it_holds_whatever_its_name(name: str, content: bytes, kind: str) -> None:
    assert extracted(name, content).format == kind


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(any_texts(), st.integers(0, 4), st.booleans()), max_size=12))
def test_what_is_built_lies_in_its_text_and_survives_the_wire(blocks: list[tuple[str, int, bool]]) -> None:
    builder = TextBuilder("a.txt")
    spans = [builder.add(text, level, is_furniture) for text, level, is_furniture in blocks]
    built = builder.finish("txt", pages=spans)
    for (text, _, _), span in zip(blocks, spans, strict=True):
        assert (built.text[span.start : span.end] if span else "") == text.replace("\0", "").strip()
    assert_well_formed(built)
    assert from_json(to_json(built)) == built


def assert_well_formed(file: Extracted) -> None:
    """No character that no store takes; spans inside, pages, sections and furniture in order."""
    file.text.encode()
    assert "\0" not in file.text
    spans = [each.span for each in file.sections]
    pages = [page for page in file.pages if page is not None]
    for each in (*spans, *pages, *file.furniture):
        assert each.end <= len(file.text)
    assert [span.start for span in spans] == sorted(span.start for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(pages))
    assert all(a.end <= b.start for a, b in pairwise(file.furniture))


VALUES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.recursive(VALUES | st.integers() | st.none(), lambda each: st.lists(each) | st.dictionaries(VALUES, each)))
def test_any_json_is_read_or_refused(value: object) -> None:
    try:
        file = extracted("a.json", json.dumps({"key": "word", "value": value}).encode())
    except BadFile:
        return
    assert file.text.startswith("key: word")
    assert_well_formed(file)


@settings(max_examples=40, deadline=None)
@given(st.lists(any_texts(), min_size=1, max_size=6))
def test_no_visible_letter_of_a_page_is_lost(paragraphs: list[str]) -> None:
    shown = ["".join(character for character in text if character.isalnum()) for text in paragraphs]
    page = "".join(f"<div><p>{text}</p></div>" for text in shown)
    file = extracted("a.html", f"<!DOCTYPE html><meta charset=utf-8><body><p>word</p>{page}</body>".encode())
    assert file.text.split("\n\n") == ["word", *filter(None, shown)]
    assert_well_formed(file)


@pytest.mark.parametrize("cut", range(0, 2_000, 137))
def test_a_damaged_document_is_read_or_refused_and_the_next_one_read(cut: int) -> None:
    content = made.word_document()
    damaged = content[: cut * 7] + b"\xff\0" + content[cut * 7 + 2 :]
    with suppress(BadFile):
        assert_well_formed(extracted("a.docx", damaged))
    assert extracted("b.csv", b"a,b\n1,2").text == "a | b\na: 1 | b: 2"


def test_spans_of_a_text_are_its_own() -> None:
    builder = TextBuilder("a.txt")
    assert builder.add("  one ") == Span(0, 3)
    assert builder.add(" \n ") is None
    assert builder.add("two", breaks="\n") == Span(4, 7)
    assert builder.finish("txt").text == "one\ntwo"


def test_a_text_about_pdf_is_a_text_and_a_stored_archive_an_archive() -> None:
    text = "How to tell a PDF: it begins with the bytes %PDF-1.4 and ends with EOF."
    assert extracted("about.txt", text.encode()).format == "txt"
    stored = BytesIO()
    with ZipFile(stored, "w") as archive:
        archive.writestr("a.txt", text)
        archive.writestr("b.txt", "Another text.")
    assert set(documents("stored.zip", stored.getvalue())) == {"stored.zip/a.txt", "stored.zip/b.txt"}
    assert extracted("note.txt", b"%PDF-1.7 is the first line of this note.\nIt has no object.").format == "txt"
    for before in (b"", b"\n\n", b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\n\r\n"):
        assert extracted("a.bin", before + made.pdf("A page of text.")).format == "pdf"
