"""A request's messages as gRPC's own thread takes them: the header, and the rest once the server has asked for it."""

import threading
from collections.abc import Iterator

from server.pb import request_pb2
from snapsplat.client.order import Order


class Upload:
    """Of one call."""

    def __init__(self, order: Order):
        """Nothing is read yet."""
        self._order = order
        self._known = threading.Event()
        self._wanted = False
        self._error: Exception | None = None

    def messages(self) -> Iterator[request_pb2.ReconstructRequest]:
        """For gRPC, which must not see an exception: it would end the call as one that broke."""
        yield self._order.first()
        self._known.wait()
        try:
            if self._wanted:
                yield from self._order.chunks()
        except Exception as error:  # noqa: BLE001 - whatever it is, `check` lets it out
            self._error = error

    def go_on(self, wanted: bool) -> None:
        """Whether the bytes are to be sent; what is said first counts."""
        if not self._known.is_set():
            self._wanted = wanted
            self._known.set()

    def check(self) -> None:
        """To be asked where the call has failed.

        Raises:
            PhotoError: it did so because a photo could not be read any more.
        """
        if self._error is not None:
            raise self._error
