"""What is looked at stays what it was: drawn as before where it is moved, rescaled, thinned out or laid on another."""

from dataclasses import replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from render.edit import strongest
from render.rasterize import rasterize
from render.view.room import weights
from render.view.scene import SHOWN_DISTANCE, ViewedScene
from render.view.similarity import Similarity, laid_on
from tests.render.view.viewed import small_viewed

MOVE = Similarity(Rotation.from_euler("xyz", [0.4, -2.0, 1.0]).as_matrix(), np.array([1.0, 2.0, -3.0]), 2.5)


def drawn(scene: ViewedScene) -> torch.Tensor:
    return rasterize(scene.gaussians, scene.cameras).rgb


def test_moving_a_scene_leaves_what_its_cameras_see():
    scene = small_viewed(coeff=1)
    torch.testing.assert_close(drawn(scene.moved(MOVE)), drawn(scene), atol=2e-3, rtol=0)
    np.testing.assert_allclose(scene.moved(MOVE).up, MOVE.R @ scene.up, atol=1e-9)


def test_as_shown_has_one_colour_from_everywhere_and_a_unit_that_viewers_like():
    scene = small_viewed()
    shown = scene.as_shown()
    assert shown.gaussians.sh_degree == 0
    assert abs(shown.distance - SHOWN_DISTANCE) < 1e-5
    # The middle camera stands in the middle of all: there nothing changes but for colours above 1, which are cut.
    torch.testing.assert_close(drawn(shown)[1], drawn(scene)[1], atol=0.06, rtol=0)


def test_a_scene_is_laid_on_its_moved_self():
    scene = small_viewed()
    found = laid_on(scene.cameras, scene.moved(MOVE).cameras)
    np.testing.assert_allclose(found.R, MOVE.R, atol=1e-9)
    np.testing.assert_allclose(found.t, MOVE.t, atol=1e-9)
    assert abs(found.scale - MOVE.scale) < 1e-9
    alone = laid_on(scene.cameras[[0]], scene.moved(replace(MOVE, scale=1.0)).cameras[[0]])
    np.testing.assert_allclose(alone.applied(scene.cameras.centres.numpy()[:1]), [MOVE.R @ [-1, 0, 0] + MOVE.t])


def test_moves_follow_each_other_and_are_undone():
    xyz = small_viewed().gaussians.means.numpy().astype(float)
    other = Similarity(MOVE.R.T, np.array([0.0, 1.0, 0.5]), 0.3)
    np.testing.assert_allclose(other.after(MOVE).applied(xyz), other.applied(MOVE.applied(xyz)), atol=1e-9)
    np.testing.assert_allclose(MOVE.inverse.applied(MOVE.applied(xyz)), xyz, atol=1e-9)


def test_what_the_cameras_see_is_kept_and_a_made_up_camera_does_not_say():
    scene = small_viewed()
    # Behind all cameras, and as solid as any.
    means, opacities = scene.gaussians.means.clone(), scene.gaussians.opacities.clone()
    means[:50, 2], opacities[:50] = -5, 0.99
    scene = replace(scene, gaussians=replace(scene.gaussians, means=means, opacities=opacities))
    seen = strongest(scene.gaussians, 150, weights(scene))
    assert torch.equal(seen.means, means[50:])
    assert weights(replace(scene, photographed=False)) is None
