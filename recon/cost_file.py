"""What batches really took on this machine, kept so that the next forecast rests on them."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch

from recon.cost import CostModel, Load, Measured
from render.files.atomic import write_atomically

KEPT = 200
"""Measurements of a model on a device; older ones go."""


def device_name(device: torch.device, threads: int | None = None) -> str:
    """By which measurements are kept: a CPU is another with another number of threads, by default this process'."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu, {threads or torch.get_num_threads()} threads"


def cost_file() -> Path:
    """In the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "snapsplat" / "cost.json"


class KeptCosts:
    """Measurements by model, of one device; a model is fitted when it is asked for."""

    def __init__(self, device: str, file: Path | None = None):
        """What cannot be read is taken for empty: the defaults do until something is measured."""
        self.device = device
        self._file = file or cost_file()
        self._measured = self._read().get(device, {})
        self._fitted: dict[str, CostModel] = {}

    def _read(self) -> dict[str, dict[str, list[Measured]]]:
        try:
            content = json.loads(self._file.read_text())
            return {
                device: {
                    model: [Measured(Load(**one["load"]), one["seconds"], one["peak_bytes"]) for one in rows]
                    for model, rows in models.items()
                }
                for device, models in content.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def model(self, name: str) -> CostModel:
        """Fitted to what was measured of that network."""
        if name not in self._fitted:
            self._fitted[name] = CostModel.fitted(self._measured.get(name, []))
        return self._fitted[name]

    def learn(self, name: str, measured: Measured) -> None:
        """One more batch."""
        rows = self._measured.setdefault(name, [])
        rows.append(measured)
        del rows[:-KEPT]
        self._fitted.pop(name, None)

    def save(self) -> None:
        """For the next process; other devices' stay. A cache that cannot be written is done without.

        Another thread may `learn` meanwhile.
        """
        measured = {model: list(rows) for model, rows in list(self._measured.items())}
        content = self._read() | {self.device: measured}
        plain = {
            device: {model: [asdict(one) for one in rows] for model, rows in models.items()}
            for device, models in content.items()
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, json.dumps(plain).encode())
        except OSError:
            return
