"""Where a job stands, and how long it is likely to wait: what a client is told meanwhile."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.jobs import Job
from server.lanes import Lane
from server.policy import Policy


@dataclass(frozen=True)
class Outlook:
    """Of a job that waits, or that would be submitted now."""

    position: int
    """How many wait and go before it."""
    wait_seconds: float
    """Until it begins, if nothing more urgent comes, by the forecast."""


AT_ONCE = Outlook(0, 0.0)
"""Nothing is before it, and an engine has nothing else to do."""


def outlook(ahead: Iterable[Job], lanes: Sequence[Lane], policy: Policy, now: float) -> Outlook:
    """What is ahead, and what runs, shared out evenly among the engines that work."""
    # A second try runs alone: whatever its shape, it shares its batch with none.
    counts = Counter((job.shape, job.id if job.suspect else None) for job in ahead)
    seconds = sum(_left(lane, policy, now) for lane in lanes)
    seconds += sum(policy.seconds(shape, jobs, policy.most_bytes) for (shape, _), jobs in counts.items())
    idle = any(lane.takes and not lane.batches for lane in lanes)
    sound = max(1, sum(not lane.broken for lane in lanes))
    return Outlook(counts.total(), 0.0 if idle and not counts else seconds / sound)


def _left(lane: Lane, policy: Policy, now: float) -> float:
    if not lane.batches:
        return 0.0
    needed = sum(policy.seconds(batch.shape, len(batch.jobs), lane.ceiling.now_bytes) for batch in lane.batches)
    return max(0.0, needed - (now - lane.batches[0].started))
