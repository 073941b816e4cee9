"""Python SDK against servers/asking.py, in the mode that the second argument names: auto or legacy."""

import json
import sys

import anyio
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult, PromptReference

from log import logged


async def main(url, mode):
    messages, saw = [], []
    dump = lambda result: result.model_dump(mode="json", by_alias=True, exclude_unset=True)

    async def answer(context, params):
        return ElicitResult(action="accept", content={"name": "Ada"})

    transport = logged(streamable_http_client(url), messages)
    async with Client(transport, mode=mode, cache=None, elicitation_callback=answer) as client:
        await client.list_tools()
        saw.append(dump(await client.call_tool("greet", {})))
        saw.append(dump(await client.call_tool("picture", {})))
        saw.append([str(one.uri) for one in (await client.list_resources()).resources])
        saw.append([one.uri_template for one in (await client.list_resource_templates()).resource_templates])
        saw.append((await client.read_resource("tape://wiretape")).contents[0].text)
        saw.append((await client.read_resource("tape://left/side")).contents[0].text)
        saw.append([one.name for one in (await client.list_prompts()).prompts])
        saw.append((await client.get_prompt("introduce", {"name": "Ada"})).messages[0].content.text)
        reference = PromptReference(type="ref/prompt", name="introduce")
        saw.append((await client.complete(reference, {"name": "name", "value": "A"})).completion.values)
        if mode == "auto":
            async with client.listen(tools_list_changed=True, resource_subscriptions=["tape://wiretape"]) as changes:
                await client.call_tool("touch", {})
                saw.append([type(await anext(changes)).__name__ for _ in range(2)])
        else:
            await client.send_ping()
        # It waits no longer: a notification says so, or that the client leaves does.
        with anyio.move_on_after(0.3):
            await client.call_tool("slow", {})
    print(json.dumps({"saw": saw, "messages": messages}))


anyio.run(main, sys.argv[1], sys.argv[2])
