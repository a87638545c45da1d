"""The generated code is that of the .proto files, and both ends of the wire can be made of it."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import grpc
import pytest

from recon.prediction import CameraOrigin
from recon.verdict import Verdict
from render.cameras import Scale
from server import pb
from server.make_stubs import make_stubs
from server.pb import camera_pb2, request_pb2, result_pb2, service_pb2, service_pb2_grpc

PB = Path(pb.__file__).parent
PROTO = PB.parents[1] / "proto"
MESSAGE_LIMIT_BYTES = 2 * 2**20
"""What service.proto promises of every message."""


def test_stubs_are_fresh():
    held = {path.name: path.read_text() for path in PB.glob("*_pb2*")}
    assert held == make_stubs(), "proto/ has changed: run `make stubs`"


def test_the_protocol_keeps_to_what_buf_asks_for():
    buf = shutil.which("buf")
    if buf is None:
        pytest.skip("buf is not there: npm install --global @bufbuild/buf")
    for command in ([buf, "lint", PROTO], [buf, "format", "--exit-code", "--diff", PROTO]):
        told = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (told.returncode, told.stdout) == (0, ""), told.stderr


@pytest.mark.parametrize(
    ("enum", "words"),
    [(result_pb2.Verdict, Verdict), (camera_pb2.CameraOrigin, CameraOrigin), (camera_pb2.Scale, Scale)],
)
def test_every_word_of_the_library_has_a_value(enum, words):
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")
    values = {f"{prefix}{word.upper().replace(' ', '_')}" for word in get_args(words)}
    assert set(enum.keys()) == values | {f"{prefix}UNSPECIFIED"}


def test_a_chunk_of_the_largest_size_keeps_within_a_message():
    content = bytes(2**20)
    chunk = request_pb2.ImageChunk(image_index=2**32 - 1, offset_bytes=2**64 - 1, content=content)
    sent = request_pb2.ReconstructRequest(chunk=chunk).SerializeToString()
    assert len(sent) < MESSAGE_LIMIT_BYTES
    assert request_pb2.ReconstructRequest.FromString(sent).chunk == chunk


def test_what_is_not_given_is_told_from_zero():
    known = camera_pb2.KnownCamera.FromString(camera_pb2.KnownCamera(cx_px=0).SerializeToString())
    assert known.HasField("cx_px")
    assert not known.HasField("cy_px")


class _Echo(service_pb2_grpc.SnapsplatServiceServicer):
    def Reconstruct(self, request_iterator, _context):
        for request in request_iterator:
            queued = result_pb2.Queued(position=len(request.header.images))
            yield service_pb2.ReconstructResponse(event=result_pb2.ResultEvent(queued=queued))


@pytest.fixture
def stub() -> Iterator[service_pb2_grpc.SnapsplatServiceStub]:
    server = grpc.server(ThreadPoolExecutor(1), options=[("grpc.so_reuseport", 0)])
    service_pb2_grpc.add_SnapsplatServiceServicer_to_server(_Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield service_pb2_grpc.SnapsplatServiceStub(channel)
    server.stop(None).wait()


def test_a_request_goes_out_in_parts_and_events_come_back(stub: service_pb2_grpc.SnapsplatServiceStub):
    header = request_pb2.ReconstructHeader(request_id="a", images=[request_pb2.ImageHeader(name="0001.jpg")])
    parts = [request_pb2.ReconstructRequest(header=header), request_pb2.ReconstructRequest()]
    assert [answer.event.queued.position for answer in stub.Reconstruct(iter(parts), timeout=10)] == [1, 0]


def test_a_method_that_nobody_wrote_says_so(stub: service_pb2_grpc.SnapsplatServiceStub):
    with pytest.raises(grpc.RpcError) as refused:
        stub.Plan(service_pb2.PlanRequest(photos=3), timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED  # type: ignore[attr-defined]
