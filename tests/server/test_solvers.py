"""Cameras solved in another process: the same to the last bit, and nothing is left when its owner is gone."""

import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler

import numpy as np
import psutil
import pytest

from data_tools.room import room
from recon.images import ImageSet, Photo
from recon.network.cameras.asked import pose_question
from recon.network.cameras.hypotheses import solve
from recon.network.cameras.matching import Matcher
from recon.network.cameras.question import Question
from recon.network.encoder import Encoder
from recon.views import make_views
from server.solvers import AtOnce, solver_pool, solvers

SIZE_WH = (192, 144)


@pytest.fixture(scope="module")
def question() -> Question:
    true = room(3, SIZE_WH, 165.0)
    photos = tuple(Photo(f"{i}.png", pixels, None, SIZE_WH, None) for i, pixels in enumerate(true.photos))
    views, matcher = make_views(ImageSet(photos), SIZE_WH[0]), Matcher(256, 256, 0.85)
    return pose_question(views, Encoder(matcher)(views), matcher, [0, 1, 2])


def owner(line: Connection, question: Question) -> None:
    """A process with a pool, until it is killed."""
    pool = solver_pool(1, question)
    line.send(pool.submit(solve, question, 3).result())
    line.send([process.pid for process in multiprocessing.active_children()])
    time.sleep(600)


def alive(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_another_process_answers_the_same_and_ends_with_its_owner(question: Question):
    here = solve(question, 3)
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=owner, args=(far, question))
    process.start()
    try:
        assert near.poll(120)
        there, children = near.recv(), (near.recv() if near.poll(60) else [])
    finally:
        process.kill()
        process.join()
    assert len(there.hypotheses) == len(here.hypotheses) >= 1
    for one, other in zip(here.hypotheses, there.hypotheses, strict=True):
        assert (one.origin, one.warnings, one.facts) == (other.origin, other.warnings, other.facts)
        for name in ("K_px", "T_world_camera", "depth_range"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
    assert len(children) == 1
    deadline = time.monotonic() + 60
    while alive(children[0]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_question_goes_to_another_process_by_value(question: Question):
    # As the queue of a pool pickles it; a container has little memory that processes can share.
    assert len(ForkingPickler.dumps(question)) > question.photos.grey.nbytes


def test_a_cpu_solves_them_where_they_are_asked(question: Question):
    cameras = solvers("cpu", 4, lambda: question)
    assert cameras.submit(os.getpid).result() == os.getpid()


def test_what_fails_at_once_is_told_to_whoever_asks_for_it():
    future = AtOnce().submit(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        future.result()
