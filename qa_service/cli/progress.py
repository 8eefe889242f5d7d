"""Progress bars on standard error, for people; nothing where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qa_service.store.indexer import Progress as ProgressCallback

errors = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def printable(text: str) -> str:
    """A text of a document or a file name without what would steer the terminal."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def print_error(error: object) -> None:
    """One line on standard error."""
    errors.print(f"error: {printable(str(error))}".replace("\n", " "), markup=False)


@contextmanager
def shown_progress(what: str) -> Iterator[ProgressCallback]:
    """A bar that follows calls with (done, total); it appears with the first of them."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as progress:
        task = progress.add_task(what, total=None, visible=False)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=True)

        yield show
