"""The options of `ask` and `search` that say which passages may be found."""

from typing import Annotated

import typer

from qa_service.errors import BadInput
from qa_service.records import Filters
from qa_service.web.requests import read_filters

Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Only passages in this language (BCP 47); may be repeated")
]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only documents from this source; may be repeated")]
DocumentIds = Annotated[
    list[str] | None, typer.Option("--document", metavar="ID", help="Only this document; may be repeated")
]
DateFrom = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="Only documents of this year, month or day, or later")
]
DateTo = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Only documents of this year, month or day, or earlier")
]
IncludeUndated = Annotated[
    bool, typer.Option("--include-undated", help="With --from or --to: documents without a date, too")
]

_FLAGS = {
    "languages": "--language",
    "document_ids": "--document",
    "sources": "--source",
    "date_from": "--from",
    "date_to": "--to",
}


def filters_of(
    languages: list[str] | None,
    sources: list[str] | None,
    document_ids: list[str] | None,
    date_from: str | None,
    date_to: str | None,
    include_undated: bool,
) -> Filters:
    """Raises BadInput naming the option."""
    given = {
        "languages": languages,
        "sources": sources,
        "document_ids": document_ids,
        "date_from": date_from,
        "date_to": date_to,
        "include_undated": include_undated,
    }
    try:
        return read_filters(given)
    except BadInput as error:
        field, _, problem = str(error).partition(": ")
        raise BadInput(f"{_FLAGS[field.split('.')[0]]}: {problem}") from error
