"""What `Render` sends -> whole image files, one after the other."""

from server.pb import service_pb2
from snapsplat.client.errors import BrokenAnswerError


class Pictures:
    """Puts pieces together."""

    def __init__(self) -> None:
        self._index = 0
        self._pieces = bytearray()

    def take(self, piece: service_pb2.RenderResponse) -> bytes | None:
        """The image that `piece` completes, if it does.

        Raises:
            BrokenAnswerError: it is not the next.
        """
        if (piece.camera_index, piece.offset_bytes) != (self._index, len(self._pieces)):
            raise BrokenAnswerError(f"The server sends image {piece.camera_index} out of its turn.")
        self._pieces += piece.content
        if len(self._pieces) < piece.size_bytes:
            return None
        whole, self._pieces = bytes(self._pieces), bytearray()
        self._index += 1
        return whole

    def end(self, cameras: int) -> None:
        """Nothing more comes.

        Raises:
            BrokenAnswerError: it is not all.
        """
        if self._index != cameras or self._pieces:
            raise BrokenAnswerError(f"The server sent {self._index} of {cameras} images.")
