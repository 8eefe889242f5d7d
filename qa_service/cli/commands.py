"""`python -m qa_service`: serve, index, ask, search, verify, check-record, documents, delete, restore, reindex.

Exit codes: 0 done; 1 the documents don't hold the answer or the quote, or not all of a record stands; 2 bad input (the
rest of a batch is done); 3 the data directory or the model cannot be used; 130 interrupted.
"""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from embeddings.encoder import Runtime
from embeddings.errors import ModelError
from qa_service.cli.batch import add_files
from qa_service.cli.exports import Export, Out, check_options, read_record_file, write_export
from qa_service.cli.filters import DateFrom, DateTo, DocumentIds, IncludeUndated, Languages, Sources, filters_of
from qa_service.cli.output import (
    out,
    print_answer,
    print_export,
    print_ranking,
    print_receipts,
    print_record_check,
    print_verification,
)
from qa_service.cli.progress import print_error, printable
from qa_service.cli.session import session
from qa_service.config import read_settings
from qa_service.errors import BadInput, NotFound, QAError
from qa_service.service import check_question, check_quote

EXIT_NOT_ANSWERABLE, EXIT_BAD_INPUT, EXIT_UNUSABLE = 1, 2, 3
EXIT_NOT_ALL_STANDS = 1

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the store, the index and the model [QA_DATA_DIR]")
]
Model = Annotated[
    str | None, typer.Option("--model", help="Model folder or hub name; default: the bundled one [QA_MODEL]")
]
RuntimeName = Annotated[
    Runtime | None, typer.Option("--runtime", help="What runs the model: openvino, openvino-bf16, torch [QA_RUNTIME]")
]
Rerank = Annotated[
    str | None, typer.Option("--rerank", help="off, or folder or hub name of a cross-encoder [QA_RERANK]")
]
AllowDownload = Annotated[
    bool | None, typer.Option("--allow-download", help="Fetch the model from the hub [QA_ALLOW_DOWNLOAD]")
]
MinConfidence = Annotated[
    float | None, typer.Option("--min-confidence", help="Below it: not in these documents [QA_MIN_CONFIDENCE]")
]
MaxUpload = Annotated[int | None, typer.Option("--max-upload-mb", help="Largest file, in MB [QA_MAX_UPLOAD_MB]")]
Question = Annotated[str, typer.Argument(help="In any language")]
TopK = Annotated[int, typer.Option("--top-k", min=1, max=50, help="How many passages to look at")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what the API returns")]

commands = typer.Typer(
    name="qa_service",
    help="Answers questions over documents in many languages with passages cited to the character.",
    epilog="Every option can also be given as the environment variable in brackets. "
    "Exit codes: 0 done, 1 not answerable or not all of a record stands, 2 bad input, "
    "3 data directory or model not usable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def run() -> int:
    """Runs the command line and returns the exit code; an error is one line on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # not every terminal knows UTF-8
        commands()
    except (BadInput, NotFound) as error:
        return _fail(error, EXIT_BAD_INPUT)
    except (QAError, ModelError, OSError) as error:
        return _fail(error, EXIT_UNUSABLE)
    return 0


@commands.command()
def serve(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on [QA_HOST]")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on, 0 for a free one [QA_PORT]")] = None,
    model: Model = None,
    runtime: RuntimeName = None,
    rerank: Rerank = None,
    allow_download: AllowDownload = None,
    min_confidence: MinConfidence = None,
    cached_answers: Annotated[
        int | None,
        typer.Option("--cached-answers", help="How many answers to keep for who asks again [QA_CACHED_ANSWERS]"),
    ] = None,
    max_upload_mb: MaxUpload = None,
    allowed_hosts: Annotated[
        str | None, typer.Option("--allowed-hosts", help="Host names to answer to, by commas [QA_ALLOWED_HOSTS]")
    ] = None,
    index_if_empty: Annotated[
        Path | None, typer.Option("--index-if-empty", help="A folder to index first when there are no documents")
    ] = None,
) -> None:
    """Serve the chat at / and the API (its description at /docs)."""
    settings = read_settings(
        data_dir=data_dir,
        host=host,
        port=port,
        model=model,
        runtime=runtime,
        rerank=rerank,
        allow_download=allow_download,
        min_confidence=min_confidence,
        cached_answers=cached_answers,
        max_upload_mb=max_upload_mb,
        allowed_hosts=allowed_hosts,
    )
    from qa_service.cli.server import run_server  # noqa: PLC0415  imports gradio: seconds

    run_server(settings, index_if_empty)


@commands.command()
def index(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders; a manifest.jsonl in a folder decides")],
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
    allow_download: AllowDownload = None,
    max_upload_mb: MaxUpload = None,
) -> None:
    """Take in text files: what can't be read is reported, the rest goes on."""
    flags = {"model": model, "runtime": runtime, "allow_download": allow_download}
    settings = read_settings(data_dir=data_dir, max_upload_mb=max_upload_mb, **flags)
    with session(settings, "index", **flags) as opened:
        receipts, failures = add_files(opened.add, paths, settings)
    print_receipts(receipts)
    if failures:
        _fail(f"{failures} of {failures + len(receipts)} files were not taken in", EXIT_BAD_INPUT)
        raise typer.Exit(EXIT_BAD_INPUT)


@commands.command()
def ask(
    question: Question,
    top_k: TopK = 5,
    languages: Languages = None,
    sources: Sources = None,
    document_ids: DocumentIds = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    include_undated: IncludeUndated = False,
    export: Export = None,
    out_file: Out = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
    rerank: Rerank = None,
    allow_download: AllowDownload = None,
    min_confidence: MinConfidence = None,
) -> None:
    """Ask a question; exit code 1 when the documents don't hold the answer."""
    flags = {
        **{"model": model, "runtime": runtime, "rerank": rerank},
        **{"allow_download": allow_download, "min_confidence": min_confidence},
    }
    settings = read_settings(data_dir=data_dir, **flags)
    check_question(question)
    filters = filters_of(languages, sources, document_ids, date_from, date_to, include_undated)
    check_options(export, out_file)
    with session(settings, "ask", **flags) as opened:
        answer = opened.ask(question, top_k, filters, [export] if export else [])
    if export and out_file:
        write_export(answer, export, out_file)
    if as_json:
        out.print(answer.model_dump_json(indent=2))
    elif export and not out_file:
        print_export(answer, export)
    else:
        print_answer(answer)
    if not answer.answerable:
        raise typer.Exit(EXIT_NOT_ANSWERABLE)


@commands.command()
def search(
    question: Question,
    top_k: TopK = 5,
    languages: Languages = None,
    sources: Sources = None,
    document_ids: DocumentIds = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    include_undated: IncludeUndated = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
    rerank: Rerank = None,
    allow_download: AllowDownload = None,
) -> None:
    """List the passages nearest to a question, also when none of them answers it."""
    flags = {"model": model, "runtime": runtime, "rerank": rerank, "allow_download": allow_download}
    settings = read_settings(data_dir=data_dir, **flags)
    check_question(question)
    filters = filters_of(languages, sources, document_ids, date_from, date_to, include_undated)
    with session(settings, "search", **flags) as opened:
        ranking = opened.search(question, top_k, filters)
    if as_json:
        out.print(ranking.model_dump_json(indent=2))
    else:
        print_ranking(ranking)


@commands.command("check-record")
def check_record(
    file: Annotated[Path, typer.Argument(help="A record that ask, the API or the chat exported")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say whether a record is unaltered and its quotes still stand; exit code 1 when something does not."""
    record = read_record_file(file)
    with session(read_settings(data_dir=data_dir), "check-record") as opened:
        check = opened.check_record(record)
    if as_json:
        out.print(check.model_dump_json(indent=2))
    else:
        print_record_check(check, record)
    if not check.stands:
        raise typer.Exit(EXIT_NOT_ALL_STANDS)


@commands.command()
def verify(
    quote: Annotated[str, typer.Argument(help="The sentence as it was quoted")],
    document_id: Annotated[str | None, typer.Option("--document", metavar="ID", help="Only this document")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say whether a quote stands in the documents; exit code 1 when it does not, or not as it was quoted."""
    check_quote(quote)
    with session(read_settings(data_dir=data_dir), "verify") as opened:
        verification = opened.verify(quote, document_id)
    if as_json:
        out.print(verification.model_dump_json(indent=2))
    else:
        print_verification(verification)
    if verification.verdict in ("near", "absent"):
        raise typer.Exit(EXIT_NOT_ANSWERABLE)


@commands.command()
def documents(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the documents."""
    with session(read_settings(data_dir=data_dir), "documents") as opened:
        listed = list(opened.documents())
    if as_json:
        for document in listed:
            out.print(document.model_dump_json())
        return
    table = Table()
    table.add_column("id", no_wrap=True, min_width=len(listed[0].document_id) if listed else None)
    table.add_column("file and title", overflow="fold")
    for name in ("date", "language", "passages"):
        table.add_column(name, no_wrap=True)
    for document in listed:
        table.add_row(
            *(document.document_id, printable(f"{document.file_name}\n{document.title}"), document.date or ""),
            *(document.language, str(document.passages)),
        )
    Console(highlight=False, markup=False, emoji=False).print(table)


@commands.command()
def delete(
    document_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids from the list of documents")],
    data_dir: DataDir = None,
) -> None:
    """Delete documents with all that was derived from them."""
    missing = 0
    with session(read_settings(data_dir=data_dir), "delete") as opened:
        for document_id in document_ids:
            try:
                opened.delete(document_id)
                out.print(f"deleted {document_id}")
            except NotFound as error:
                missing += 1
                print_error(error)
    if missing:
        raise typer.Exit(EXIT_BAD_INPUT)


@commands.command()
def restore(
    document_id: Annotated[str, typer.Argument(metavar="ID")],
    start: Annotated[int, typer.Argument(help="Where the quarantined stretch begins, from GET /documents/ID")],
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
) -> None:
    """Let a quarantined stretch of a document be searched again."""
    flags = {"model": model, "runtime": runtime}
    with session(read_settings(data_dir=data_dir, **flags), "restore", **flags) as opened:
        receipt = opened.restore(document_id, start)
    out.print(f"{receipt.file_name}: {receipt.passages} passages, {len(receipt.quarantined)} stretches quarantined")


@commands.command()
def reindex(
    everything: Annotated[bool, typer.Option("--all", help="Every document, not only the outdated ones")] = False,
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
    allow_download: AllowDownload = None,
) -> None:
    """Make the passages anew that another model or version made; goes on where it was interrupted."""
    flags = {"model": model, "runtime": runtime, "allow_download": allow_download}
    with session(read_settings(data_dir=data_dir, **flags), "reindex", **flags) as opened:
        out.print(f"{opened.reindex(everything)} documents made anew")


def _fail(error: object, code: int) -> int:
    print_error(error)
    return code
