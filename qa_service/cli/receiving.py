"""Connections over which no request comes are closed: uvicorn keeps them open for ever, and each holds a place."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""From the first moment to the end of a request's head."""
SILENCE_S = 30.0
"""Between two parts of a request's body, which may take as long as it comes."""


class ReceivingProtocol(H11Protocol):
    """uvicorn's own, with a deadline for what a client owes. An answer takes as long as it takes."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.get_protocol() is not self or self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._expect(None)
        elif self.conn.their_state is h11.SEND_BODY:
            self._expect(SILENCE_S)
        elif self._deadline is None:  # the next head begins; its parts share one deadline
            self._expect(HEAD_S)

    def _expect(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._close)

    def _close(self) -> None:
        if self.flow is not None and self.flow.read_paused:  # the service is behind, not the client
            self._expect(SILENCE_S)
        else:
            self.transport.close()
