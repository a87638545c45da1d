"""The frozen tokens: what they were trained as, and that each photo is seen by itself."""

import torch

from recon.network.tokens import PATCH, WIDTH, Tokens

TOKENS = Tokens.pretrained()


def photos(count: int) -> torch.Tensor:
    smooth = torch.rand(count, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(smooth, (84, 112), mode="bicubic", align_corners=False).clamp(0, 1)


def test_one_token_a_patch_without_scale_or_shift() -> None:
    tokens = TOKENS(photos(2))
    assert tokens.shape == (2, WIDTH, 84 // PATCH, 112 // PATCH)
    assert tokens.mean(1).abs().max() < 1e-5
    assert (tokens.var(1, unbiased=False) - 1).abs().max() < 1e-3


def test_photos_are_seen_one_by_one_in_any_order() -> None:
    pixels = photos(3)
    together = TOKENS(pixels)
    assert (TOKENS(pixels.flip(0)).flip(0) - together).abs().max() < 1e-3
    assert (TOKENS(pixels[1:2]) - together[1:2]).abs().max() < 1e-3


def test_a_part_of_a_photo_keeps_its_meaning() -> None:
    """A picture moved by two patches: most tokens are more like those of the same place than like any other's."""
    pixels = photos(1)
    left, right = TOKENS(pixels[..., : 6 * PATCH])[0], TOKENS(pixels[..., 2 * PATCH :])[0]
    a = torch.nn.functional.normalize(left[:, :, 2:].flatten(1), dim=0)
    b = torch.nn.functional.normalize(right[:, :, :4].flatten(1), dim=0)
    nearest = (a.T @ b).argmax(1)
    assert (nearest == torch.arange(a.shape[1])).float().mean() > 0.6


def test_they_are_not_trained() -> None:
    assert not any(p.requires_grad for p in TOKENS.parameters())
    assert not TOKENS(photos(1).requires_grad_()).requires_grad
