"""Python SDK server: sessions for legacy clients, none for modern ones, at one URL. The argument
changes that: `sse` is HTTP+SSE, `json` answers in JSON, `stateless` keeps no sessions, `resumable`
stores events and lets a tool cut its stream, `long` has a tool whose stream is longer than 64 KiB."""

import socket
import sys

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventMessage, EventStore

server = MCPServer("py-server")


@server.tool()
def add(a: int, b: int) -> int:
    return a + b


@server.tool()
def fail() -> str:
    raise ValueError("it fails on purpose")


@server.tool()
async def count(to: int, ctx: Context) -> str:
    for step in range(1, to + 1):
        await anyio.sleep(0.03)
        await ctx.report_progress(step, to)
    return f"counted to {to}"


@server.tool()
async def patient(cuts: int, ctx: Context) -> str:
    """Closes its stream and goes on; what it says meanwhile is for the resumed one."""
    for cut in range(1, cuts + 1):
        await ctx.report_progress(2 * cut - 1, 2 * cuts)
        await ctx.close_sse_stream()
        await ctx.report_progress(2 * cut, 2 * cuts)
        await anyio.sleep(0.3)  # well beyond the client's `retry`
    return f"cut {cuts} times"


async def recite(verses: int, ctx: Context) -> str:
    for verse in range(1, verses + 1):
        await ctx.report_progress(verse, verses, f"verse {verse}: " + "and the tape went round " * 40)
    return f"recited {verses} verses"


class Events(EventStore):
    """Every event of every stream, in memory."""

    def __init__(self):
        self.events = []

    async def store_event(self, stream_id, message):
        self.events.append((stream_id, message))
        return f"event-{len(self.events)}"

    async def replay_events_after(self, last_event_id, send_callback):
        last = int(last_event_id.removeprefix("event-"))
        stream_id = self.events[last - 1][0]
        for number, (stream, message) in enumerate(self.events[last:], last + 1):
            if stream == stream_id and message is not None:
                await send_callback(EventMessage(message, f"event-{number}"))
        return stream_id


def app(kind):
    if kind == "sse":
        return server.sse_app()
    if kind == "resumable":
        return server.streamable_http_app(event_store=Events(), retry_interval=50)
    if kind == "long":
        server.tool()(recite)
    return server.streamable_http_app(json_response=kind == "json", stateless_http=kind == "stateless")


listener = socket.create_server(("127.0.0.1", 0))
print(f"listening {listener.getsockname()[1]}", flush=True)
config = uvicorn.Config(app("".join(sys.argv[1:])), log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
