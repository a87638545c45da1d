"""Photos go to a server, the scene comes back, with grpcio and the stubs alone.

    python examples/plain_grpc_client.py localhost:50051 scene.ply a.jpg b.jpg

The header goes first; the bytes follow once the server has accepted it. Each file that arrives is held against its
checksum. `snapsplat.Client` does all of this, and tries again with the same id where a stream breaks.
"""

import hashlib
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc

from server.pb import request_pb2, service_pb2_grpc

CHUNK_BYTES = 2**20


def submit(server: str, output: Path, photos: list[Path]) -> int:
    """Write the scene of `photos` to `output`; returns how many Gaussians it has."""
    contents = [photo.read_bytes() for photo in photos]
    images = [
        request_pb2.ImageHeader(
            name=photo.name,
            photo=request_pb2.Payload(size_bytes=len(content), sha256=hashlib.sha256(content).digest()),
        )
        for photo, content in zip(photos, contents, strict=True)
    ]
    header = request_pb2.ReconstructHeader(request_id=uuid.uuid4().hex, images=images, file_kinds=["scene.ply"])
    go_on = threading.Event()

    def messages() -> Iterator[request_pb2.ReconstructRequest]:
        yield request_pb2.ReconstructRequest(header=header)
        go_on.wait()
        for i, content in enumerate(contents):
            for offset in range(0, len(content), CHUNK_BYTES):
                chunk = request_pb2.ImageChunk(image_index=i, part="IMAGE_PART_PHOTO", offset_bytes=offset)
                chunk.content = content[offset : offset + CHUNK_BYTES]
                yield request_pb2.ReconstructRequest(chunk=chunk)

    scene, gaussians = bytearray(), 0
    with grpc.insecure_channel(server) as channel:
        call = service_pb2_grpc.SnapsplatServiceStub(channel).Reconstruct(messages(), timeout=600)
        call.add_callback(go_on.set)  # Whoever was refused sends nothing, but must not wait for ever either.
        for answer in call:
            event = answer.event
            if answer.HasField("accepted"):
                go_on.set()
            elif event.HasField("progress"):
                print(f"{event.progress.stage}: {event.progress.seconds:.2f} s")
            elif event.HasField("file"):
                file = event.file
            elif event.HasField("chunk"):
                scene += event.chunk.content
            elif event.HasField("summary"):
                gaussians = event.summary.gaussians
    if len(scene) != file.size_bytes or hashlib.sha256(scene).digest() != file.sha256:
        raise ValueError(f"{file.name} did not arrive as it was sent.")
    part = output.with_name(f"{output.name}.part")
    part.write_bytes(scene)
    part.replace(output)
    return gaussians


if __name__ == "__main__":
    try:
        print(f"{submit(sys.argv[1], Path(sys.argv[2]), [Path(photo) for photo in sys.argv[3:]])} Gaussians")
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
