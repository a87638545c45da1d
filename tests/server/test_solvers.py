"""Cameras solved in another process: the same to the last bit, and nothing is left when its owner is gone."""

import json
import logging
import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from data_tools.room import room
from recon.images import ImageSet, Photo
from recon.network.cameras.asked import pose_question
from recon.network.cameras.hypotheses import Solved, solve
from recon.network.cameras.matching import Matcher
from recon.network.cameras.question import Question
from recon.network.encoder import Encoder
from recon.views import make_views
from render.files.cameras_json import CamerasFile
from server.messages import BatchEnded, BatchOrder, SceneOrder, photo_file, receive, send
from server.networks import Networks
from server.solvers import AtOnce, solver_pool, solvers
from server.worker import Worker

SIZE_WH = (192, 144)
LINES: list[Connection] = []
"""Kept open, see test_worker_overlap.py."""


@pytest.fixture(scope="module")
def question() -> Question:
    true = room(3, SIZE_WH, 165.0)
    photos = tuple(Photo(f"{i}.png", pixels, None, SIZE_WH, None) for i, pixels in enumerate(true.photos))
    views, matcher = make_views(ImageSet(photos), SIZE_WH[0]), Matcher(256, 256, 0.85)
    return pose_question(views, Encoder(matcher)(views), matcher, [0, 1, 2])


@pytest.fixture(scope="module")
def pool(question: Question) -> Iterator[ProcessPoolExecutor]:
    with solver_pool(2, question) as pool:
        yield pool


def same(one: Solved, other: Solved) -> None:
    assert len(one.hypotheses) == len(other.hypotheses) >= 1
    for mine, its in zip(one.hypotheses, other.hypotheses, strict=True):
        assert (mine.origin, mine.warnings, mine.facts) == (its.origin, its.warnings, its.facts)
        for name in ("K_px", "T_world_camera", "depth_range"):
            assert np.array_equal(getattr(mine, name), getattr(its, name))


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
    same(here, there)
    assert len(children) == 1
    deadline = time.monotonic() + 60
    while alive(children[0]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def solved_with(threads: int, question: Question) -> Solved:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return solve(question, 3)
    finally:
        torch.set_num_threads(before)


def test_with_another_number_of_threads_answers_differ_by_rounding_alone(pool: ProcessPoolExecutor, question: Question):
    one, three = pool.map(solved_with, (1, 3), (question, question))
    for mine, its in zip(one.hypotheses, three.hypotheses, strict=True):
        assert (mine.origin, mine.warnings) == (its.origin, its.warnings)
        np.testing.assert_allclose(mine.K_px, its.K_px, rtol=1e-5)
        np.testing.assert_allclose(mine.T_world_camera, its.T_world_camera, atol=1e-5)


def test_a_pool_is_ready_when_all_its_processes_are(pool: ProcessPoolExecutor):
    assert len(pool._processes) == 2


def speaks(file: Path) -> None:
    with file.open("wb") as stream:
        os.dup2(stream.fileno(), 2)
    warnings.warn("Of no consequence.", stacklevel=1)
    logging.getLogger("anything").warning("It was said.")


def test_lines_of_a_solver_are_read_by_a_machine(pool: ProcessPoolExecutor, tmp_path: Path):
    pool.submit(speaks, tmp_path / "stderr").result()
    lines = (tmp_path / "stderr").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["It was said."]


def files_of(worker: Connection, photos: list[Path], folder: Path) -> dict[str, bytes]:
    """What a worker makes of two scenes at a time, the second the first without its last photo; not its reports."""
    scenes = []
    for some in (photos, photos[:-1]):
        scratch = folder / f"{len(some)} photos"
        made = folder / f"of {len(some)}"
        for one in (scratch, made):
            one.mkdir(parents=True)
        for i, photo in enumerate(some):
            photo_file(scratch, i).write_bytes(photo.read_bytes())
        names = tuple(photo.name for photo in some)
        masked = (False,) * len(some)
        cameras = CamerasFile("relative", {})
        scenes.append(SceneOrder(made.name, names, masked, scratch, made, cameras, 64, ("scene.ply", "cameras.json")))
    send(worker, BatchOrder(0, "classical", 0, tuple(scenes)))
    while not isinstance(end := receive(worker), BatchEnded):
        pass
    assert (end.failure, end.ran) == (None, 2)
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_worker_makes_the_same_files_whoever_solves_its_cameras(pool: ProcessPoolExecutor, tmp_path: Path):
    photos = sorted((Path(__file__).parents[2] / "examples" / "banana").glob("*.jpg"))[:3]
    networks, made = Networks(["classical"], "cpu"), []
    # With another number of threads they would differ by rounding.
    before = torch.get_num_threads()
    torch.set_num_threads(pool.submit(torch.get_num_threads).result())
    for name, cameras in (("pool", pool), ("at once", AtOnce())):
        line, far_end = Pipe()
        worker = Worker(far_end, networks, cameras, hung_up=lambda: None)
        threading.Thread(target=worker.run, daemon=True).start()
        made.append(files_of(line, photos, tmp_path / name))
        LINES.append(line)
    torch.set_num_threads(before)
    assert len(made[0]) == 4
    assert made[0] == made[1]


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
