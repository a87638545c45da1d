"""Depth of every view: a plane sweep over the other views, made smooth, then made to agree between views."""
