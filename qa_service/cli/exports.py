"""The options of `ask` that export its answer, and the files that come and go."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from qa_service.answering.export.formats import FORMATS, FormatName
from qa_service.errors import BadInput
from qa_service.web.record_file import MAX_RECORD_BYTES, RecordFile, read_record
from qa_service.web.responses import AnswerOut

Exports = Annotated[
    list[str] | None,  # typer drops all but the last of an option that takes one
    typer.Option(
        "--export", metavar="FORMAT", help=f"Give the answer with its citations as one of these: {', '.join(FORMATS)}"
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the export here and print the answer as usual")
]


def check_options(exports: Sequence[str] | None, file: Path | None) -> FormatName | None:
    """The format asked for. Raises BadInput before anything is asked."""
    formats = [name for name in FORMATS if name in (exports or ())]
    if len(formats) < len(exports or ()):
        raise BadInput(f"--export: give one of {', '.join(FORMATS)}")
    if len(formats) > 1:
        raise BadInput(f"--export: give one of {', '.join(formats)} at a time")
    export = formats[0] if formats else None
    if file is not None and export is None:
        raise BadInput(f"--out: say what to write with --export: {', '.join(FORMATS)}")
    if file is not None and not file.absolute().parent.is_dir():
        raise BadInput(f"--out: there is no folder {file.absolute().parent}")
    return export


def write_export(answer: AnswerOut, export: FormatName, file: Path) -> None:
    """Raises BadInput."""
    assert answer.exports is not None
    try:
        file.write_text(answer.exports.text(export), encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"--out: {file} cannot be written ({error.strerror})") from error


def read_record_file(file: Path) -> RecordFile:
    """Raises BadInput naming the file and what is wrong in it."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_RECORD_BYTES + 1)
        return read_record(content)
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror})") from error
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from error
