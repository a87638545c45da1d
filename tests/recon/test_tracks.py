"""Tracks are the connected components of matches, whatever the order of the pairs."""

import numpy as np

from recon.network.cameras.tracks import build_tracks

POINTS = [np.arange(6.0).reshape(3, 2), np.arange(6.0).reshape(3, 2) + 10, np.arange(6.0).reshape(3, 2) + 20]


def as_sets(tracks) -> set[frozenset]:
    bounds = zip(tracks.start[:-1], tracks.start[1:], strict=True)
    return {
        frozenset((int(v), *map(float, p)) for v, p in zip(tracks.view[a:b], tracks.xy[a:b], strict=True))
        for a, b in bounds
    }


def test_matches_through_a_third_view_join():
    tracks = build_tracks(POINTS, {(0, 1): np.array([[0, 1]]), (1, 2): np.array([[1, 2]])})
    assert as_sets(tracks) == {frozenset({(0, 0.0, 1.0), (1, 12.0, 13.0), (2, 24.0, 25.0)})}


def test_two_points_of_one_view_in_one_track_drop_it():
    tracks = build_tracks(
        POINTS, {(0, 1): np.array([[0, 0], [2, 2]]), (0, 2): np.array([[1, 1]]), (1, 2): np.array([[0, 1]])}
    )
    assert as_sets(tracks) == {frozenset({(0, 4.0, 5.0), (1, 14.0, 15.0)})}


def test_order_of_pairs_does_not_matter():
    rng = np.random.default_rng(0)
    points = [rng.normal(size=(20, 2)) for _ in range(4)]
    pairs = {
        (a, b): np.stack([rng.permutation(20)[:5], rng.permutation(20)[:5]], 1)
        for a in range(4)
        for b in range(a + 1, 4)
    }
    forward = build_tracks(points, pairs)
    backward = build_tracks(points, dict(reversed(pairs.items())))
    assert as_sets(forward) == as_sets(backward)
    assert len(forward) > 3


def test_no_matches_no_tracks():
    assert len(build_tracks(POINTS, {})) == 0
