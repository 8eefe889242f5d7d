"""The errors of the vector side."""


class ModelError(Exception):
    """A model that cannot be used; `str(error)` says what is wrong and what to do."""


class IndexFileError(Exception):
    """An index file that is missing, damaged or not the one that was committed."""
