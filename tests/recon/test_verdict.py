"""The verdict follows the share that two photos agree on, and never praises a guess."""

import pytest

from recon.verdict import verdict


@pytest.mark.parametrize(
    ("share", "word"), [(0.9, "good"), (0.55, "good"), (0.54, "usable"), (0.3, "usable"), (0.29, "poor"), (0.0, "poor")]
)
def test_more_agreement_is_better(share: float, word: str):
    assert verdict(("solved", "solved"), share) == word


def test_guessed_cameras_are_poor_whatever_agrees():
    assert verdict(("guessed", "guessed"), 0.9) == "poor"
