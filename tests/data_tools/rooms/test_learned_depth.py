"""The released depth on scenes that it never saw: nearer to the truth where matching is not sure."""

import numpy as np
import pytest
import torch

from data_tools.rooms.source import RoomsSource
from recon.network.depth.corrector import Corrector
from recon.training.depth_loss import depth_metrics
from recon.training.depth_samples import DepthSample, DepthSampler
from recon.weight_files import load_weights
from tests.data_tools.rooms.gl_scenes import renderer

pytestmark = pytest.mark.usefixtures("no_models")
SCENES, SIZE, PLANES = 3, 192, 64


def test_learned_guesses_are_nearer_to_the_truth() -> None:
    renderer()
    corrector = Corrector(PLANES).eval()
    corrector.load_state_dict(load_weights("depth"))
    source, sampler = RoomsSource("validation", 3, (2 * SIZE, 3 * SIZE // 2), seed=1), DepthSampler(SIZE)
    errors = []
    for scene in range(SCENES):
        samples = DepthSample.stack(sampler(source[scene], scene))
        with torch.no_grad():
            answers = corrector(samples.clues).best(), samples.clues.completed
        errors.append([depth_metrics(answer, samples, PLANES - 1)["error_unsure"] for answer in answers])
    learned, classical = np.mean(errors, 0)
    assert learned < 0.9 * classical, errors
