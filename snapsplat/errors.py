"""What the command line alone fails with."""

from render.errors import SnapsplatError


class BatchError(SnapsplatError):
    """Some scenes of a batch could not be made; the ledger has a sentence for each."""
