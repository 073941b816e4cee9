"""Python SDK against any server with these tools, in the mode that the second argument names: auto,
legacy, sse for legacy over HTTP+SSE, resume for the tool alone whose stream is cut, or recite for the one
whose stream is long."""

import json
import sys

import anyio
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from log import logged


async def main(url, mode):
    messages, saw, progress = [], [], []

    async def on_progress(done, total, message):
        progress.append(done)

    transport = sse_client(url) if mode == "sse" else streamable_http_client(url)
    era = "legacy" if mode in ("sse", "resume", "recite") else mode
    async with Client(logged(transport, messages), mode=era, cache=None) as client:
        dump = lambda result: result.model_dump(mode="json", by_alias=True, exclude_unset=True)
        saw.append(client.protocol_version)
        if mode == "resume":
            saw.append(dump(await client.call_tool("patient", {"cuts": 3}, progress_callback=on_progress)))
            saw.append({"progress": progress})
            print(json.dumps({"saw": saw, "messages": messages}))
            return
        if mode == "recite":
            saw.append(dump(await client.call_tool("recite", {"verses": 80}, progress_callback=on_progress)))
            saw.append({"progress": progress})
            print(json.dumps({"saw": saw, "messages": messages}))
            return
        saw.append(sorted(tool.name for tool in (await client.list_tools()).tools))
        saw.append(dump(await client.call_tool("add", {"a": 19, "b": 23})))
        saw.append(dump(await client.call_tool("count", {"to": 3}, progress_callback=on_progress)))
        # How many come before the answer is a race when both are in one packet; that some come is not.
        saw.append({"progress": bool(progress)})
        saw.append(dump(await client.call_tool("fail", {})))
    print(json.dumps({"saw": saw, "messages": messages}))


anyio.run(main, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "auto")
