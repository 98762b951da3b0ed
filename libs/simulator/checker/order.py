"""C6: what was acked before another was sent stands before it, and a device's own requests keep their order."""

from facts import ALWAYS

#: The requests that carry `prev`.
CHAINED = frozenset(["send", "edit", "delete", "react"])


def judge_order(facts, logs, verdict):
    settled = _first_sights(facts)
    for log in logs.values():
        _judge_real_time(facts, log, settled, verdict)
    _judge_devices(facts, logs, verdict)


def _first_sights(facts):
    """(channel, seq) → the earliest proof that the event had its number: (at, line)."""
    settled = {}

    def note(channel, seq, at, line):
        known = settled.get((channel, seq))
        if known is None or at < known[0]:
            settled[(channel, seq)] = (at, line)

    for request in facts.requests.values():
        for at, channel, seq, line in request.oks:
            note(channel, seq, at, line)
    for sight in facts.sights.values():
        note(sight.event["channel"], sight.event["seq"], sight.at, sight.line)
    return settled


def _judge_real_time(facts, log, settled, verdict):
    """One pass by seq: the latest time of sending so far, and an event that was settled before it is out of order."""
    latest_at, latest = ALWAYS, None
    for seq in sorted(log.events):
        event = log.events[seq]
        proof = settled.get((log.channel, seq))
        if proof is not None and proof[0] < latest_at:
            message = (
                f"{log.channel}/{seq} was settled before {latest.user}'s {latest.id} was sent, "
                f"which stands before it in the log"
            )
            verdict.violated("C6", message, proof[1], latest.attempts[0].line)
        request = facts.requests.get((event["sender"], event.get("id")))
        if request is not None and request.first_at > latest_at:
            latest_at, latest = request.first_at, request


def _judge_devices(facts, logs, verdict):
    """Requests come in the order of their first sending; those that are in the log must ascend."""
    places = {}
    for log in logs.values():
        for seq in sorted(log.events):
            event = log.events[seq]
            # A second event of one request is judged as such.
            places.setdefault((log.channel, event["sender"], event.get("id")), seq)
    last = {}
    for request in facts.requests.values():
        first = request.attempts[0]
        if not request.is_chained or first.wish.type not in CHAINED or not request.has_one_wish():
            continue
        channel = first.wish.channel
        seq = places.get((channel, request.user, request.id))
        if seq is None:
            continue
        key = (request.user, request.device, channel)
        before, before_request = last.get(key, (0, None))
        if seq < before:
            message = (
                f"{request.user}'s {request.device} sent {before_request.id} before {request.id}, "
                f"and {channel} has them at {before} and {seq}"
            )
            verdict.violated("C6", message, first.line, before_request.attempts[0].line)
        else:
            last[key] = (seq, request)
