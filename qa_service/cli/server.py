"""`serve`: one process with the chat and the API."""

import asyncio
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from embeddings.model_choice import import_runtime
from qa_service import app
from qa_service.cli.batch import Batch, add_files
from qa_service.cli.output import print_failures
from qa_service.cli.progress import errors, shown_progress
from qa_service.cli.receiving import ReceivingProtocol
from qa_service.config import Settings
from qa_service.errors import BadInput
from qa_service.memory import use_few_heaps
from qa_service.records import Receipt
from qa_service.service import Service
from qa_service.store.lock import DataDirectoryLock

_GRACE_S = 5
_TAKING_IN_GRACE_S = 2  # then there is time left to answer that it was interrupted
_BACKLOG = 128


def run_server(settings: Settings, index_if_empty: Path | None) -> None:
    """Answers once everything is loaded, until it is told to stop. Raises BadInput when the address is taken."""
    use_few_heaps()
    signal.signal(signal.SIGTERM, _exit)  # uvicorn raises the signal again when it has stopped: close in order
    with closing(_bind(settings.host, settings.port)) as listener, ThreadPoolExecutor(1) as beside:
        import_runtime(settings.runtime)
        web = beside.submit(_import_web)
        url = _url(settings.host, listener.getsockname()[1])
        with DataDirectoryLock(settings.data_dir, "serve", url):
            with shown_progress("Building the model") as progress:
                encoder = app.choose_encoder(settings, progress)
            reranker = app.choose_reranker(settings, encoder)
            with closing(app.open_service(settings, encoder, reranker)) as service:
                if index_if_empty is not None and service.is_empty():
                    batch: Batch[Receipt] = Batch()
                    add_files(service.add, [index_if_empty], settings, batch)
                    print_failures(batch)
                    service.settle()
                service.load_texts()
                config = uvicorn.Config(
                    web.result()(service, settings),
                    http=ReceivingProtocol,
                    log_level="warning",
                    server_header=False,
                    timeout_graceful_shutdown=_GRACE_S,
                )
                errors.print(f"qa-service answers at {url} (chat), {url}/docs (API); stop it with Ctrl-C")
                service.jobs.resume()
                StoppingServer(config, service).run(sockets=[listener])


class StoppingServer(uvicorn.Server):
    """Told to stop, it lets small uploads end and interrupts large ones: else a document would outlast the grace."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.jobs.stop()
        asyncio.get_running_loop().call_later(_TAKING_IN_GRACE_S, self._service.interrupt)
        await super().shutdown(sockets)
        self._service.interrupt()


def _import_web() -> Callable[[Service, Settings], FastAPI]:
    """Takes two seconds, which the model takes too: on two cores both at once."""
    from qa_service.web.app import create_app  # noqa: PLC0415

    return create_app


def _exit(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that no host name has
        raise BadInput(f"cannot listen on {host}: no such address (QA_HOST)") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)  # now, so that the address is taken; who calls early waits until all is loaded
    except OSError as error:
        listener.close()
        raise BadInput(f"cannot listen on {host}:{port}: {error.strerror} (QA_HOST, QA_PORT)") from error
    return listener


def _url(host: str, port: int) -> str:
    """Where this machine reaches a service that listens on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable and "[" not in reachable else f"http://{reachable}:{port}"
