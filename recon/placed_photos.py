"""Where the photos of one scene were taken from: known long before the scene is."""

from dataclasses import dataclass, replace

from recon.prediction import CameraEstimate, CameraOrigin
from recon.views import Views
from render.cameras import Cameras
from render.errors import CamerasError, ReconstructionError, SnapsplatError


@dataclass(frozen=True)
class PlacedPhotos:
    """The photos of one scene, in order."""

    cameras: Cameras
    """In pixels of the original photos."""
    origin: tuple[CameraOrigin, ...]


def placed_photos(
    views: Views, estimate: CameraEstimate, scene: int, members: list[int]
) -> PlacedPhotos | SnapsplatError:
    """What was found of one scene's cameras, or why it ends here; `members` are its photos among the packed views."""
    origin: tuple[CameraOrigin, ...] = tuple(estimate.origin[v] for v in members)
    registered = sum(o != "not registered" for o in origin)
    if registered < min(2, len(members)):
        reason = " ".join(estimate.warnings[scene]) or "Fewer than two photos could be registered."
        return (CamerasError if estimate.given_refused[scene] else ReconstructionError)(reason)
    # One pose fixes no scale: metres are metres only between two cameras.
    metric = views.metric[scene] and origin.count("given") >= 2
    return PlacedPhotos(_in_originals(views, estimate.cameras, members, metric), origin)


def _in_originals(views: Views, on_grid: Cameras, members: list[int], metric: bool) -> Cameras:
    """Cameras on the grid -> in pixels of the original photos; what was given comes out bit for bit."""
    cameras = views.to_originals(on_grid.to("cpu"))[members]
    K = cameras.K_px.clone()
    for i, v in enumerate(members):
        given = views.known[v].K_px
        if given is not None:
            K[i] = given
    return replace(cameras, K_px=K, scale="metric" if metric else "relative")
