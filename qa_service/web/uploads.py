"""What a form of files asks for: which files, with what beside them, and what is answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from qa_service.errors import BadFile, BadInput, QAError, TooLarge
from qa_service.ingest.describe import is_text
from qa_service.ingest.sidecar import is_sidecar, owner_among
from qa_service.records import Failure, TakenIn
from qa_service.store.jobs import StagedFile
from qa_service.web.document_responses import ReceiptOut
from qa_service.web.errors import describe_validation
from qa_service.web.requests import MAX_PATH, GivenMetadata, GivenOrigins
from qa_service.web.upload_form import SentFile, UploadForm

T = TypeVar("T", bound=BaseModel)

_FIELDS = {"metadata", "metadata_origins", "path", "replace"}
_YES_NO = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class Upload:
    """The files of a request that can be taken in, and those that cannot."""

    files: tuple[StagedFile, ...]
    failures: tuple[Failure, ...]

    @property
    def count(self) -> int:
        return len(self.files) + len(self.failures)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class FailureOut(BaseModel):
    """A file that was not taken in, and why."""

    file_name: str
    error_code: str
    detail: str

    @classmethod
    def of(cls, failure: Failure) -> "FailureOut":
        return cls(file_name=failure.file_name, error_code=failure.code, detail=failure.reason)


class ReceiptsOut(BaseModel):
    """What was done with several files, in the order in which they came."""

    receipts: list[ReceiptOut]
    failures: list[FailureOut]


def read_upload(form: UploadForm, max_file: int) -> Upload:
    """Raises BadInput naming the field."""
    if unknown := sorted(set(form.fields) - _FIELDS):
        raise BadInput(f"{unknown[0][:80]!a}: is not a field; there are file, {', '.join(sorted(_FIELDS))}")
    replaces = _read_replace(form.fields.get("replace", ""))
    path = _read_path(form)
    origins = _read_origins(form)
    metadata = _read_metadata(form.fields.get("metadata", "") or "{}", form.files)
    files, failures = [], []
    names = {sent.name for sent in form.files}
    for sent, given in zip(form.files, metadata, strict=True):
        if is_sidecar(PurePosixPath(sent.name)) and (owner := owner_among(sent.name, names)):
            reason = f"{sent.name}: what it says of {owner} goes into the field metadata of the form"
            failures.append(Failure(sent.name, BadFile.code, reason))
        elif sent.staged is None:
            reason = f"{sent.name}: larger than {max_file // 1_000_000} MB (QA_MAX_UPLOAD_MB)"
            failures.append(Failure(sent.name, TooLarge.code, reason))
        else:
            name = sent.name if replaces else None
            files.append(StagedFile(sent.staged, sent.size, sent.name, given, path, name, origins))
    return Upload(tuple(files), tuple(failures))


def only_result(upload: Upload, taken_in: TakenIn) -> ReceiptOut | None:
    """The receipt where one document was sent; None where there is more to tell. Raises why it was not taken in."""
    if upload.count > 1 or taken_in.is_container or len(taken_in.receipts) + len(taken_in.failures) != 1:
        return None
    if taken_in.receipts:
        return ReceiptOut.of(taken_in.receipts[0])
    raise _error(taken_in.failures[0])


def status_of(receipts: Sequence[ReceiptOut]) -> int:
    """201 when something came in, 200 when all of it was there already."""
    return 200 if all(receipt.status in {"unchanged", "described"} for receipt in receipts) else 201


def _error(failure: Failure) -> QAError:
    return (TooLarge if failure.code == TooLarge.code else BadFile)(failure.reason)


def _read_replace(value: str) -> bool:
    if value.casefold() not in _YES_NO:
        raise BadInput("replace: must be true or false")
    return _YES_NO[value.casefold()]


def _read_path(form: UploadForm) -> str | None:
    """Where the one file stands for good with whoever sends it. It names the document's versions, and is not opened."""
    path = form.fields.get("path") or None
    if path is None:
        return None
    if len(form.files) > 1:
        raise BadInput("path: goes with one file a request")
    if len(path) > MAX_PATH:
        raise BadInput(f"path: longer than {MAX_PATH:,} characters")
    if not is_text(path):
        raise BadInput("path: holds a NUL or half a surrogate pair, which no path has")
    return path


def _read_origins(form: UploadForm) -> dict[str, str]:
    """Of the metadata of the one file, by field."""
    text = form.fields.get("metadata_origins") or "{}"
    if len(form.files) > 1 and text != "{}":
        raise BadInput("metadata_origins: goes with one file a request")
    return {str(name): origin for name, origin in _checked(GivenOrigins, text, "metadata_origins").root.items()}


def _read_metadata(text: str, files: Sequence[SentFile]) -> list[dict[str, str]]:
    """What is given of each file: an object for one, for several an object of such objects by file name."""
    if len(files) == 1:
        return [_given(text, "metadata")]
    try:
        by_name = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("metadata: must be a JSON object") from error
    if not isinstance(by_name, dict) or not all(isinstance(each, dict) for each in by_name.values()):
        raise BadInput('metadata: with several files, give an object by file name: {"a.txt": {"title": "..."}}')
    if unknown := set(by_name) - {name for file in files for name in (file.name, file.sent_as)}:
        raise BadInput(f"metadata: no file of this request is called {min(unknown)[:80]!a}")
    return [
        _given(json.dumps(by_name.get(file.sent_as, by_name.get(file.name, {}))), f"metadata.{file.name}")
        for file in files
    ]


def _given(text: str, field: str) -> dict[str, str]:
    return _checked(GivenMetadata, text, field).model_dump(exclude_none=True)


def _checked(model: type[T], text: str, field: str) -> T:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        problem = describe_validation(error.errors()).replace(", sent as application/json", "")
        raise BadInput(f"{field}: {problem.removeprefix('body: ')}") from error
