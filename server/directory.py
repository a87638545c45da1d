"""Which of several servers has which request: whoever has it first, until it goes or turns the request down."""

from collections import OrderedDict

KEPT = 100_000
"""Requests that are remembered; who asks for an older one is told that it is unknown."""


class Directory:
    """Request id, as its caller chose it -> address of a server. Two callers' equal ids lead to one server, which keeps
    them apart."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[str, str] = OrderedDict()

    def claim(self, request_id: str, address: str) -> tuple[str, bool]:
        """Who has it: `address`, unless another was first; and whether nobody had it before."""
        new = request_id not in self._addresses
        found = self._addresses.setdefault(request_id, address)
        self._addresses.move_to_end(request_id)
        while len(self._addresses) > KEPT:
            self._addresses.popitem(last=False)
        return found, new

    def find(self, request_id: str) -> str | None:
        """Who has it, if anybody."""
        return self._addresses.get(request_id)

    def release(self, request_id: str, address: str) -> None:
        """`address`, whose claim was new, has turned it down, and another may have it."""
        if self._addresses.get(request_id) == address:
            del self._addresses[request_id]

    def forget(self, address: str) -> None:
        """It is gone, and what it had with it."""
        self._addresses = OrderedDict((id, other) for id, other in self._addresses.items() if other != address)
