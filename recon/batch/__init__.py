"""Many scenes: a list of captures in, a folder a scene out, with a ledger that says how each one went."""
