"""`python -m server.probe HOST:PORT [CERTIFICATE NAME]`: 0 if the server there is ready, 1 if not; for containers.

With TLS, CERTIFICATE is the server's own file, or that of its CA, and NAME one that it is for.
"""

import sys
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


if __name__ == "__main__":
    sys.exit(0 if ready(*sys.argv[1:]) else 1)
