"""fastmcp server with the tools of the other servers; sessions for legacy clients, none for modern
ones."""

import socket

import anyio
import uvicorn
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError

server = FastMCP("fastmcp-server")


@server.tool
def add(a: int, b: int) -> int:
    return a + b


@server.tool
def fail() -> str:
    raise ToolError("it fails on purpose")


@server.tool
async def count(to: int, ctx: Context) -> str:
    for step in range(1, to + 1):
        await anyio.sleep(0.03)
        await ctx.report_progress(step, to)
    return f"counted to {to}"


@server.resource("tape://wiretape")
def tape() -> str:
    return "a tape"


@server.prompt
def greet(name: str) -> str:
    return f"Greet {name}."


listener = socket.create_server(("127.0.0.1", 0))
print(f"listening {listener.getsockname()[1]}", flush=True)
config = uvicorn.Config(server.http_app(), log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
