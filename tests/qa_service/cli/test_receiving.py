"""A real server on loopback, and clients that do not finish what they began."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from qa_service.cli import receiving
from qa_service.cli.receiving import ReceivingProtocol

HEAD = b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body, thinks for longer than a client may be silent, and says how long the body was."""
    body = b""
    while scope["path"] != "/early":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"%2d" % len(body)})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(receiving, "HEAD_S", 1.0)
    monkeypatch.setattr(receiving, "SILENCE_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = uvicorn.Server(uvicorn.Config(app, http=ReceivingProtocol, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        running.should_exit = True
        thread.join()


def exchange(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """All that comes back until the server closes or has answered; empty where it closes without a word."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        for part in parts:
            client.sendall(part)
            time.sleep(pause)
        found = b""
        while b"\r\n\r\n" not in found or len(found.split(b"\r\n\r\n")[1]) < 2:
            received = client.recv(1_000)
            if not received:
                break
            found += received
        return found


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: lo", HEAD, HEAD + b"12345"])
def test_a_client_that_falls_silent_is_not_waited_for(port: int, sent: bytes) -> None:
    assert exchange(port, sent) == b""


def test_what_comes_during_an_answer_has_its_deadline_too(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(HEAD + b"1234567890" + HEAD)
        assert b"".join(iter(lambda: client.recv(1_000), b"")).count(b"HTTP/1.1") == 1


def test_a_body_that_comes_after_its_answer_starts_the_next_deadline(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(HEAD.replace(b"/slow", b"/early"))
        received = b""
        while not received.endswith(b"\r\n\r\n 0"):
            received += client.recv(1_000)
        client.sendall(b"1234567890")
        assert client.recv(1_000) == b""


def test_a_head_that_comes_letter_by_letter_has_one_deadline(port: int) -> None:
    letters = [bytes([letter]) for letter in b"GET / HTTP/1.1\r\nHost: localhost\r\n"]
    with pytest.raises(ConnectionError):
        exchange(port, *letters, pause=0.1)


def test_a_body_may_take_its_time_while_it_comes(port: int) -> None:
    assert exchange(port, HEAD, *[b"x"] * 10, pause=0.15).endswith(b"10")


def test_an_answer_takes_as_long_as_it_takes(port: int) -> None:
    assert exchange(port, HEAD + b"1234567890").endswith(b"10")


def test_a_connection_is_used_again(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        for _ in range(3):
            client.sendall(HEAD + b"1234567890")
            received = b""
            while not received.endswith(b"\r\n\r\n10"):
                received += client.recv(1_000)
            assert received.startswith(b"HTTP/1.1 200")
