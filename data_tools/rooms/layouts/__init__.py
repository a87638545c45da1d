"""Kinds of places, a file each: a function that makes a stage of random numbers."""
