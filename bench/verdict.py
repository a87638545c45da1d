"""How far the report's own measure ranks runs as their true PSNR does: Spearman's rho with its bootstrap interval.

`python bench/verdict.py runs.jsonl`: each line of the file is one run, an object with `scene`, `psnr` (of photos that
were held back) and `report`, which is what report.json holds. The project's judge writes such files.
"""

import json
import statistics
import sys
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

SAMPLES = 2000


def main(paths: list[str]) -> None:
    """Print a table: rho over all runs, and mean PSNR by verdict."""
    rows = [json.loads(line) for path in paths for line in Path(path).read_text().splitlines()]
    rows = [row for row in rows if "quality" in (row.get("report") or {})]
    if not rows:
        sys.exit(f"{' '.join(paths) or 'No file'} holds no run with a quality in its report.")
    scenes = sorted({row["scene"] for row in rows})
    of_scene = {scene: [i for i, row in enumerate(rows) if row["scene"] == scene] for scene in scenes}
    quality = np.array([row["report"]["quality"] for row in rows])
    psnr = np.array([row["psnr"] for row in rows])
    rng = np.random.default_rng(0)
    # Runs of one scene resemble each other: scenes are drawn, with all their runs.
    drawn = ([i for s in rng.choice(scenes, len(scenes)) for i in of_scene[s]] for _ in range(SAMPLES))
    low, high = np.nanpercentile([spearmanr(quality[i], psnr[i])[0] for i in drawn], [2.5, 97.5])
    print("| scenes | runs | Spearman's rho of quality and PSNR | 95 % |\n|---|---|---|---|")
    print(f"| {len(scenes)} | {len(rows)} | {spearmanr(quality, psnr)[0]:.2f} | {low:.2f} to {high:.2f} |\n")
    print("| verdict | runs | mean PSNR |\n|---|---|---|")
    for word in ("good", "usable", "poor"):
        found = [row["psnr"] for row in rows if row["report"]["verdict"] == word]
        print(f"| {word} | {len(found)} | {statistics.mean(found) if found else float('nan'):.2f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
