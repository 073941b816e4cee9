"""Python SDK server: sessions for legacy clients, none for modern ones, at one URL; or HTTP+SSE."""

import socket
import sys

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer

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


listener = socket.create_server(("127.0.0.1", 0))
print(f"listening {listener.getsockname()[1]}", flush=True)
app = server.sse_app() if "sse" in sys.argv else server.streamable_http_app()
config = uvicorn.Config(app, log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
