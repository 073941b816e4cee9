"""Python SDK against any server with these tools, in the mode that the second argument names: auto,
legacy, or sse for legacy over HTTP+SSE."""

import json
import sys
from contextlib import asynccontextmanager

import anyio
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client


@asynccontextmanager
async def logged(transport, messages):
    """The SDK's transport with a look at both of its streams."""

    async def pump(source, sink, sender):
        async with source, sink:
            async for item in source:
                if not isinstance(item, Exception):
                    message = item.message.model_dump(mode="json", by_alias=True, exclude_unset=True)
                    messages.append({"from": sender, "message": message})
                await sink.send(item)

    async with transport as (read, write), anyio.create_task_group() as tasks:
        to_client, client_reads = anyio.create_memory_object_stream(0)
        client_writes, from_client = anyio.create_memory_object_stream(0)
        tasks.start_soon(pump, read, to_client, "server")
        tasks.start_soon(pump, from_client, write, "client")
        yield client_reads, client_writes
        tasks.cancel_scope.cancel()


async def main(url, mode):
    messages, saw, progress = [], [], []

    async def on_progress(done, total, message):
        progress.append(done)

    transport = sse_client(url) if mode == "sse" else streamable_http_client(url)
    era = "legacy" if mode == "sse" else mode
    async with Client(logged(transport, messages), mode=era, cache=None) as client:
        dump = lambda result: result.model_dump(mode="json", by_alias=True, exclude_unset=True)
        saw.append(client.protocol_version)
        saw.append(sorted(tool.name for tool in (await client.list_tools()).tools))
        saw.append(dump(await client.call_tool("add", {"a": 19, "b": 23})))
        saw.append(dump(await client.call_tool("count", {"to": 3}, progress_callback=on_progress)))
        # How many come before the answer is a race when both are in one packet; that some come is not.
        saw.append({"progress": bool(progress)})
        saw.append(dump(await client.call_tool("fail", {})))
    print(json.dumps({"saw": saw, "messages": messages}))


anyio.run(main, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "auto")
