"""Endless random scenes with true cameras and depth: described by a seed, drawn by OpenGL or Cycles."""
