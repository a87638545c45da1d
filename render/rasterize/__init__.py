"""Drawing Gaussians: `rasterize(gaussians, cameras, options) -> RenderOutput`."""

from render.rasterize.api import RasterizeOptions, RenderOutput, rasterize

__all__ = ["RasterizeOptions", "RenderOutput", "rasterize"]
