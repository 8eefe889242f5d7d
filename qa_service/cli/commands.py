"""`python -m qa_service`: serve, index, ask, search, verify, check-record, documents, describe, receipt, delete, ...

Exit codes: 0 done; 1 the documents don't hold the answer or the quote, or not all of a record stands; 2 bad input (the
rest of a batch is done); 3 the data directory or the model cannot be used; 130 interrupted.
"""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from embeddings.encoder import Runtime
from embeddings.errors import ModelError
from qa_service.cli.batch import Batch, receipts_file
from qa_service.cli.exports import Exports, Out, check_options, read_record_file, write_export
from qa_service.cli.filters import DateFrom, DateTo, DocumentIds, IncludeUndated, Languages, Sources, filters_of
from qa_service.cli.output import (
    out,
    print_answer,
    print_audit,
    print_decision,
    print_description,
    print_export,
    print_ranking,
    print_receipt,
    print_record_check,
    print_verification,
    tables,
)
from qa_service.cli.progress import print_error, printable
from qa_service.cli.session import session
from qa_service.cli.take_in import Following, take_in
from qa_service.config import read_settings
from qa_service.errors import BadInput, NotFound, QAError
from qa_service.records import QuarantineKind, Span
from qa_service.service import check_question, check_quote
from qa_service.web.document_responses import ReceiptOut
from qa_service.web.requests import check_document_id

EXIT_NOT_ANSWERABLE, EXIT_BAD_INPUT, EXIT_UNUSABLE = 1, 2, 3
EXIT_NOT_ALL_STANDS = 1

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the store, the index and the model [QA_DATA_DIR]")
]
Model = Annotated[
    str | None, typer.Option("--model", help="Model folder or hub name; default: the bundled one [QA_MODEL]")
]
RuntimeName = Annotated[
    Runtime | None, typer.Option("--runtime", help="What runs the model: openvino, openvino-f32, torch [QA_RUNTIME]")
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
DocumentId = Annotated[str, typer.Argument(metavar="ID", callback=check_document_id)]
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
    receipts: Annotated[
        Path | None, typer.Option("--receipts", metavar="FILE", help="Write all receipts and failures, a JSON a line")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the folders afterwards, until Ctrl-C")] = False,
    delete_missing: Annotated[
        bool,
        typer.Option(
            "--delete-missing", help="Delete what came from these folders and is gone; nothing when one is empty"
        ),
    ] = False,
) -> None:
    """Take in files: what can't be read is reported, the rest goes on."""
    flags = {"model": model, "runtime": runtime, "allow_download": allow_download}
    settings = read_settings(data_dir=data_dir, max_upload_mb=max_upload_mb, **flags)
    batch: Batch[ReceiptOut] = Batch()
    with (
        session(settings, "index", **flags) as opened,
        receipts_file(receipts) as tell,
    ):
        take_in(opened, paths, settings, batch, tell, Following(watch, delete_missing))
    if batch.failures and not watch:
        _fail(f"{len(batch.failures)} of {batch.total} files were not taken in", EXIT_BAD_INPUT)
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
    exports: Exports = None,
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
    export = check_options(exports, out_file)
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
    if document_id is not None:
        check_document_id(document_id)
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
        status = "" if document.status == "indexed" else f"\n({document.status})"
        table.add_row(
            *(document.document_id, printable(f"{document.file_name}\n{document.title}{status}"), document.date or ""),
            *(document.language, str(document.passages)),
        )
    tables.print(table)


@commands.command()
def delete(
    document_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids from the list of documents")],
    with_versions: Annotated[bool, typer.Option("--with-versions", help="Their older versions too")] = False,
    keep_line: Annotated[
        bool, typer.Option("--audit", help="Keep a line without content of each; the command audit lists them")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete documents with all that was derived from them; no older version comes back."""
    missing = 0
    with session(read_settings(data_dir=data_dir), "delete") as opened:
        for document_id in document_ids:
            try:
                opened.delete(check_document_id(document_id), with_versions, keep_line)
                out.print(f"deleted {document_id}")
            except (BadInput, NotFound) as error:
                missing += 1
                print_error(error)
    if missing:
        raise typer.Exit(EXIT_BAD_INPUT)


@commands.command()
def audit(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the deletions of which a line without content was kept."""
    with session(read_settings(data_dir=data_dir), "audit") as opened:
        kept = opened.audit()
    if as_json:
        out.print(kept.model_dump_json(indent=2))
    else:
        print_audit(kept)


@commands.command()
def receipt(document_id: DocumentId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Print what was done with a file when it was taken in."""
    with session(read_settings(data_dir=data_dir), "receipt") as opened:
        stored = opened.receipt(document_id)
    if as_json:
        out.print(stored.model_dump_json(indent=2))
    else:
        print_receipt(stored)


@commands.command()
def restore(
    document_id: DocumentId,
    start: Annotated[int, typer.Argument(help="Where the quarantined stretch begins, from GET /documents/ID")],
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
) -> None:
    """Let a quarantined or flagged stretch of a document be searched as any other, for good."""
    flags = {"model": model, "runtime": runtime}
    with session(read_settings(data_dir=data_dir, **flags), "restore", **flags) as opened:
        print_decision(opened.restore(document_id, start))


@commands.command()
def quarantine(
    document_id: DocumentId,
    start: Annotated[int, typer.Argument(min=0, help="Where the stretch begins, in characters")],
    end: Annotated[int, typer.Argument(min=1, help="Where it ends: the first character behind it")],
    spam: Annotated[bool, typer.Option("--spam", help="It is spam, not boilerplate")] = False,
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
) -> None:
    """Keep a stretch of a document out of search, for good."""
    if end <= start:
        raise BadInput("end: must be greater than start")
    flags = {"model": model, "runtime": runtime}
    with session(read_settings(data_dir=data_dir, **flags), "quarantine", **flags) as opened:
        kind: QuarantineKind = "spam" if spam else "boilerplate"
        print_decision(opened.quarantine(document_id, Span(start, end), kind))


@commands.command()
def accept(
    document_id: DocumentId,
    data_dir: DataDir = None,
    model: Model = None,
    runtime: RuntimeName = None,
) -> None:
    """Let a document that waits for a decision be searched, but for what of it is quarantined."""
    flags = {"model": model, "runtime": runtime}
    with session(read_settings(data_dir=data_dir, **flags), "accept", **flags) as opened:
        print_decision(opened.accept(document_id))


@commands.command()
def describe(
    document_id: DocumentId,
    title: Annotated[str | None, typer.Option("--title")] = None,
    source: Annotated[str | None, typer.Option("--source", help='"" for none, here as below')] = None,
    author: Annotated[str | None, typer.Option("--author")] = None,
    date: Annotated[str | None, typer.Option("--date", help="YYYY, YYYY-MM or YYYY-MM-DD")] = None,
    url: Annotated[str | None, typer.Option("--url")] = None,
    language: Annotated[str | None, typer.Option("--language", help="BCP 47, e.g. en, zh-Hant, kk")] = None,
    take_back: Annotated[
        list[str] | None, typer.Option("--take-back", metavar="FIELD", help="Back to what stood there before")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Correct what a document's metadata says; a correction comes before all else and can be taken back."""
    given = {"title": title, "source": source, "author": author, "date": date, "url": url, "language": language}
    changes = {field: value for field, value in given.items() if value is not None}
    if both := sorted(changes.keys() & set(take_back or ())):
        raise BadInput(f"{', '.join(both)}: either correct it or take the correction back")
    if unknown := sorted(set(take_back or ()) - given.keys()):
        raise BadInput(f"--take-back: {', '.join(unknown)} is not among {', '.join(given)}")
    if not changes and not take_back:
        raise BadInput(f"nothing to correct: give one of {', '.join(f'--{field}' for field in given)}, --take-back")
    with session(read_settings(data_dir=data_dir), "describe") as opened:
        described = opened.correct(document_id, {**changes, **dict.fromkeys(take_back or ())})
    if as_json:
        out.print(described.model_dump_json(indent=2))
    else:
        print_description(described)


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
