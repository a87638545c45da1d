"""What is sure stays and is lent to others; what is guessed is not."""

import torch

from recon.network.depth.borrow import completed
from render.cameras import Cameras

HEIGHT, WIDTH, NEAR, FAR = 48, 64, 2.0, 4.0


def scene() -> tuple[torch.Tensor, Cameras, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Three cameras side by side before one wall of one colour.

    The first is sure of its left half, the second of a column, the third of nothing, and its own depth is wrong.
    """
    T = torch.eye(4, dtype=torch.float64).repeat(3, 1, 1)
    T[:, 0, 3] = torch.tensor([0.0, 0.1, 0.2])
    K = torch.tensor([[64.0, 0, 32], [0, 64.0, 24], [0, 0, 1]], dtype=torch.float64).repeat(3, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([[WIDTH, HEIGHT]] * 3))
    sure = torch.zeros(3, HEIGHT, WIDTH, dtype=torch.bool)
    sure[0, :, :32], sure[1, :, 30:34] = True, True
    inverse_depth = torch.where(sure, 1 / NEAR, 1 / FAR)
    return torch.full((3, 3, HEIGHT, WIDTH), 0.5), cameras, inverse_depth, torch.ones_like(sure), sure


def test_what_is_sure_keeps_its_depth() -> None:
    pixels, cameras, inverse_depth, shown, sure = scene()
    found, _ = completed(pixels, cameras, inverse_depth, shown, sure)
    assert torch.equal(found[sure], inverse_depth[sure])


def test_what_is_sure_is_lent() -> None:
    pixels, cameras, inverse_depth, shown, sure = scene()
    found, behind = completed(pixels, cameras, inverse_depth, shown, sure)
    torch.testing.assert_close(found[2, 4:-4, 4:24], torch.full((40, 20), 1 / NEAR), rtol=0.03, atol=0)
    assert (behind <= found + 1e-6).all()


def test_guesses_are_not() -> None:
    pixels, cameras, inverse_depth, shown, sure = scene()
    found, behind = completed(pixels, cameras, inverse_depth, shown, sure)
    guess = torch.zeros_like(sure)
    guess[:2] = ~sure[:2]
    other = completed(pixels, cameras, torch.where(guess, 1.0, inverse_depth), shown, sure)
    # How slanted a surface is at its border is all that guesses may change.
    torch.testing.assert_close(found[2], other[0][2], rtol=0, atol=0.02)
    torch.testing.assert_close(behind[2], other[1][2], rtol=0, atol=0.02)


def test_the_order_of_the_views_changes_nothing() -> None:
    pixels, cameras, inverse_depth, shown, sure = scene()
    there = completed(pixels, cameras, inverse_depth, shown, sure)[0]
    order = [2, 0, 1]
    turned = completed(pixels[order], cameras[order], inverse_depth[order], shown[order], sure[order])[0]
    torch.testing.assert_close(turned, there[order], rtol=1e-4, atol=0)
