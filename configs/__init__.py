"""The Hydra tree, as package data: its folders are those of the code."""
