"""R21: who holds a connection is online, whichever of the others ended; who holds none is not.

Presence may lag, and may say that it does not know; it may not be wrong for long.
"""


def judge_presence(facts, verdict):
    if not facts.presence:
        return
    within = facts.terms.get("presenceWithinMs", 10_000)
    connections = {}
    for connection in facts.connections.values():
        connections.setdefault(connection.user, []).append(connection)
    for line, number in facts.presence:
        user, asked_at, at = line["user"], line["askedAt"], line["at"]
        own = connections.get(user, ())
        if line["status"] == "offline":
            held = [one for one in own if one.resumed_at + within <= asked_at and one.closed_at >= at]
            if held:
                message = f"{user} was called offline and held socket {held[0].number} all the time"
                verdict.violated("R21", message, number, held[0].line)
        elif line["status"] == "online":
            if all(one.closed_at + within < asked_at or one.connected_at > at for one in own):
                verdict.violated("R21", f"{user} was called online, and had no connection for {within} ms", number)
