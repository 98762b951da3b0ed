"""Reading a history: one JSON object a line, each of a shape that `history/lines.ts` defines.

A history with a broken line proves nothing, so the first one ends the reading.
"""

import json

TEXT = (str,)
NUMBER = (int, float)
WHOLE = (int,)
FLAG = (bool,)
TABLE = (dict,)
LIST = (list,)

#: Fields that a line must have, beside `line` and `at`.
REQUIRED = {
    "terms": {},
    "connected": {"connection": WHOLE, "user": TEXT, "device": TEXT, "cursors": TABLE, "isChained": FLAG},
    "resumed": {"connection": WHOLE, "heads": TABLE, "hasMore": FLAG},
    "closed": {"connection": WHOLE, "code": WHOLE},
    "invoke": {"connection": WHOLE, "id": TEXT, "type": TEXT, "content": TABLE},
    "ok": {"connection": WHOLE, "id": TEXT, "channel": TEXT, "seq": WHOLE, "isDuplicate": FLAG},
    "refused": {"connection": WHOLE, "id": TEXT, "code": TEXT},
    "unknown": {"connection": WHOLE, "id": TEXT, "code": TEXT},
    "delivered": {"connection": WHOLE, "event": TABLE},
    "gap": {"connection": WHOLE, "channel": TEXT, "from": WHOLE, "to": WHOLE},
    "reset": {"connection": WHOLE, "channel": TEXT, "head": WHOLE},
    "read": {"connection": WHOLE, "id": TEXT, "channel": TEXT},
    "page": {"connection": WHOLE, "id": TEXT, "isComplete": FLAG, "events": LIST},
    "handled": {"user": TEXT, "device": TEXT, "channel": TEXT, "seq": WHOLE},
    "settled": {"user": TEXT, "device": TEXT, "reached": TABLE, "outbox": WHOLE},
    "final-log": {"event": TABLE},
    "final-head": {"channel": TEXT, "head": WHOLE},
    "refresh": {"connection": WHOLE, "id": TEXT, "tokenExpiresAt": NUMBER},
    "refreshed": {"connection": WHOLE, "id": TEXT},
    "revoked": {"user": TEXT},
    "mark": {"what": TEXT},
    "rest": {},
    "baseline": {
        "when": TEXT,
        "node": TEXT,
        "role": TEXT,
        "sockets": NUMBER,
        "timers": NUMBER,
        "memoryBytes": NUMBER,
        "unexpectedExits": WHOLE,
        "unhandledRejections": WHOLE,
    },
    "presence": {"askedAt": NUMBER, "user": TEXT, "status": TEXT},
}

REQUEST_TYPES = frozenset(
    "send edit delete react channel.create channel.invite channel.remove channel.leave channel.role".split()
)
KINDS = frozenset("message edit delete reaction member created noop".split())


class Malformed(Exception):
    """The history can't be judged: what is wrong, and in which line."""

    def __init__(self, line, why):
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


def read_lines(file):
    """Yields (line number, object) of an open binary file. Lines stand in the order in which they were seen."""
    before = float("-inf")
    number = 0
    for raw in file:
        number += 1
        if raw.isspace():
            continue
        try:
            line = json.loads(raw)
        except ValueError as error:
            raise Malformed(number, f"no JSON: {error}") from None
        at = check_shape(number, line)
        if at < before:
            raise Malformed(number, f"it was seen at {at}, which is before the line above it ({before})")
        before = at
        yield number, line


def check_shape(number, line):
    """Returns `at`."""
    if not isinstance(line, dict):
        raise Malformed(number, "no JSON object")
    name = line.get("line")
    required = REQUIRED.get(name) if isinstance(name, str) else None
    if required is None:
        raise Malformed(number, f"no kind of line is called {name!r}")
    at = line.get("at")
    if type(at) is not float and type(at) is not int:
        raise Malformed(number, f"`at` of a `{name}` must be a number, not {at!r}")
    for field, types in required.items():
        if type(line.get(field)) not in types:
            raise Malformed(number, f"`{field}` of a `{name}` is {line.get(field)!r}")
    if name == "delivered" or name == "final-log":
        check_event(number, line["event"])
    elif name == "page":
        for event in line["events"]:
            check_event(number, event)
    elif name == "invoke":
        if line["type"] not in REQUEST_TYPES:
            raise Malformed(number, f"no request is called {line['type']!r}")
        if line["type"] != "channel.create" and type(line.get("channel")) is not str:
            raise Malformed(number, f"a `{line['type']}` names no channel")
    return at


def check_event(number, event):
    if (
        not isinstance(event, dict)
        or type(event.get("channel")) is not str
        or type(event.get("seq")) is not int
        or event.get("kind") not in KINDS
        or type(event.get("sender")) is not str
        or type(event.get("content")) is not dict
    ):
        raise Malformed(number, f"no event: {json.dumps(event)[:200]}")
