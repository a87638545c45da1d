"""What a run leaves to be brought back: weights to release, what going on needs in pieces, and a report."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch

from bench.carried import STATE
from data_tools.make_weights import to_safetensors
from render.files.atomic import write_atomically

PIECE_BYTES = 15_000_000
"""Machines give back files up to a size, and few of them."""
GOES_ALONG = ("last.pt", "before.json", "log")
"""Of a stage's folder; its best weights are beside, in half precision, and samples can be made again."""


@dataclass(frozen=True)
class StageReport:
    """Of one call."""

    name: str
    begun: str
    """From what, in words."""
    steps: tuple[int, int]
    """Done before this call, and after it."""
    seconds_a_step: float
    """Of wall clock, with waiting for samples."""
    scenes: tuple[int, int]
    """Made before this call, and after it; the validation's not counted."""
    before: dict[str, float]
    """Validation of what the first call began with."""
    after: dict[str, float]
    """Of the best weights until now."""


def bring_back(run: Path, out: Path, reports: list[StageReport], facts: list[str], said: list[str]) -> None:
    """Write weights, state and report into `out`, over those of an earlier call."""
    out.mkdir(parents=True, exist_ok=True)
    for best in run.glob("*/best.safetensors"):
        steps = next((report.steps[1] for report in reports if report.name == best.parent.name), 0)
        metadata = {
            "licence": "Apache-2.0",
            "copyright": "the snapsplat authors",
            "training": f"bench/gpu_train.py, {steps} steps: {'; '.join(facts)}",
        }
        content = to_safetensors(safetensors.torch.load_file(best), metadata)
        write_atomically(out / f"{best.parent.name}.safetensors", content)
    write_state(run, out)
    write_atomically(out / "report.md", report_of(reports, facts, said).encode())


def write_state(run: Path, out: Path) -> None:
    """In pieces, to be put together by `bench.carried.unpack_state`."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for stage in sorted(path.parent for path in run.glob("*/last.pt")):
            for name in GOES_ALONG:
                if (stage / name).exists():
                    archive.add(stage / name, f"{stage.name}/{name}")
    for old in out.glob(f"{STATE}.[0-9][0-9]"):
        old.unlink()
    content = held.getvalue()
    for piece, start in enumerate(range(0, len(content), PIECE_BYTES)):
        write_atomically(out / f"{STATE}.{piece:02d}", content[start : start + PIECE_BYTES])


def report_of(reports: list[StageReport], facts: list[str], said: list[str]) -> str:
    """Markdown: what ran where, a row for each stage and figure, and what training said."""
    lines = [
        "# Training\n",
        *(f"- {fact}" for fact in facts),
        "\n| stage | begun from | steps before | after | seconds a step | scenes before | after |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in reports:
        lines.append(
            f"| {r.name} | {r.begun} | {r.steps[0]} | {r.steps[1]} | {r.seconds_a_step:.3f} "
            f"| {r.scenes[0]} | {r.scenes[1]} |"
        )
    lines += ["\n| stage | validation | begun with | best |", "|---|---|---|---|"]
    for r in reports:
        lines += [f"| {r.name} | {name} | {r.before[name]:.4f} | {r.after[name]:.4f} |" for name in r.before]
    return "\n".join([*lines, "\n```text", *said, "```\n"])
