"""What a client sends and gets, at the edge of its transport."""

from contextlib import asynccontextmanager

import anyio


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
