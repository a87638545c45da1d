#!/bin/sh
# Starts the service on a free port of this machine, has it make a scene of examples/banana, and ends it. Then makes the
# scene without it, and compares: bit for bit, but for seconds and memory in the report; exit code 1 where they differ.
# BIN is the folder of the command `snapsplat`, OUT the one to write.
set -eu
BIN=${BIN:-.venv/bin}
OUT=${OUT:-out/demo-server}
mkdir -p "$OUT"
"$BIN/snapsplat" serve --listen 127.0.0.1:0 folder="$OUT/kept" >"$OUT/server.log" 2>&1 &
server=$!
trap 'kill -TERM $server 2>/dev/null && wait $server || true' EXIT
echo "The server loads its networks; the first time on a machine it compiles, for a minute or so."
until address=$(sed -n 's/^Listening on \(.*\), ready\.$/\1/p' "$OUT/server.log") && [ -n "$address" ]; do
    kill -0 $server 2>/dev/null || { cat "$OUT/server.log" >&2; exit 1; }
    sleep 0.2
done
"$BIN/snapsplat" submit examples/banana -o "$OUT/scene" --server "$address"
ls "$OUT/scene" "$OUT/scene/depth"
kill -TERM $server
wait $server || true
trap - EXIT
echo "Now without the service, for comparison:"
"$BIN/snapsplat" reconstruct examples/banana -o "$OUT/without"
diff -rq -x report.json "$OUT/scene" "$OUT/without"
"$BIN/python" - "$OUT/scene/report.json" "$OUT/without/report.json" <<'END'
import json
import sys

UNLIKE = {"seconds", "stages"}
one, other = (json.load(open(name)) for name in sys.argv[1:])
unlike = sorted(key for key in one.keys() | other.keys() if key not in UNLIKE and one.get(key) != other.get(key))
if unlike or list(one["stages"]) != list(other["stages"]):
    sys.exit(f"The reports differ: {unlike or 'stages'}.")
END
echo "The service's scene and the one without it are the same, bit for bit."
