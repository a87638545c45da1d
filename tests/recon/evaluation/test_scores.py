"""Scores of pictures and depth: what is the same scores best, and known differences give known figures."""

import math

import pytest
import torch

from recon.evaluation.scores import depth_errors, psnr, ssim


def picture(seed: int = 0) -> torch.Tensor:
    return torch.rand(40, 48, 3, generator=torch.Generator().manual_seed(seed))


def test_a_difference_of_a_tenth_everywhere_is_twenty_decibels() -> None:
    photo = 0.8 * picture()
    assert psnr(photo + 0.1, photo) == pytest.approx(20, abs=1e-3)
    assert psnr(photo, photo) == pytest.approx(100)


def test_ssim_is_one_for_the_same_falls_with_noise_and_cares_for_no_order() -> None:
    photo, other = picture(), picture(1)
    assert ssim(photo, photo) == pytest.approx(1, abs=1e-5)
    noisy = [ssim((1 - a) * photo + a * other, photo) for a in (0.1, 0.3, 0.6)]
    assert 1 > noisy[0] > noisy[1] > noisy[2] > 0
    assert ssim(photo, other) == pytest.approx(ssim(other, photo), abs=1e-6)


def test_ssim_of_flat_pictures_is_what_the_formula_says() -> None:
    a, b = 0.4, 0.6
    flat = [torch.full((20, 20, 3), x) for x in (a, b)]
    assert ssim(*flat) == pytest.approx((2 * a * b + 1e-4) / (a * a + b * b + 1e-4), abs=1e-4)


def test_depth_errors_count_where_the_truth_is_known() -> None:
    truth = torch.tensor([1.0, 2.0, 4.0, 0.0, math.inf])
    found = depth_errors(torch.tensor([1.1, 2.0, 6.0, 7.0, 7.0]), truth)
    assert found is not None
    assert found.absrel == pytest.approx((0.1 + 0 + 0.5) / 3, abs=1e-6)
    assert found.delta125 == pytest.approx(2 / 3)
    assert depth_errors(truth, torch.zeros(5)) is None
