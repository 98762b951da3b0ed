"""A Parley client that is not ours: Python's `websockets` and the frozen wire contract, nothing else.

Says hello, creates a channel, sends, waits for ack and event, reads the history, ends the socket, and resumes with a
cursor on a new one. Prints one JSON object with what it saw. Usage: python_client.py URL TOKEN OTHER_USER
"""

import asyncio
import json
import sys

import websockets

URL, TOKEN, OTHER = sys.argv[1:4]
WAIT_S = 20


async def hello(socket, cursors=None):
    frame = {"type": "hello", "token": TOKEN, "device": "python", "protocol": 1}
    if cursors is not None:
        frame["cursors"] = cursors
    await socket.send(json.dumps(frame))
    return await next_frame(socket, lambda frame: frame["type"] == "welcome")


async def next_frame(socket, fits):
    """Skips what is of no interest here, as a client must that is older than the server."""
    while True:
        frame = json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))
        if frame["type"] == "error":
            raise RuntimeError(f"refused: {frame}")
        if fits(frame):
            return frame


async def request(socket, frame):
    await socket.send(json.dumps(frame))
    return await next_frame(socket, lambda answer: answer.get("id") == frame["id"] and answer["type"] != "event")


async def send_and_see(socket, channel, request_id, text):
    """Ack and event may come in either order."""
    await socket.send(json.dumps({"type": "send", "id": request_id, "channel": channel, "text": text}))
    seen = {}
    while len(seen) < 2:
        frame = await next_frame(socket, lambda one: one["type"] in ("ack", "event") and one.get("id") == request_id)
        seen[frame["type"]] = frame
    return seen["ack"], seen["event"]


async def main():
    result = {}
    async with websockets.connect(URL, subprotocols=["parley.v1"]) as socket:
        result["subprotocol"] = socket.subprotocol
        result["welcome"] = await hello(socket)
        created = await request(
            socket, {"type": "channel.create", "id": "py-create", "kind": "group", "members": [OTHER], "name": "From Python"}
        )
        channel = created["channel"]
        result["ack"], result["event"] = await send_and_see(socket, channel, "py-1", "Grüße aus Python 🐍")
        result["again"] = await request(
            socket, {"type": "send", "id": "py-1", "channel": channel, "text": "Grüße aus Python 🐍"}
        )
        result["history"] = await request(socket, {"type": "history", "id": "py-history", "channel": channel})
    async with websockets.connect(URL, subprotocols=["parley.v1"]) as socket:
        await hello(socket, {channel: 1})
        result["resumed"] = await next_frame(socket, lambda one: one["type"] == "event" and one["channel"] == channel)
        result["after"], _ = await send_and_see(socket, channel, "py-2", "still here")
    print(json.dumps(result))


asyncio.run(main())
