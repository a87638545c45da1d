"""`python -m server.probe HOST:PORT [CERTIFICATE NAME]`: 0 if the server there is ready, 1 if not; for containers.

With TLS, CERTIFICATE is the server's own file, or that of its CA, and NAME one that it is for.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

TIMEOUT_SECONDS = 3.0


def ready(address: str, certificate: str = "", name: str = "") -> bool:
    """Whether health says SERVING."""
    if not certificate:
        opened = grpc.insecure_channel(address)
    else:
        # Asked from within the container, where the server has another name.
        options = [("grpc.ssl_target_name_override", name)]
        opened = grpc.secure_channel(address, grpc.ssl_channel_credentials(Path(certificate).read_bytes()), options)
    with opened as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)
        except grpc.RpcError:
            return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING


def main(arguments: Sequence[str]) -> str | int:
    """What the process ends with: 0, 1, or a sentence for stderr and 1."""
    if len(arguments) not in (1, 3):
        return f"{len(arguments)} arguments were given; HOST:PORT is expected, or HOST:PORT CERTIFICATE NAME with TLS."
    try:
        return 0 if ready(*arguments) else 1
    except OSError as error:
        return f"{arguments[1]} cannot be read ({error.strerror or error}); a PEM file is expected."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
