"""A reconstruction as something to look at: for notebooks, videos and pages."""

from recon.reconstruction import Reconstruction
from render.cells import reduced
from render.points import Points
from render.view.folder import PICTURE_SIDE_PX, sampled_points
from render.view.scene import ViewedScene


def viewed(reconstruction: Reconstruction) -> ViewedScene:
    """What there is to look at: photos without a camera are left out."""
    views = [view for view, origin in enumerate(reconstruction.origin) if origin != "not registered"]
    pictures = tuple(reduced(reconstruction.photos[view], PICTURE_SIDE_PX) for view in views)
    points = [
        sampled_points(
            reconstruction.cameras[[view]],
            picture,
            reconstruction.depth[view].numpy(),
            reconstruction.confidence[view].numpy(),
        )
        for view, picture in zip(views, pictures, strict=True)
    ]
    return ViewedScene(
        reconstruction.gaussians,
        reconstruction.cameras[views],
        tuple(reconstruction.names[view] for view in views),
        pictures,
        Points.concatenate(points),
    )
