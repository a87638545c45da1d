"""Photos in, Gaussians out: reading photos, the network and its stages, the engine that runs it."""
