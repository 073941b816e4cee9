#!/usr/bin/env bash
# attached.sh MEASURE WIRETAPE [SCENARIO,...] [ROUNDS]: what a terminal UI costs the proxy (issue 5,
# Done when 4). Runs the measure of the folder MEASURE with the wiretape of the path WIRETAPE three times
# side by side:
#   alone      records without a screen;
#   attached   likewise, and `wiretape open` looks on through the home's socket, on a terminal of its own.
#              Only the recorder is counted in proxy_cpu_us_*: what the UI takes is the UI's;
#   own-ui     `wiretape record` with its UI in the same process, on a terminal: both are counted.
# A screen has 120 columns and 40 rows; a second after traffic began Enter is pressed, so that it
# shows the calls as they come, not only their sums. Nothing is written into MEASURE. On two cores one and
# the same program differs by a fifth from run to run: five rounds and more say something.
# ./attached.sh ~/measure target/release/wiretape http-rps,https-rps,http-sse-latency 5
set -eu
here=$(cd "$(dirname "$0")" && pwd)
measure=$(realpath "$1") wiretape=$(realpath "$2") scenarios=${3:-http-rps,http-sse} rounds=${4:-3}
export CARGO_TARGET_DIR=${MEASURE_TARGET:-${TMPDIR:-/tmp}/measure-target}
cargo build -q --release --manifest-path "$measure/Cargo.toml"
cargo build -q --release --manifest-path "$measure/floor/Cargo.toml"
bin=$CARGO_TARGET_DIR/release
gcc -O2 -shared -fPIC -o "$bin/resolve.so" "$measure/resolve.c" -ldl
plan=$bin/attached.toml
fill() { sed "s#@BIN@#$bin#g; s#@WIRETAPE@#$wiretape#g; s#@HERE@#$here#g" "$@"; }
# The plan of the folder, of which the scenarios stay and the targets have three beside them.
awk '/^\[\[scenario\]\]/ { exit } { print }' "$measure/wiretape.toml" | fill > "$plan"
for target in alone:9105 attached:9103 own-ui:9104; do
  name=${target%:*} kind=${name%-ui}
  fill >> "$plan" <<PLAN

[[target]]
name = "$name"
mode = "forward"
addr = "127.0.0.1:${target#*:}"
ca = "{dir}/home/certs/ca.pem"
cmd = ["@HERE@/on_terminal.py", "$kind", "@WIRETAPE@", "{dir}/home", "--listen", "{addr}", "--upstream-ca", "{ca}", "--all"]
env = { LD_PRELOAD = "@BIN@/resolve.so" }
settle = 1.0

PLAN
done
awk '/^\[\[scenario\]\]/ { on = 1 } on { print }' "$measure/wiretape.toml" >> "$plan"
exec "$bin/measure" compare "$plan" --out "$bin/attached.jsonl" --rounds "$rounds" \
  --targets alone,attached,own-ui --scenarios "$scenarios"
