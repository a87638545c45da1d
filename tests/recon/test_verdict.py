"""The verdict follows what two photos agree on, and never praises a guess."""

import pytest

from recon.prediction import CameraOrigin
from recon.verdict import quality, reasons, verdict


@pytest.mark.parametrize(
    ("found", "word"), [(0.9, "good"), (0.55, "good"), (0.54, "usable"), (0.3, "usable"), (0.29, "poor"), (0.0, "poor")]
)
def test_more_is_better(found: float, word: str):
    assert verdict(("solved", "solved"), found) == word


def test_guessed_cameras_and_a_camera_that_only_turns_are_poor_whatever_agrees():
    assert verdict(("guessed", "guessed"), 0.9) == "poor"
    assert verdict(("solved", "solved", "solved"), 0.9, one_place=True) == "poor"


def test_given_cameras_leave_agreement_alone():
    assert quality(("given", "given", "not registered"), 0.8, 3.0, focal_known=False) == 0.8


@pytest.mark.parametrize(
    ("judged", "word"),
    [
        ((("guessed", "guessed"), 0.9, 0.2, True), "guess"),
        ((("solved", "solved"), 0.9, 0.2, True, True), "one place"),
        ((("solved", "solved", "not registered"), 0.9, 0.2, False), "focal"),
        ((("solved",) * 4, 0.9, 0.7, False), "0.70 pixels"),
        ((("given", "given"), 0.2, None, True), "little of the depth"),
    ],
)
def test_what_speaks_against_a_run_is_said(judged: tuple, word: str):
    (reason,) = reasons(*judged)
    assert word in reason


@pytest.mark.parametrize("origin", ["guessed", "given"])
def test_one_photo_is_a_guess_whatever_else_is_known(origin: CameraOrigin):
    assert quality((origin,), 0.9, None, focal_known=True) == 0
    assert reasons((origin,), 0.9, None, focal_known=True) == ["the depth is a guess from one photo"]


def test_nothing_is_said_against_a_good_run():
    assert reasons(("solved",) * 4, 0.8, 0.3, False) == []
    assert reasons(("given",) * 2, 0.8, 3.0, False) == []


def test_a_guess_is_worth_nothing():
    assert quality(("guessed", "guessed"), 0.9, 0.2, focal_known=True) == 0
    assert quality(("solved", "solved"), 0.9, None, focal_known=True) == 0


def test_cameras_found_from_little_count_less():
    solved = ("solved",) * 4
    whole = quality(solved, 0.8, 0.3, focal_known=True)
    assert whole == 0.8
    assert quality(solved, 0.8, 0.9, focal_known=True) == pytest.approx(0.2)
    assert quality(solved[:2], 0.8, 0.3, focal_known=False) < quality(solved[:3], 0.8, 0.3, focal_known=False) < whole
    assert quality(solved[:2], 0.8, 0.3, focal_known=True) == whole
