"""A run's depth as one surface: triangles for programs that know no Gaussians."""
