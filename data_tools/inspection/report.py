"""Facts of a scene as lines to read."""

from collections import Counter

from data_tools.inspection.facts import DepthFacts, SceneFacts
from data_tools.inspection.judge import Judgement
from recon.training.overlap import GRID_WH, MAX_DEGREES

OVERLAP_MEANS = (
    f"Overlap: points of one photo are followed, a grid of {GRID_WH[0]} x {GRID_WH[1]} pixels at their depth, or at "
    "depths from near to far where none is known; it is the share of them that the best neighbour sees as well, not "
    f"hidden and from a direction at most {MAX_DEGREES:.0f} degrees away."
)
SIZES_LISTED = 3


def report(title: str, facts: SceneFacts, judgement: Judgement, *, metric: bool) -> list[str]:
    """A title with the scale, a line for each kind of fact, and the verdict."""
    unit = "m" if metric else "units"
    rows = [("photos", _sizes(facts)), ("focal", _focal(facts))]
    if facts.overlaps:
        rows += [("neighbours", _neighbours(facts, unit)), ("overlap", _overlap(facts))]
    rows.append(("depth", _depth(facts.depth, unit) if facts.depth is not None else _guessed(facts, unit)))
    verdict = "Not good to train on: " + " ".join(judgement.against) if judgement.against else "Good to train on."
    scale = "metric" if metric else "relative"
    return [
        f"{title}, {scale}",
        *(f"  {what:<11} {said}" for what, said in rows),
        "  " + " ".join([verdict, *judgement.remarks]),
    ]


def _sizes(facts: SceneFacts) -> str:
    sizes = Counter(facts.sizes_wh).most_common()
    shown = [f"{count} of {width} x {height}" for (width, height), count in sizes[:SIZES_LISTED]]
    rest = sum(count for _, count in sizes[SIZES_LISTED:])
    return ", ".join([*shown, *([f"{rest} of other sizes"] if rest else [])])


def _focal(facts: SceneFacts) -> str:
    low, middle, high = facts.focal_px
    spread = f" ({low:.4g} to {high:.4g})" if high > low * 1.001 else ""
    across, down = facts.view_degrees_wh
    return f"{middle:.4g} px{spread}, {across:.1f} x {down:.1f} degrees of view"


def _neighbours(facts: SceneFacts, unit: str) -> str:
    depth = facts.depth.range[1] if facts.depth is not None else 0.0
    share = f", {facts.neighbour_baseline / depth:.1%} of the depth" if depth > 0 else ""
    return f"{facts.neighbour_degrees:.1f} degrees and {facts.neighbour_baseline:.3g} {unit} apart{share} (median)"


def _overlap(facts: SceneFacts) -> str:
    ordered = sorted(facts.overlaps)
    return f"{ordered[len(ordered) // 2]:.0%} (median), {ordered[0]:.0%} (lowest)"


def _depth(depth: DepthFacts, unit: str) -> str:
    if not depth.range[1]:
        return f"known for {depth.known:.0%} of the pixels"
    low, middle, high = depth.range
    agreement = "" if depth.consistency is None else f"; photos agree on {depth.consistency.agreement:.0%}"
    numbers = f"{low:.3g}, {middle:.3g}, {high:.3g} {unit} (5%, 50%, 95%)"
    return f"known for {depth.known:.0%} of the pixels: {numbers}{agreement}"


def _guessed(facts: SceneFacts, unit: str) -> str:
    near, far = facts.guessed_range
    return f"not known; by where the cameras stand and look, {near:.3g} to {far:.3g} {unit}"
