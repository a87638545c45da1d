"""Pictures against geometry: depth of planes and balls, places of marks, light and shadow where they must be."""

import numpy as np
import pytest

from data_tools.rooms.gl_geometry import geometry, in_sight
from data_tools.rooms.gl_uniforms import projection
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.overlap import lifted, share_seen
from data_tools.rooms.placing import at, look_at
from data_tools.rooms.round_shapes import ball
from data_tools.rooms.scene import Camera, Lights, Placed, PointLight, Scene, Sky, Sun
from data_tools.rooms.shapes import Look, box, quad
from tests.data_tools.rooms.gl_scenes import camera, floor, rays, renderer, scene


@pytest.mark.parametrize("height", [0.0, 0.6])
def test_depth_of_a_plane_is_exact_at_pixel_centres(height: float):
    view = camera()
    with renderer().load(scene(floor(height))) as loaded:
        depth = loaded.shoot(view, 1.0).depth
    directions = rays(view)
    expected = (height - view.T_world_camera[1, 3]) / directions[..., 1]
    hit = view.T_world_camera[:3, 3] + directions * expected[..., None]
    seen = (expected > 0) & (np.abs(hit[..., [0, 2]]).max(-1) < 49)
    np.testing.assert_allclose(depth[seen], expected[seen], rtol=2e-4)
    assert np.isinf(depth[(expected < 0) | (np.abs(hit[..., [0, 2]]).max(-1) > 51)]).all()


def test_depth_of_a_ball():
    view = camera(target=(0.0, 0.5, 0.0))
    with renderer().load(scene(Placed(Mesh("ball", (ball(Look(), (1.0, 1.0, 1.0), steps=160),)), np.eye(4)))) as loaded:
        depth = loaded.depth(view)
    directions, centre = rays(view), np.array([0, 0.5, 0]) - view.T_world_camera[:3, 3]
    along, square = directions @ centre, (directions**2).sum(-1)
    inside = along**2 - square * (centre @ centre - 0.25)
    sure = inside > 0.05
    expected = (along - np.sqrt(inside.clip(0))) / square
    np.testing.assert_allclose(depth[sure], expected[sure], atol=2e-3)
    assert np.isinf(depth[inside < -0.05]).all()


def test_a_small_bright_ball_is_where_it_projects_to():
    view = camera(size_wh=(192, 128))
    for place in ((0.1, 0.5, 0.2), (-0.5, 0.9, -0.3), (0.4, 0.3, 0.5)):
        mark = Placed(
            Mesh("mark", (ball(Look((1.0, 1.0, 1.0)), (0.04, 0.04, 0.04)),)), at(np.array(place) - (0, 0.02, 0))
        )
        with renderer().load(scene(mark)) as loaded:
            brightness = loaded.shoot(view, 3.0).rgb.mean(-1)
        u, v = np.meshgrid(np.arange(192) + 0.5, np.arange(128) + 0.5)
        found = np.array([(u * brightness).sum(), (v * brightness).sum()]) / brightness.sum()
        seen = view.K_px @ (np.linalg.inv(view.T_world_camera) @ (*place, 1.0))[:3]
        np.testing.assert_allclose(found, seen[:2] / seen[2], atol=0.1)


def test_texture_lies_with_its_first_row_on_top():
    texture = np.zeros((8, 8, 3), np.uint8)
    texture[:4, :4], texture[4:, 4:] = (255, 0, 0), (0, 0, 255)
    wall = quad(Look(texture=texture), np.array([(-0.5, 0, 0), (0.5, 0, 0), (0.5, 1, 0), (-0.5, 1, 0.0)]))
    view = Camera(np.array([[64.0, 0, 32], [0, 64, 32], [0, 0, 1]]), look_at((0, 0.5, 1.0), (0, 0.5, 0)), (64, 64))
    with renderer().load(scene(Placed(Mesh("wall", (wall,)), np.eye(4)))) as loaded:
        rgb = loaded.shoot(view, 3.0).rgb
    assert rgb[16, 16, 0] > 0.8
    assert rgb[16, 16, 2] < 0.1
    assert rgb[48, 48, 2] > 0.8
    assert rgb[16, 48].max() < 0.1


@pytest.mark.parametrize("lamp", [False, True])
def test_a_box_throws_its_shadow_away_from_the_light(lamp: bool):
    sun = None if lamp else Sun((0.6, 0.8, 0.0), (2.0, 2.0, 2.0))
    points = (PointLight((1.8, 3.0, 0.0), (20.0, 20.0, 20.0)),) if lamp else ()
    lights = Lights((0.05, 0.05, 0.05), (0.05, 0.05, 0.05), sun, points, reach_m=0.001)
    placed = (floor(half=5), Placed(Mesh("box", (box(Look(), (0.5, 1.0, 0.5)),)), np.eye(4)))
    above = Camera(np.array([[40.0, 0, 32], [0, 40, 32], [0, 0, 1]]), look_at((0, 4, 0.001), (0, 0, 0)), (64, 64))
    with renderer().load(Scene(placed, lights, Sky(np.zeros((2, 4, 3), np.uint8)))) as loaded:
        rgb = loaded.shoot(above, 1.0).rgb.mean(-1)
    # Seen from above with +x to the right: shadow on the left, light on the right.
    assert rgb[32, 32 - 6] < 0.5 * rgb[32, 32 + 8]


def test_a_glossy_ball_looks_different_from_elsewhere_and_a_dull_one_alike():
    spread = {}
    for gloss in (0.0, 0.5):
        shiny = Placed(
            Mesh("ball", (ball(Look((0.5, 0.5, 0.5), gloss=gloss), (1.0, 1.0, 1.0), steps=40),)), at((0, 0, 0))
        )
        lights = Lights((0.2, 0.2, 0.2), (0.2, 0.2, 0.2), Sun((0.0, 1.0, 0.0), (1.0, 1.0, 1.0)), reach_m=0.001)
        top = []
        for eye in ((0.0, 3.0, 0.01), (2.5, 2.0, 0.0)):
            view = Camera(np.array([[64.0, 0, 32], [0, 64, 32], [0, 0, 1]]), look_at(eye, (0, 1, 0)), (64, 64))
            with renderer().load(Scene((shiny,), lights, Sky(np.zeros((2, 4, 3), np.uint8)))) as loaded:
                top.append(loaded.shoot(view, 1.0).rgb[32, 32].mean())
        spread[gloss] = abs(top[0] - top[1])
    assert spread[0.0] < 0.02
    assert spread[0.5] > 0.1


def test_two_views_agree_where_both_see():
    things = [Placed(Mesh("box", (box(Look(), (0.4, 0.7, 0.3)),)), at((x, 0, z), x)) for x, z in ((0, 0), (0.7, -0.5))]
    a, b = camera(size_wh=(192, 128)), camera(eye=(-0.6, 1.4, 1.7), size_wh=(192, 128))
    with renderer().load(scene(floor(half=4), *things)) as loaded:
        depth_a, depth_b = loaded.depth(a), loaded.depth(b)
    points = lifted(a, depth_a)
    seen = (points - b.T_world_camera[:3, 3]) @ b.T_world_camera[:3, :3]
    pixels = seen @ b.K_px.T
    columns, rows = np.floor(pixels[:, :2] / pixels[:, 2:]).astype(int).T
    inside = (seen[:, 2] > 0) & (columns >= 0) & (columns < 192) & (rows >= 0) & (rows < 128)
    there = depth_b[rows[inside], columns[inside]]
    # What b sees is never behind a point of a that it looks at, up to the slope within a pixel.
    assert (there < seen[inside, 2] * 1.05).mean() > 0.99
    assert 0.3 < share_seen(a, depth_a, b, depth_b) < 1.0
    assert share_seen(a, depth_a, a, depth_a) == 1.0


def test_edges_are_smoothed_and_depth_is_not():
    view = camera()
    with renderer().load(scene(Placed(Mesh("box", (box(Look(), (0.6, 0.6, 0.6)),)), at((0, 0, 0), 0.3)))) as loaded:
        shot = loaded.shoot(view, 5.0)
    values = np.unique(shot.rgb[..., 0].round(3))
    assert len(values) > 3
    finite = shot.depth[np.isfinite(shot.depth)]
    assert 1.0 < finite.min() < finite.max() < 3.5


def test_drawing_again_gives_the_same_bits():
    view, thing = camera(), Placed(Mesh("ball", (ball(Look((0.3, 0.6, 0.9), gloss=0.3), (1, 1, 1)),)), at((0, 0, 0)))
    shots = []
    for _ in range(2):
        with renderer().load(scene(floor(), thing)) as loaded:
            shots.append(loaded.shoot(view, 1.0))
    np.testing.assert_array_equal(shots[0].rgb, shots[1].rgb)
    np.testing.assert_array_equal(shots[0].depth, shots[1].depth)


def test_what_lies_behind_the_camera_is_left_out():
    ahead, behind = (Placed(Mesh("box", (box(Look(), (0.2, 0.2, 0.2)),)), at((0, 0.5, z))) for z in (0.0, 5.0))
    packed = geometry(scene(ahead, behind))
    seen = in_sight(packed.batches, projection(camera())[0])
    assert [batch.first for batch in seen] == [0]


@pytest.mark.parametrize("size_wh", [(95, 63), (33, 64), (1, 1)])
def test_any_size_is_drawn_up_to_its_rim(size_wh: tuple[int, int]):
    wall = quad(Look(), np.array([(-9, -9, 0), (9, -9, 0), (9, 9, 0), (-9, 9, 0.0)]))
    view = Camera(
        np.array([[60.0, 0, size_wh[0] / 2], [0, 60, size_wh[1] / 2], [0, 0, 1]]),
        look_at((0, 0, 2), (0, 0, 0)),
        size_wh,
    )
    with renderer().load(scene(Placed(Mesh("wall", (wall,)), np.eye(4)))) as loaded:
        shot = loaded.shoot(view, 1.0)
    assert shot.rgb.shape == (size_wh[1], size_wh[0], 3)
    assert np.ptp(shot.rgb) < 0.02
    np.testing.assert_allclose(shot.depth, 2, rtol=1e-4)
