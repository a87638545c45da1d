"""Requests in, scenes out: who runs when, and on the wire. Only `server/pb` and what speaks gRPC knows the wire."""
