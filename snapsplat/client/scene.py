"""What was received, as the library has it. Imported by who asks for that: it loads torch."""

from dataclasses import replace
from pathlib import Path

from recon.reconstruction import Reconstruction
from recon.saved import KINDS, load_reconstruction
from snapsplat.client.order import Order
from snapsplat.client.received import Answer

__all__ = ["KINDS", "received_scene"]


def received_scene(order: Order, answer: Answer, folder: Path) -> Reconstruction:
    """The scene whose files lie in `folder`."""
    photos = folder / "photos"
    photos.mkdir()
    scene = load_reconstruction(folder, order.photo_files(photos))
    warnings = [*order.warnings, *scene.report.get("warnings", [])]
    return replace(scene, report={**scene.report, "request_id": answer.request_id, "warnings": warnings})
