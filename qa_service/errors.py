"""The errors of the service, raised where they are known and translated once (web/errors.py, cli/).

QAError
├── BadInput              the caller's mistake: names the field or file and what to do
│   ├── BadFile           a file that cannot be taken in
│   │   └── TooLarge      it is larger than QA_MAX_UPLOAD_MB
│   └── NotSupported      a part of the API that is not built yet
├── NotFound              no such document
├── DataDirectoryInUse    another process owns the data directory
├── IndexMismatch         the index was made by another model or pipeline version: reindex
├── StoreError            the data directory cannot be used as it is
└── Stopping              the service ends before this was done
"""


class QAError(Exception):
    """`str(error)` is one line for a person; `code` is stable, for programs."""

    code = "error"


class BadInput(QAError):
    code = "invalid_request"


class BadFile(BadInput):
    """`file` says which, where the error comes instead of the file itself."""

    code = "bad_file"

    def __init__(self, message: str, file: str | None = None) -> None:
        super().__init__(message)
        self.file = file


class TooLarge(BadFile):
    code = "too_large"


class NotSupported(BadInput):
    code = "not_supported"


class NotFound(QAError):
    code = "not_found"


class DataDirectoryInUse(QAError):
    code = "data_directory_in_use"


class IndexMismatch(QAError):
    code = "index_mismatch"


class StoreError(QAError):
    code = "store_error"


class Stopping(QAError):
    code = "stopping"
