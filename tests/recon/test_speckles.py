"""Islands are what is small and differs in depth from what lies around."""

import torch

from recon.network.depth.speckles import islands

STEP = 0.01


def test_small_islands_are_found_and_large_surfaces_stay():
    inverse = torch.full((96, 128), 0.5)
    trusted = torch.zeros(96, 128, dtype=torch.bool)
    trusted[10:60, 10:100] = True
    inverse[20:23, 20:23] = 0.8  # Nine pixels that stand out of the surface.
    trusted[80:82, 5:8] = True  # Six pixels with nothing around.
    found = islands(inverse, trusted, STEP)
    wanted = torch.zeros_like(trusted)
    wanted[20:23, 20:23] = wanted[80:82, 5:8] = True
    assert torch.equal(found, wanted)


def test_a_slope_is_one_surface():
    inverse = 0.5 + 0.8 * STEP * torch.arange(128.0).expand(96, 128)
    assert not islands(inverse, torch.ones(96, 128, dtype=torch.bool), STEP).any()


def test_nothing_trusted_has_no_islands():
    assert not islands(torch.ones(8, 8), torch.zeros(8, 8, dtype=torch.bool), STEP).any()
