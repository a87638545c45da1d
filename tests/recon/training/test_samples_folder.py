"""Which samples a step uses is fixed beforehand; what is made once stays."""

from pathlib import Path

import pytest

from recon.training import samples_folder
from recon.training.samples_folder import SamplesFolder, available, chosen
from recon.training.scenes import SceneSource, TrainingScene


class Nothing:
    """Scenes that nobody looks at."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> TrainingScene:
        raise IndexError(index)


class Numbers:
    """Makes two samples of each scene, and remembers which."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def __call__(self, source: SceneSource, scene: int) -> list[bytes]:
        assert len(source) > scene
        self.made.append(scene)
        return [f"{scene} {view}".encode() for view in range(2)]


def test_a_step_always_uses_the_same_and_only_what_it_may() -> None:
    for step in (0, 10, 1000):
        rows = chosen(step, 8, 4, 5.0, 200, 3, seed=1)
        assert rows == chosen(step, 8, 4, 5.0, 200, 3, seed=1)
        assert rows != chosen(step + 1, 8, 4, 5.0, 200, 3, seed=1)
        assert all(0 <= scene < available(step, 8, 4, 5.0, 200, 3) and 0 <= view < 4 for scene, view in rows)


def test_scenes_come_as_they_are_used_up() -> None:
    # 100 steps of 8 samples, each used 5 times: 160 samples, of 40 scenes.
    assert available(100, 8, 4, 5.0, 1000, 3) == 43
    assert available(10**6, 8, 4, 5.0, 1000, 3) == 1000


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    folder, maker = SamplesFolder(tmp_path / "samples", 2), Numbers()
    folder.fill(Nothing(), maker, range(0, 3))
    folder.path(1, 1).unlink()
    folder.fill(Nothing(), maker, range(0, 4))
    assert maker.made == [0, 1, 2, 1, 3]
    assert folder.read(3, 1) == b"3 1"


def test_waiting_for_what_nobody_makes_ends_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples_folder, "PATIENCE_SECONDS", 0.3)
    with pytest.raises(TimeoutError, match=r"000007_0\.npz did not come within 0\.3 s"):
        SamplesFolder(tmp_path, 2).read(7, 0)
