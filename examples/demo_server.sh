#!/bin/sh
# Starts the service on a free port of this machine, has it make a scene of examples/banana, and ends it.
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
