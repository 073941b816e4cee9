"""fastmcp client against any server with these tools, in the mode that the second argument names:
auto or legacy."""

import json
import sys

import anyio
from fastmcp import Client
from fastmcp.client.transports import http
from mcp_types import Implementation

from log import logged


async def main(url, mode):
    messages, saw, progress = [], [], []
    # Its transport makes the SDK's by this name.
    made = http.streamable_http_client
    http.streamable_http_client = lambda *args, **named: logged(made(*args, **named), messages)

    async def on_progress(done, total, message):
        progress.append(done)

    identity = Implementation(name="fastmcp", version="1")
    async with Client(url, mode=mode, client_info=identity) as client:
        saw.append(client.protocol_version)
        saw.append(sorted(tool.name for tool in await client.list_tools()))
        result = await client.call_tool("add", {"a": 19, "b": 23})
        saw.append(result.content[0].text)
        result = await client.call_tool("count", {"to": 3}, progress_handler=on_progress)
        # How many come before the answer is a race when both are in one packet; that some come is not.
        saw.append([result.content[0].text, bool(progress)])
        result = await client.call_tool("fail", {}, raise_on_error=False)
        saw.append([result.content[0].text, result.is_error])
        saw.append([str(one.uri) for one in await client.list_resources()])
        saw.append((await client.read_resource("tape://wiretape"))[0].text)
        saw.append((await client.get_prompt("greet", {"name": "Ada"})).messages[0].content.text)
    print(json.dumps({"saw": saw, "messages": messages}))


anyio.run(main, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "auto")
