"""C1, C2, C3, C5: what was acked is in the log, once, and nothing is there that nobody asked for."""

KIND_OF = {
    "send": "message",
    "edit": "edit",
    "delete": "delete",
    "react": "reaction",
    "channel.create": "created",
    "channel.invite": "member",
    "channel.remove": "member",
    "channel.leave": "member",
    "channel.role": "member",
}


def judge_appends(facts, logs, verdict):
    for log in logs.values():
        _judge_numbers(facts, log, verdict)
        _judge_origins(facts, log, verdict)
        _judge_fold(log, verdict)
    _judge_repeats(logs, verdict)
    _judge_purposes(facts, logs, verdict)
    _judge_acks(facts, logs, verdict)
    _judge_seen(facts, logs, verdict)


def _judge_numbers(facts, log, verdict):
    """C3, and the half of C2 that is about numbers."""
    expected = 1
    seen = {}
    for event, line in facts.logs[log.channel]:
        seq = event["seq"]
        if seq in seen:
            verdict.violated("C2", f"{log.channel} has the number {seq} twice", line, seen[seq])
            continue
        seen[seq] = line
        if seq != expected:
            verdict.violated("C3", f"{log.channel} has {seq} where {expected} should follow", line)
        expected = seq + 1
    if log.channel not in facts.heads:
        return
    head, line = facts.heads[log.channel]
    if head != expected - 1:
        verdict.violated("C3", f"{log.channel} was said to end at {head} and its log ends at {expected - 1}", line)


def _judge_repeats(logs, verdict):
    """The half of C2 that is about ids. A creation makes one channel, whichever the number of channels looked at."""
    created = {}
    for log in logs.values():
        seen = {}
        for seq, event in log.events.items():
            if event.get("id") is None:
                continue
            key = (event["sender"], event["id"])
            line = log.lines[seq]
            if key in seen:
                at, first = seen[key]
                message = f"{event['sender']}'s {event['id']} is in {log.channel} at {at} and at {seq}"
                verdict.violated("C2", message, line, first)
            else:
                seen[key] = (seq, line)
            if event["kind"] == "created":
                if key in created:
                    other, first = created[key]
                    message = f"{event['sender']}'s {event['id']} made {other} and {log.channel}"
                    verdict.violated("C2", message, line, first)
                else:
                    created[key] = (log.channel, line)


def _judge_purposes(facts, logs, verdict):
    """C2 beyond the id: what a program wished for once is there once, however its device called the copies."""
    made = {}
    for log in logs.values():
        for seq, event in log.events.items():
            request = facts.requests.get((event["sender"], event.get("id")))
            purpose = None if request is None else request.attempts[0].purpose
            if purpose is None:
                continue
            key = (request.user, request.device, purpose)
            if key in made:
                where, line = made[key]
                message = f"{request.user} wished for {log.channel}/{seq} once, and it is at {where} already"
                verdict.violated("C2", message, log.lines[seq], line)
            else:
                made[key] = (f"{log.channel}/{seq}", log.lines[seq])


def _judge_acks(facts, logs, verdict):
    """C1. Where a log was not read, nothing shows that what was acked is in it."""
    places = {}
    for user, request_id, line in facts.stray_oks:
        verdict.violated("C1", f"{user} was acked {request_id}, which {user} never sent", line)
    for request in facts.requests.values():
        channels = {}
        for _at, channel, seq, line in request.oks:
            name = f"{request.user}'s {request.id}"
            wishes = [attempt.wish for attempt in request.attempts]
            is_creation = wishes[0].type == "channel.create"
            if is_creation:
                channels.setdefault(channel, line)
            else:
                other, other_line = places.setdefault((channel, seq), (request, line))
                if other is not request:
                    message = f"{channel}/{seq} was acked to {name} and to {other.user}'s {other.id}"
                    verdict.violated("C2", message, line, other_line)
            log = logs.get(channel)
            event = log.events.get(seq) if log is not None else None
            if event is None:
                verdict.violated("C1", f"{name} was acked at {channel}/{seq}, and the log has no such event", line)
            elif not _is_answer_to(request, wishes, event):
                message = f"{name} was acked at {channel}/{seq}, where the log has {describe(event)}"
                verdict.violated("C1", message, line, log.lines[seq], request.attempts[0].line)
            elif not any(became(wish, event, log) for wish in wishes):
                message = f"{name} was acked at {channel}/{seq}, where the log has other content"
                verdict.violated("C1", message, line, log.lines[seq], request.attempts[0].line)
        seqs = {seq: line for _at, _channel, seq, line in reversed(request.oks)}
        if len(seqs) > 1:
            message = f"{request.user}'s {request.id} was acked at {' and at '.join(map(str, sorted(seqs)))}"
            verdict.violated("C2", message, *sorted(seqs.values(), reverse=True))
        if len(channels) > 1:
            message = f"{request.user}'s {request.id} was answered with {len(channels)} channels: {', '.join(channels)}"
            verdict.violated("C2", message, *list(channels.values())[::-1])


def _judge_fold(log, verdict):
    """C1 for edits and deletions, whose content shows in the message that they change."""
    for target, deletes in log.deletes.items():
        event = log.events.get(target)
        if event is not None and event["kind"] == "message" and event["content"].get("text") is not None:
            message = f"{log.channel}/{target} was deleted by {deletes[0]} and still reads as something"
            verdict.violated("C1", message, log.lines[target], log.lines[deletes[0]])
    for target, edits in log.edits.items():
        event = log.events.get(target)
        if event is None or event["kind"] != "message" or target in log.deletes:
            continue
        if event["content"].get("text") != log.events[edits[-1]]["content"].get("text"):
            message = f"{log.channel}/{target} was edited by {edits[-1]} and reads as something else"
            verdict.violated("C1", message, log.lines[target], log.lines[edits[-1]])


def _is_answer_to(request, wishes, event):
    if (event["sender"], event.get("id")) == (request.user, request.id):
        return True
    # The direct channel of two people is one and the same, whoever of the two made it.
    if event["kind"] != "created" or wishes[0].type != "channel.create":
        return False
    if event.get("channelKind", "direct") != "direct" or wishes[0].channel_kind not in (None, "direct"):
        return False
    return any(member["user"] == request.user for member in event.get("members", ()))


def _judge_origins(facts, log, verdict):
    """C5 for what is stored."""
    for seq, event in log.events.items():
        # A number used up holds nothing that anybody could have sent.
        if event["kind"] == "noop":
            continue
        why = unsent(facts, event, log)
        if why is not None:
            verdict.violated("C5", f"{log.channel}/{seq} is stored, {why[0]}", log.lines[seq], *why[1:])


def _judge_seen(facts, logs, verdict):
    """C5 for what was delivered or read. What the log has in the same words was judged there."""
    for sight in facts.sights.values():
        _judge_sight(facts, logs, sight.event, sight.line, "delivered", verdict)
    for read in facts.reads:
        for event in read.events or ():
            _judge_sight(facts, logs, event, read.page_line, "read", verdict)


def _judge_sight(facts, logs, event, line, how, verdict):
    log = logs.get(event["channel"])
    if event["kind"] == "noop":
        return
    stored = log.events.get(event["seq"]) if log is not None else None
    if stored is not None and _is_same(stored, event):
        return
    why = unsent(facts, event, log)
    if why is not None:
        verdict.violated("C5", f"{event['channel']}/{event['seq']} was {how}, {why[0]}", line, *why[1:])


def _is_same(stored, event):
    return (
        stored["content"] == event["content"]
        and stored["sender"] == event["sender"]
        and stored.get("id") == event.get("id")
        and stored["kind"] == event["kind"]
    )


def unsent(facts, event, log):
    """Why this event may not be there, with the lines that tell; None if it may."""
    request = facts.requests.get((event["sender"], event.get("id")))
    if request is None:
        return (f"and {event['sender'] or 'nobody'} never sent {event.get('id')!r}",)
    fitting = [attempt for attempt in request.attempts if became(attempt.wish, event, log)]
    if not fitting:
        return (f"and what {event['sender']} sent as {event['id']} was something else", request.attempts[0].line)
    if request.is_refused():
        answers = [attempt.answer_line for attempt in request.attempts]
        return (f"although each copy of {event['sender']}'s {event['id']} was refused", *answers)
    return None


def became(wish, event, log):
    """Whether this event is what was wished for, as far as later edits and deletions let one see."""
    if KIND_OF[wish.type] != event["kind"]:
        return False
    if wish.channel is not None and wish.channel != event["channel"]:
        return False
    content = event["content"]
    if event.get("isDeleted") and _is_deleted(log, event):
        # Text and data are gone; of an edit only the target is left.
        return event["kind"] == "message" or wish.rest == content.get("rest")
    if wish.rest != content.get("rest"):
        return False
    if event["kind"] == "created" and not _has_members(wish, event):
        return False
    if wish.text == content.get("text"):
        return True
    return event.get("isEdited", False) and (log is None or content.get("text") in log.edited_texts(event["seq"]))


def _is_deleted(log, event):
    return log is None or (event.get("target") if event["kind"] == "edit" else event["seq"]) in log.deletes


def _has_members(wish, event):
    if wish.members is None or "members" not in event:
        return True
    return set(wish.members) | {event["sender"]} == {member["user"] for member in event["members"]}


def describe(event):
    return f"{event['sender'] or 'nobody'}'s {event.get('id')} ({event['kind']})"
