"""Python SDK server that does what the plain one does not: asks the user, offers resources, templates
and prompts, completes, tells of changes, sends pictures; both eras at one URL."""

import socket
from typing import Annotated

import anyio
import uvicorn
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import Completion
from pydantic import BaseModel

server = MCPServer("rich-server")


class Who(BaseModel):
    name: str


def who() -> Elicit[Who]:
    return Elicit("Who is it?", Who)


@server.tool()
def greet(who: Annotated[Who, Resolve(who)]) -> str:
    """Asks: on its stream where there are sessions, by `input_required` where there are none."""
    return f"Hello {who.name}"


@server.tool()
def picture() -> Image:
    return Image(data=b"\x89PNG\r\n\x1a\n", format="png")


@server.tool()
async def touch(ctx: Context) -> str:
    await ctx.notify_resource_updated("tape://wiretape")
    await ctx.notify_tools_changed()
    return "touched"


@server.tool()
async def slow(ctx: Context) -> str:
    await anyio.sleep(20)
    return "too late"


@server.resource("tape://wiretape")
def tape() -> str:
    return "a tape"


@server.resource("tape://{name}/side")
def side(name: str) -> str:
    return f"a side of {name}"


@server.prompt()
def introduce(name: str) -> str:
    return f"Introduce {name}."


@server.completion()
async def complete(ref, argument, context):
    return Completion(values=[f"{argument.value}da"])


listener = socket.create_server(("127.0.0.1", 0))
print(f"listening {listener.getsockname()[1]}", flush=True)
config = uvicorn.Config(server.streamable_http_app(), log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
