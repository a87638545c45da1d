"""How a job may end without an answer, or be refused before it begins; the table of status codes hangs on these."""

from render.errors import SnapsplatError


class JobError(SnapsplatError):
    """Root of them; the message is a sentence for the client."""


class QueueFullError(JobError):
    """There is no place now; later there may be."""


class TooLargeError(JobError):
    """It will never fit this server, however long one waits."""


class OutOfMemoryError(JobError):
    """The device's memory did not do. An engine raises this where a smaller batch might go well."""


class EngineError(JobError):
    """The engine failed while the job ran, and again when it ran alone."""


class DeadlineError(JobError):
    """Its deadline has passed."""


class JobCancelledError(JobError):
    """Somebody cancelled it."""


class RequestError(JobError):
    """What was sent makes no request. `field` says where: `images[3].photo`."""

    def __init__(self, field: str, problem: str):
        self.field = field
        super().__init__(f"{field} {problem}")
        self._problem = problem

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """See `render.errors.PhotoError`."""
        return type(self), (self.field, self._problem)


class UnknownNameError(RequestError):
    """A model or a kind of file that this server does not have."""


class UploadError(RequestError):
    """The bytes that follow the header are not those that it announced."""


class IncompleteUploadError(UploadError):
    """They ended early, or took too long."""


class ChecksumError(UploadError):
    """There were as many as announced, but others."""


class UnknownRequestError(JobError):
    """Nothing is known of that id, or no more."""

    def __init__(self, request_id: str):
        super().__init__(f"There is no request {request_id!r}, or its result is no longer kept.")
        self._request_id = request_id

    def __reduce__(self) -> tuple[type, tuple[str]]:
        """Between processes as it was made."""
        return type(self), (self._request_id,)


class IdTakenError(JobError):
    """The id belongs to a request with another header."""


class DrainingError(JobError):
    """The server is about to stop."""


class UnauthenticatedError(JobError):
    """Nothing says who calls, or nobody knows the token that does."""


class PrincipalLimitError(JobError):
    """One caller asks for more than its share. `retry_seconds` is when it may try again; None: not as it is."""

    def __init__(self, sentence: str, retry_seconds: float | None):
        self.retry_seconds = retry_seconds
        super().__init__(sentence)

    def __reduce__(self) -> tuple[type, tuple[str, float | None]]:
        """Between processes as it was made."""
        return type(self), (str(self), self.retry_seconds)
