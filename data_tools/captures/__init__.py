"""Folders of photos with known cameras, as other tools leave them -> scenes to train on."""
