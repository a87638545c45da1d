"""What a caller of `rasterize` meets: options, refusals, devices, threads, odd numbers."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from render.errors import BackendError, CamerasError, ConfigError
from render.gaussians import Gaussians
from render.rasterize import RasterizeOptions, api, rasterize
from render.rasterize.options import Backend
from tests.render.scenes import SIZE_WH, cameras, cloud


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"near": 0.0}, "near is 0.0"),
        ({"near": float("nan")}, "near is nan"),
        ({"low_pass_px2": 0.0}, "low_pass_px2 is 0.0"),
        ({"background": (0.0, float("inf"), 0.0)}, "background is"),
    ],
)
def test_wrong_options_get_a_sentence(wrong: dict, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        RasterizeOptions(**wrong)


def test_an_unknown_backend_gets_a_sentence() -> None:
    # Set behind the back of the type checker that runs with the tests; users have none.
    options = RasterizeOptions()
    object.__setattr__(options, "backend", "opengl")
    with pytest.raises(ConfigError, match="no rasterizer 'opengl'"):
        options.__post_init__()


def test_cameras_of_different_sizes_are_refused() -> None:
    views = replace(cameras(2), size_wh=torch.tensor([[52, 37], [37, 52]]))
    with pytest.raises(CamerasError, match="37x52, 52x37 pixels"):
        rasterize(cloud(3), views)


def test_no_camera_and_no_pixel_are_refused() -> None:
    with pytest.raises(CamerasError, match="no camera"):
        rasterize(cloud(3), cameras(1)[:0])
    with pytest.raises(CamerasError, match="0x37"):
        rasterize(cloud(3), replace(cameras(1), size_wh=torch.tensor([[0, 37]])))


def test_gsplat_is_refused_without_cuda() -> None:
    with pytest.raises(BackendError, match="on cuda, and these are on cpu"):
        rasterize(cloud(3), cameras(1), RasterizeOptions(backend="gsplat"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens where there is no CUDA")
def test_gsplat_says_that_there_is_no_cuda() -> None:
    from render.rasterize.gsplat_cuda import load_gsplat

    with pytest.raises(BackendError, match="needs a CUDA device"):
        load_gsplat()


def test_the_backend_is_said_aloud_once(caplog: pytest.LogCaptureFixture) -> None:
    api._announce.cache_clear()
    with caplog.at_level(logging.INFO, logger="render.rasterize.api"):
        assert rasterize(cloud(3), cameras(1)).backend == "numba"
        rasterize(cloud(3), cameras(1))
    assert [record.message for record in caplog.records] == ["Gaussians on cpu are drawn by the numba rasterizer."]


def test_shapes_and_type_are_those_of_the_gaussians() -> None:
    for dtype in (torch.float32, torch.float64):
        drawn = rasterize(cloud(3).to(dtype), cameras(2))
        assert drawn.rgb.shape == (2, SIZE_WH[1], SIZE_WH[0], 3)
        assert drawn.depth.shape == drawn.alpha.shape == (2, SIZE_WH[1], SIZE_WH[0])
        assert {drawn.rgb.dtype, drawn.depth.dtype, drawn.alpha.dtype} == {dtype}


def test_one_pixel_is_a_picture() -> None:
    assert rasterize(cloud(50), cameras(1, (1, 1))).alpha.shape == (1, 1, 1)


@pytest.mark.parametrize("backend", ["numba", "torch"])
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_not_drawn(backend: Backend, gradients: bool, value: float) -> None:
    scene, options = cloud(40), RasterizeOptions(backend=backend)
    expected = rasterize(scene, cameras(1), options)
    spoilt = Gaussians(**{name: tensor[:5].clone() for name, tensor in vars(scene).items()})
    spoilt.means[0, 0], spoilt.quats_wxyz[1, 2], spoilt.scales[2, 1] = value, value, value
    spoilt.opacities[3], spoilt.means[4, 2] = float("nan"), value
    scene = Gaussians.concatenate([spoilt, scene])
    leaf = scene.means.clone().requires_grad_(gradients)
    drawn = rasterize(replace(scene, means=leaf), cameras(1), options)
    torch.testing.assert_close(drawn.rgb, expected.rgb, atol=1e-5, rtol=0)
    if gradients:
        drawn.rgb.sum().backward()
        assert leaf.grad is not None
        assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("gradients", [False, True])
def test_numbers_at_the_end_of_their_range_do_no_harm(gradients: bool) -> None:
    scene = Gaussians.concatenate([cloud(40), cloud(6)])
    scene.means[40, 0], scene.means[41, 1], scene.means[42, 2] = 1e30, -1e37, 1e38
    scene.scales[43, 0], scene.scales[44] = 1e38, 1e18
    scene.scales[45] = 1e-38
    leaf = scene.scales.clone().requires_grad_(gradients)
    assert torch.isfinite(rasterize(replace(scene, scales=leaf), cameras(1)).rgb).all()


def test_near_is_where_drawing_starts() -> None:
    scene = cloud(1)
    scene.means[:] = torch.tensor([0.0, 0.0, 2.0])
    for backend in ("numba", "torch"):
        assert rasterize(scene, cameras(1), RasterizeOptions(near=1.99, backend=backend)).alpha.max() > 0
        assert rasterize(scene, cameras(1), RasterizeOptions(near=2.01, backend=backend)).alpha.max() == 0


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_threads_change_no_bit() -> None:
    results = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        leaf = cloud(300).means.requires_grad_()
        drawn = rasterize(replace(cloud(300), means=leaf), cameras(2))
        (drawn.rgb.sum() + drawn.depth.sum()).backward()
        results.append((drawn.rgb.detach(), leaf.grad))
    for rgb, grad in results[1:]:
        assert torch.equal(rgb, results[0][0])
        assert torch.equal(grad, results[0][1])


def test_callers_on_many_threads_do_not_disturb_each_other() -> None:
    expected = rasterize(cloud(300), cameras(1)).rgb
    with ThreadPoolExecutor(6) as pool:
        drawn = list(pool.map(lambda _: rasterize(cloud(300), cameras(1)).rgb, range(24)))
    assert all(torch.equal(rgb, expected) for rgb in drawn)
