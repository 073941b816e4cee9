#!/usr/bin/env bash
# curl by hand against server-everything: what a person types. Events carry the answers, so the data
# lines are the report; the session's id comes from a header.
set -euo pipefail
url=$1
head=$(mktemp)
trap 'rm -f "$head"' EXIT
mcp() { curl --silent --show-error --no-buffer --max-time 20 --dump-header "$head" "$@" "$url"; }
post() {
  mcp -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' "${session[@]}" --data-binary "$1" |
    tr -d '\r' | sed -n 's/^data: \(..*\)$/\1/p'
}
session=()
said=()
ask() { said+=("$1"); answer=$(post "$1"); answers+=("$answer"); }
answers=()
ask '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"8"}}}'
id=$(tr -d '\r' < "$head" | sed -n 's/^mcp-session-id: //Ip')
session=(-H "mcp-session-id: $id")
notice='{"jsonrpc":"2.0","method":"notifications/initialized"}'
post "$notice"
said+=("$notice")
ask '{"jsonrpc":"2.0","id":"one","method":"tools/call","params":{"name":"echo","arguments":{"message":"by hand"}}}'
ask '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get-sum","arguments":{"a":1,"b":2}}}'
mcp -X DELETE "${session[@]}"
list() { local IFS=,; printf '%s' "$*"; }
messages=()
for message in "${said[@]}"; do messages+=("{\"from\":\"client\",\"message\":$message}"); done
for message in "${answers[@]}"; do messages+=("{\"from\":\"server\",\"message\":$message}"); done
printf '{"saw":[%s],"messages":[%s]}\n' "$(list "${answers[@]}")" "$(list "${messages[@]}")"
