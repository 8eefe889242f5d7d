"""Connections over which no request comes are closed: uvicorn keeps them open for ever, and each holds a place.

A client that does not read its answer is still waited for.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""From the first moment, or the end of what came before, to the end of a request's head."""
SILENCE_S = 30.0
"""Between two parts of a request's body, which may take as long as it comes."""


class ReceivingProtocol(H11Protocol):
    """uvicorn's own, with a deadline for what a client owes. An answer takes as long as it takes."""

    _owed: object = None
    """The client's state in which it owes something: IDLE before the end of a head, SEND_BODY before that of a body."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect(h11.IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Called when something came, and for what came during the answer before."""
        super().handle_events()
        state = self.conn.their_state
        if self.transport.get_protocol() is not self or state not in {h11.IDLE, h11.SEND_BODY}:
            self._expect(None)
        elif state is h11.SEND_BODY or state is not self._owed:  # the parts of a head share one deadline
            self._expect(state)

    def _expect(self, owed: object) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        seconds = HEAD_S if owed is h11.IDLE else SILENCE_S
        self._owed, self._deadline = owed, None if owed is None else self.loop.call_later(seconds, self._close)

    def _close(self) -> None:
        if self.flow is not None and self.flow.read_paused:  # the service is behind, not the client
            self._expect(self._owed)
        else:
            self.transport.close()
