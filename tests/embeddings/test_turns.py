import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from embeddings import turns
from embeddings.turns import Turns


def take(turn: Callable[[], AbstractContextManager[None]], name: str, order: list[str]) -> threading.Thread:
    """A thread that waits for its turn and then says its name."""

    def run() -> None:
        with turn():
            order.append(name)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.05)  # until it waits
    return thread


def test_a_question_goes_before_a_document_that_came_earlier() -> None:
    shared, order = Turns(), list[str]()
    with shared.filing():
        threads = [take(shared.filing, "document", order), take(shared.question, "question", order)]
    for thread in threads:
        thread.join()
    assert order == ["question", "document"]


def test_one_at_a_time() -> None:
    shared, inside, most = Turns(), 0, 0

    def work(turn: Callable[[], AbstractContextManager[None]]) -> None:
        nonlocal inside, most
        for _ in range(50):
            with turn():
                inside += 1
                most = max(most, inside)
                time.sleep(0)
                inside -= 1

    threads = [threading.Thread(target=work, args=(turn,)) for turn in [shared.question, shared.filing] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_turn_that_fails_is_given_on() -> None:
    shared = Turns()
    with pytest.raises(ZeroDivisionError), shared.question():
        raise ZeroDivisionError
    with shared.filing():
        pass


def test_documents_go_on_under_a_constant_load_of_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.1)
    shared, ended = Turns(), threading.Event()

    def ask() -> None:
        while not ended.is_set():
            with shared.question():
                time.sleep(0.005)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()

    def file() -> None:
        for _ in range(5):
            with shared.filing():
                pass

    filed = threading.Thread(target=file)
    filed.start()
    filed.join(timeout=20)
    ended.set()
    for asker in askers:
        asker.join()
    assert not filed.is_alive()
