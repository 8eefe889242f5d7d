"""Where in a document a quote stands: its section, who speaks there and its page, in every way out."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from embeddings.hashing import HashingEncoder
from qa_service.answering.export.bibtex import write_bibtex
from qa_service.answering.export.gbt7714 import write_gbt7714
from qa_service.answering.export.markdown import write_markdown
from qa_service.answering.export.record import record_sha256, write_record
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.ingest.chunk import make_passages
from qa_service.records import Document, Hit, Metadata, Page, RawFile, Section, Span
from qa_service.service import Service
from qa_service.store.encoding import encode_passages
from qa_service.store.likeness import NO_LIKENESS
from qa_service.store.manifest import IndexManifest
from qa_service.store.store import Store
from qa_service.web.app import create_app
from qa_service.web.record_file import ExportsOut, RecordFile, read_record
from qa_service.web.source_page import render_source
from qa_service.web.thread import render_turn
from tests.qa_service.answering.recorded import citation, record
from tests.qa_service.retrieval.made_hits import hit
from tests.qa_service.store.opened import candidates

SEEDS = Path(__file__).parents[3] / "seeds"
QUESTION = "武 艺 乌兹别克斯坦 中亚能源转型 泵站"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = open_service(Settings(data_dir=tmp_path / "data", min_confidence=0), HashingEncoder(256))
    path = next(SEEDS.glob("001_*.txt"))
    service.add(RawFile(path.name, path.read_bytes(), {}))
    service.settle()  # the ranking is the same from here on
    yield service
    service.close()


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(service, Settings(data_dir=tmp_path / "data")), base_url="http://127.0.0.1") as client:
        yield client


def test_every_citation_of_a_speech_names_its_headline_and_speaker(client: TestClient, service: Service) -> None:
    answer = client.post("/ask", json={"question": QUESTION, "export": ["record", "markdown"]}).json()
    detail = client.get(f"/documents/{answer['citations'][0]['document_id']}").json()
    assert len(detail["sections"]) == 12
    assert detail["pages"] == []
    for cited in answer["citations"]:
        start = cited["quote_start_char_index"]
        (section,) = [s for s in detail["sections"] if s["start_char_index"] <= start < s["end_char_index"]]
        assert (cited["section"], cited["speaker"]) == (section["title"], section["speaker"])
        assert cited["page"] is None
        recorded = answer["exports"]["record"]["citations"][cited["index"] - 1]
        assert (recorded["section"], recorded["speaker"]) == (section["title"], section["speaker"])
        assert "page" not in recorded
        assert f"{section['title']} — {section['speaker']}" in answer["exports"]["markdown"]
    checked = client.post("/records/check", json=answer["exports"]["record"]).json()
    assert checked["stands"]
    turn = render_turn(service.ask(QUESTION))
    assert f"{answer['citations'][0]['section']} — {answer['citations'][0]['speaker']}" in turn
    page = client.get(f"/source/{detail['document_id']}").text
    first = detail["sections"][0]
    end = first["start_char_index"] + len(first["title"])
    assert f"?start={first['start_char_index']}&amp;end={end}#quote" in page


def test_search_names_the_section_of_each_passage(client: TestClient) -> None:
    hits = client.post("/search", json={"question": QUESTION, "top_k": 20}).json()["hits"]
    assert {found["speaker"] for found in hits} > {None} or len({found["speaker"] for found in hits}) > 3


def placed(sections: tuple[Section, ...], pages: tuple[Page, ...] = ()) -> Hit:
    return replace(hit("x" * 100, 1), sections=sections, pages=pages)


def test_the_innermost_section_counts_and_a_speaker_holds_for_what_is_inside() -> None:
    found = placed(
        (
            Section(Span(0, 100), "Part", 1, None),
            Section(Span(10, 90), "Speech", 2, "Anna"),
            Section(Span(50, 90), "Trade", 3, None),
        ),
        (Page(3, Span(0, 40)), Page(4, Span(41, 100))),
    )
    assert (found.section(Span(60, 70)), found.speaker(Span(60, 70)), found.page(Span(60, 70))) == ("Trade", "Anna", 4)
    assert (found.section(Span(20, 45)), found.page(Span(20, 45))) == ("Speech", 3)
    assert (found.section(Span(0, 5)), found.speaker(Span(0, 5)), found.page(Span(40, 44))) == ("Part", None, 4)
    assert placed(()).section(Span(0, 5)) is None


def test_a_hit_of_a_document_with_pages_knows_its_own(tmp_path: Path) -> None:
    encoder, store = HashingEncoder(), Store(tmp_path)
    body = "The members met on Monday and agreed on a plan for the year. It is to be carried out by spring. "
    pages = [body * 4, body * 4, body * 4]
    text = "\f".join(pages)
    borders = [0, len(pages[0]) + 1, 2 * len(pages[0]) + 2]
    document = Document(
        **{"id": "1" * 32, "sha256": "1" * 64, "file_name": "a.pdf", "text": text, "origins": {}},
        metadata=Metadata("A title", None, None, None, None, "en"),
        format="pdf",
        pages=(Span(0, borders[1] - 1), None, Span(borders[1], borders[2] - 1), Span(borders[2], len(text))),
    )
    passages = make_passages(document, ())
    manifest = IndexManifest.current(encoder.spec)
    encoded = encode_passages(encoder, passages, tmp_path)
    store.add(document, b"%PDF", (), encoded, manifest, took_ms=1.0, likeness=NO_LIKENESS)
    assert store.document(document.id) == document
    hits = store.hits(candidates(store, [(passage_id, 1.0) for passage_id in store.passage_ids()]))
    numbers = [[page.number for page in found.pages] for found in hits]
    assert numbers[0] == [1]
    assert numbers[-1] == [4]
    assert {number for each in numbers for number in each} == {1, 3, 4}
    store.close()


def test_exports_name_page_and_section() -> None:
    dated = {"title": "A title", "source": "China Daily", "date": "2025-06-14"}
    cited = replace(citation(**dated), section="Headline", speaker="Anna Weber", page=12)
    made = record(cited)
    assert "Headline — Anna Weber. China Daily, 2025-06-14. p. 12" in write_markdown(made)
    assert "  pages = {12},\n" in write_bibtex(made)
    assert write_gbt7714(made) == "[1] A title[N]. China Daily, 2025-06-14: 12.\n"
    assert write_gbt7714(record(replace(citation(), page=3))) == "[1] A title[Z]: 3.\n"


def test_a_record_with_places_is_sealed_as_it_is_written() -> None:
    plain, cited = citation(1), replace(citation(2), section="Headline", speaker="Anna", page=7)
    made = record(plain, cited)
    exported = ExportsOut.of(made, ["record"])
    assert exported is not None
    for written in (write_record(made), exported.text("record"), json.dumps(exported.model_dump()["record"])):
        first, second = json.loads(written)["citations"]
        assert not {"section", "speaker", "page"} & first.keys()
        assert (second["section"], second["speaker"], second["page"]) == ("Headline", "Anna", 7)
        file = read_record(written.encode())
        assert record_sha256(file.to_record()) == file.sha256 == record_sha256(made)
        assert file == RecordFile.of(made)


def test_a_record_of_an_earlier_release_still_checks() -> None:
    """Its hash, as it was written before sections and pages were known."""
    assert record_sha256(record(citation())) == EARLIER


def test_the_source_page_lists_its_sections_with_hostile_titles_escaped(service: Service) -> None:
    detail = service.document(service.documents(1, 1)[0][0].id)
    hostile = replace(detail.document, sections=(Section(Span(0, 50), "<script>alert(1)</script>", 9, '"'),))
    page = render_source(replace(detail, document=hostile), None)
    assert "<script" not in page
    assert "One section" in page


EARLIER = "977d609ae8f4acf90a4cbd87a80d4583a93779b192ce82e832e51e1ef82c5ca8"
