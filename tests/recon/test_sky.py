"""What is taken for sky, and what isn't."""

import pytest
import torch

from recon.network.depth.sky import sky

HEIGHT, WIDTH, SKYLINE = 192, 256, 80
RIM_PX = 4
BLUE, OVERCAST, WHITE = (0.35, 0.6, 0.9), (0.93, 0.95, 0.98), (0.99, 0.99, 0.99)


def landscape(sky_rgb: tuple[float, float, float], skyline: int = SKYLINE, seed: int = 0) -> torch.Tensor:
    """A sky that gets a little darker upwards, with the noise of a sensor, over rough ground."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(3, HEIGHT, WIDTH, generator=generator) * 0.4 + 0.1
    fade = torch.linspace(-0.02, 0.01, skyline)[None, :, None]
    noise = 0.004 * torch.randn(3, skyline, WIDTH, generator=generator)
    image[:, :skyline] = (torch.tensor(sky_rgb)[:, None, None] + fade + noise).clamp(0, 1)
    return image


def curtain() -> torch.Tensor:
    """Rough ground all over, but for a bright stripe from the top down."""
    image, lit = landscape(OVERCAST, skyline=1), landscape(OVERCAST, skyline=110)
    image[:, :110, 100:120] = lit[:, :110, 100:120]
    return image


@pytest.mark.parametrize("colour", [BLUE, OVERCAST, WHITE])
def test_what_is_above_the_skyline_is_sky(colour: tuple[float, float, float]) -> None:
    found = sky(landscape(colour))
    assert found[: SKYLINE - RIM_PX].all()
    assert not found[SKYLINE + RIM_PX :].any()
    # Random ground has a few pixels of any colour, but hardly any in the rim.
    assert found[SKYLINE:].float().mean() < 0.01


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (landscape((0.5, 0.5, 0.5)), "grey is a wall"),
        (landscape((0.98, 0.9, 0.8)), "warm white is a ceiling by lamplight"),
        (landscape((0.75, 0.2, 1.0)), "purple is a stage"),
        (landscape(OVERCAST, skyline=160), "what reaches far down is a wall"),
        (landscape(OVERCAST).flip(1), "what joins the bottom alone is snow, or a table"),
        (landscape(OVERCAST, skyline=2), "what is a line is none"),
        (curtain(), "what is narrow is a curtain in the sun"),
    ],
)
def test_what_only_resembles_sky_is_not(image: torch.Tensor, why: str) -> None:
    assert not sky(image).any(), why


def test_rough_bright_texture_is_not_sky() -> None:
    image = landscape(OVERCAST)
    image[:, :SKYLINE] -= 0.15 * torch.rand(1, SKYLINE, WIDTH, generator=torch.Generator().manual_seed(1))
    assert not sky(image).any()


def test_the_white_around_a_thing_is_backdrop_and_the_thing_is_not() -> None:
    image = torch.full((3, HEIGHT, WIDTH), 0.99)
    image[:, 60:140, 80:180] = landscape(BLUE)[:, 100:180, 80:180]
    found = sky(image)
    outside = torch.ones_like(found)
    outside[56:144, 76:184] = False
    assert found[outside].all()
    assert not found[64:136, 84:176].any()


def test_a_mirrored_photo_has_its_sky_mirrored() -> None:
    image = landscape(BLUE)
    assert torch.equal(sky(image.flip(2)), sky(image).flip(1))
