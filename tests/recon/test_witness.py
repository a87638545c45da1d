"""What other views say of points: the fast twin agrees, order has no say, and answers mean what they should."""

from dataclasses import replace

import pytest
import torch

from data_tools.room import room
from recon.network import witness, witness_cpu
from recon.network.judge_net import JudgeNet
from recon.network.testimony import Evidence
from recon.network.witness import Witnesses

VIEW = 1


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """Of a room as it is, with some of everything that a view can say."""
    true = room(4, (64, 48), 55.0)
    pixels = torch.stack([torch.from_numpy(p).permute(2, 0, 1).float() / 255 for p in true.photos])
    depth = torch.stack([torch.from_numpy(z).float() for z in true.depth])
    random = torch.rand(4, 48, 64, generator=torch.Generator().manual_seed(0))
    return Evidence(
        pixels=pixels,
        valid=torch.ones_like(depth, dtype=torch.bool) & (torch.arange(64) < 60),
        empty=random > 0.97,
        cameras=true.cameras,
        nearest=depth.amin((1, 2)),
        depth=depth,
        sure=random > 0.2,
        width=depth / 55,
    )


def ask(evidence: Evidence, depth: torch.Tensor, others: list[int], twin=witness) -> Witnesses:
    sky = evidence.pixels[:, 2] > 0.9
    kept = torch.rand(48, 64, generator=torch.Generator().manual_seed(1)) > 0.5
    confidence = torch.rand(48, 64, generator=torch.Generator().manual_seed(2))
    return twin.witnesses(evidence, sky, confidence, depth, kept, False, VIEW, others)


def test_twins_agree(evidence: Evidence) -> None:
    wave = 1 + 0.1 * torch.sin(torch.arange(64) / 5.0)
    for factor in (1.0, 0.7, 1.3):
        depth = evidence.depth[VIEW] * factor * wave
        slow, fast = (ask(evidence, depth, [0, 2, 3], twin) for twin in (witness, witness_cpu))
        # A point on the border between two pixels may be read from either.
        off = (slow.said - fast.said).abs().amax((-1, -2)) > 1e-3
        assert off.float().mean() < 2e-3
        assert (slow.own - fast.own).abs()[~off].max() < 1e-3


def test_on_its_surface_a_point_is_where_others_see_it_and_looks_alike(evidence: Evidence) -> None:
    said = ask(evidence, evidence.depth[VIEW], [0, 2, 3]).said
    seen = said[..., 0] > 0
    assert seen.float().mean() > 0.5
    assert said[..., 3][seen].abs().median() < 0.02
    assert said[..., 6][seen].median() < 0.3


def test_before_it_nearer_and_behind_it_farther(evidence: Evidence) -> None:
    before, behind = (ask(evidence, evidence.depth[VIEW] * factor, [0, 2, 3]).said for factor in (0.8, 1.25))
    assert before[..., 2][before[..., 0] > 0].median() < -0.9
    assert behind[..., 2][behind[..., 0] > 0].median() > 0.9


def test_a_ruling_does_not_depend_on_the_order_of_witnesses(evidence: Evidence) -> None:
    torch.manual_seed(0)
    net = JudgeNet()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    depth = evidence.depth[VIEW] * 1.05
    one, other = (net(ask(evidence, depth, others)) for others in ([0, 2, 3], [3, 0, 2]))
    for name in ("opacity", "size_factor"):
        assert (getattr(one, name) - getattr(other, name)).abs().max() < 1e-5


def test_larger_worlds_are_ruled_alike(evidence: Evidence) -> None:
    T = evidence.cameras.T_world_camera.clone()
    T[:, :3, 3] *= 7.0
    cameras = replace(evidence.cameras, T_world_camera=T)
    scaled = {name: getattr(evidence, name) * 7.0 for name in ("nearest", "depth", "width")}
    large = replace(evidence, cameras=cameras, **scaled)
    one, other = ask(evidence, evidence.depth[VIEW] * 1.1, [0, 2]), ask(large, large.depth[VIEW] * 1.1, [0, 2])
    assert ((one.said - other.said).abs().amax((-1, -2)) > 1e-3).float().mean() < 2e-3


def test_it_starts_as_the_classical_fusion(evidence: Evidence) -> None:
    heard = ask(evidence, evidence.depth[VIEW], [0, 2, 3])
    ruling = JudgeNet()(heard)
    assert torch.equal(ruling.opacity > 0.1, heard.own[..., 2] > 0.5)
    assert torch.equal(ruling.size_factor, torch.ones(48, 64))


def test_gradients_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    net = JudgeNet().double()
    said = torch.rand(2, 3, 2, witness.SAID, dtype=torch.float64, requires_grad=True)
    own = torch.rand(2, 3, witness.OWN, dtype=torch.float64)
    torch.nn.init.normal_(net.all[-1].weight)  # type: ignore[arg-type]

    def ruled(said: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ruling = torch.func.functional_call(net, {"all.0.weight": weight}, (Witnesses(said, own),))
        return ruling.opacity + ruling.size_factor

    weight = net.all[0].weight.detach().clone().requires_grad_()  # type: ignore[union-attr]
    assert torch.autograd.gradcheck(ruled, (said, weight), atol=1e-6)
