"""Focal lengths and poses of every view, from matches and robust solvers; given cameras pass through untouched."""
