"""Homographies of turns are told from those of planes."""

import numpy as np
import pytest

from recon.network.cameras.degenerate import are_turns
from recon.network.cameras.problem import REFERENCE_LONG_SIDE


def turn(degrees: float) -> np.ndarray:
    a = np.radians(degrees)
    return np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])


def homography(R: np.ndarray, t: np.ndarray, focal: float) -> np.ndarray:
    """Of the plane z = 1 before the first camera; with t = 0 of any scene."""
    K = np.diag([focal, focal, 1])
    return K @ (R + np.outer(t, [0, 0, 1])) @ np.linalg.inv(K)


UNKNOWN = np.full((3, 2), np.nan)


@pytest.mark.parametrize("focal", [0.6, 1.1, 2.5])
def test_turns_are_found_at_any_focal(focal: float):
    focal *= REFERENCE_LONG_SIDE
    H = np.stack([homography(turn(degrees), np.zeros(3), focal) for degrees in (0, 3, 15)])
    assert are_turns(H, UNKNOWN)
    assert are_turns(H, np.full((3, 2), focal))
    assert not are_turns(H, np.full((3, 2), 1.5 * focal))


@pytest.mark.parametrize("step", [(0.1, 0, 0), (0.05, 0.05, 0), (0, 0, 0.2)])
def test_steps_before_a_plane_are_no_turns(step: tuple):
    H = np.stack([homography(turn(8 * k - 4), k * np.array(step), REFERENCE_LONG_SIDE) for k in (1, 2, 3)])
    assert not are_turns(H, np.full((3, 2), REFERENCE_LONG_SIDE))
    assert not are_turns(H, UNKNOWN)
