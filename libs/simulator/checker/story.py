"""A small true history to break in tests: two people, one group, a removal, a page, everything settled."""

import copy


def event(seq, kind="message", sender="ada", request_id=None, text=None, rest="r", **more):
    content = {"rest": rest} if text is None else {"text": text, "rest": rest}
    made = {"channel": "c", "seq": seq, "kind": kind, "sender": sender, "time": seq, "content": content, **more}
    if request_id is not None:
        made["id"] = request_id
    return made


def joined(user, role="member"):
    return {"user": user, "change": "joined", "role": role}


CREATED = event(
    1, "created", "ada", "a1", rest="k", channelKind="group", members=[joined("ada", "owner"), joined("bob")]
)
HELLO = event(2, "message", "bob", "b1", "hello")
ANSWER = event(3, "message", "ada", "a2", "answer")
REMOVED = event(4, "member", "ada", "a3", rest="m", members=[{"user": "bob", "change": "removed"}])
ALONE = event(5, "message", "ada", "a4", "alone")
EVENTS = [CREATED, HELLO, ANSWER, REMOVED, ALONE]


def delivered(connection, seen):
    return {"line": "delivered", "connection": connection, "event": {**seen, "bytes": f"bytes {seen['seq']}"}}


def connected(connection, user, **more):
    line = {"line": "connected", "connection": connection, "user": user, "device": "phone", "cursors": {}}
    return {**line, "isChained": True, **more}


def resumed(connection, **heads):
    return {"line": "resumed", "connection": connection, "heads": heads, "hasMore": False}


def invoke(connection, request_id, kind, text=None, rest="r", **more):
    content = {"rest": rest} if text is None else {"text": text, "rest": rest}
    line = {"line": "invoke", "connection": connection, "id": request_id, "type": kind, "content": content}
    return {**line, **({} if kind == "channel.create" else {"channel": "c"}), **more}


def ok(connection, request_id, seq):
    line = {"line": "ok", "connection": connection, "id": request_id, "channel": "c", "seq": seq}
    return {**line, "isDuplicate": False}


def refused(connection, request_id, code):
    return {"line": "refused", "connection": connection, "id": request_id, "code": code}


def settled(user, reached, outbox=0):
    return {"line": "settled", "user": user, "device": "phone", "reached": reached, "outbox": outbox}


def true_story():
    """A list of lines without `at`, to be changed at will."""
    lines = [
        {"line": "terms", "tokenGraceMs": 5},
        connected(1, "ada"),
        resumed(1),
        connected(2, "bob"),
        resumed(2),
        invoke(1, "a1", "channel.create", rest="k", channelKind="group", members=["bob"]),
        ok(1, "a1", 1),
        delivered(1, CREATED),
        delivered(2, CREATED),
        invoke(2, "b1", "send", "hello"),
        delivered(1, HELLO),
        ok(2, "b1", 2),
        delivered(2, HELLO),
        invoke(1, "a2", "send", "answer"),
        ok(1, "a2", 3),
        delivered(1, ANSWER),
        delivered(2, ANSWER),
        {"line": "read", "connection": 1, "id": "r1", "channel": "c", "after": 0},
        {"line": "page", "connection": 1, "id": "r1", "isComplete": True, "events": [CREATED, HELLO, ANSWER]},
        invoke(1, "a3", "channel.remove", rest="m", subject="bob"),
        ok(1, "a3", 4),
        delivered(1, REMOVED),
        delivered(2, REMOVED),
        invoke(2, "b2", "send", "too late"),
        refused(2, "b2", "not_member"),
        invoke(1, "a4", "send", "alone"),
        ok(1, "a4", 5),
        delivered(1, ALONE),
        {"line": "rest"},
        settled("ada", {"c": 5}),
        settled("bob", {"c": 4}),
        *({"line": "final-log", "event": one} for one in EVENTS),
        {"line": "final-head", "channel": "c", "head": 5},
    ]
    return copy.deepcopy(lines)


def numbered(lines):
    """One line a 10 ms, unless it says when it was seen itself."""
    return [(number, {"at": number * 10, **line}) for number, line in enumerate(lines, 1)]
