"""The bottom layer: cameras, Gaussians, rasterizers and file formats. Knows nothing of photos or networks."""
