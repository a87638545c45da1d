import numpy as np
import pytest

from data_tools.rooms.noise import fractal, value_noise
from data_tools.rooms.textures import KINDS, random_plain, random_texture
from render.errors import ConfigError


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_its_texture_again(kind):
    first, again, other = (random_texture(np.random.default_rng(seed), 64, kind) for seed in (1, 1, 2))
    assert first.dtype == np.uint8
    assert first.shape == (64, 64, 3)
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"poster"}))
def test_edges_continue_each_other(kind):
    """The step across the seam is like the steps elsewhere along the same direction."""
    for seed in range(6):
        texture = random_texture(np.random.default_rng(seed), 128, kind).astype(np.float64)
        for image in (texture, texture.swapaxes(0, 1)):
            steps = np.abs(np.diff(image, axis=0, append=image[:1])).mean((1, 2))
            # A joint between bricks may lie on the seam: it has as strong a step as any joint inside.
            assert steps[-1] <= 1.1 * steps[:-1].max() + 1.5, seed


@pytest.mark.parametrize("size_px", [32, 100, 256, 257])
def test_any_size_can_be_asked_for(size_px):
    for kind in KINDS:
        assert random_texture(np.random.default_rng(3), size_px, kind).shape == (size_px, size_px, 3)


def test_plain_ones_have_a_fair_share():
    rng = np.random.default_rng(0)
    spread = [random_texture(rng, 64).std((0, 1)).max() for _ in range(200)]
    assert 0.12 < np.mean(np.array(spread) < 4) < 0.5
    assert max(random_plain(rng, 64).std((0, 1)).max() for _ in range(30)) < 8


def test_plain_walls_are_mostly_light():
    rng = np.random.default_rng(0)
    assert np.mean([random_plain(rng, 32).mean() > 170 for _ in range(100)]) > 0.5


def test_noise_wraps_and_spans_its_range():
    rng = np.random.default_rng(0)
    noise = value_noise(rng, 64, (5, 3))
    assert np.abs(noise[:, 0] - noise[:, -1]).max() < 0.3
    field = fractal(rng, 64)
    assert field.min() == 0
    assert field.max() == pytest.approx(1)


def test_unknown_kinds_and_sizes_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="'velvet'"):
        random_texture(rng, 64, "velvet")
    with pytest.raises(ConfigError, match="size_px is 4"):
        random_texture(rng, 4)
