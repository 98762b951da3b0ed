"""C11: a refusal is true of some durable state between the request and its answer."""

from bisect import bisect_right

from appends import became
from rights import is_forbidden, is_no_member, is_not_found


def judge_refusals(facts, logs, verdict):
    conflicts = _events_by_request(facts, logs)
    for request in facts.requests.values():
        for attempt in request.attempts:
            if attempt.answer == "refused":
                _judge_attempt(facts, logs, conflicts, request, attempt, verdict)
    for read in facts.reads:
        log = logs.get(read.channel)
        if not read.is_refused or read.code != "not_member" or log is None:
            continue
        states = _states(facts, log, read.at, read.answered_at)
        if all(log.role_at(read.user, seq) is not None for seq in states):
            message = f"{read.user} could not read {read.channel} for want of membership, and was a member all the time"
            verdict.violated("C11", message, read.answer_line, read.line)


def _events_by_request(facts, logs):
    events = {}
    for log in logs.values():
        for event in log.events.values():
            events.setdefault((event["sender"], event.get("id")), []).append((log, event))
    return events


def _judge_attempt(facts, logs, conflicts, request, attempt, verdict):
    wish = attempt.wish
    name = f"{request.user}'s {request.id} ({wish.type})"
    if attempt.code == "conflict":
        if not _has_conflict(conflicts, request, attempt):
            message = f"{name} was refused as conflict, and nothing else was durable under that id by then"
            verdict.violated("C11", message, attempt.answer_line, attempt.line)
        return
    judge = {"not_member": is_no_member, "not_found": is_not_found, "forbidden": is_forbidden}.get(attempt.code)
    log = logs.get(wish.channel)
    if judge is None or log is None:
        return
    states = _states(facts, log, attempt.at, attempt.answered_at)
    if any(judge(facts, log, request.user, wish, seq) for seq in states):
        return
    if not any(_is_true_of(facts, logs, judge, request, other, attempt) for other in _twins(request, attempt)):
        span = f"{states[0]}" if len(states) == 1 else f"{states[0]} to {states[-1]}"
        message = f"{name} was refused as {attempt.code}, which {log.channel} shows after none of its events {span}"
        verdict.violated("C11", message, attempt.answer_line, attempt.line)


def _twins(request, attempt):
    """Of two wishes under one id on one socket an answer may be either's: it names the id alone."""
    for other in request.attempts:
        is_before = other.at <= attempt.answered_at
        if is_before and other.connection == attempt.connection and not other.wish.is_like(attempt.wish):
            yield other


def _is_true_of(facts, logs, judge, request, other, attempt):
    log = logs.get(other.wish.channel)
    if log is None:
        return True
    states = _states(facts, log, other.at, attempt.answered_at)
    return any(judge(facts, log, request.user, other.wish, seq) for seq in states)


def _states(facts, log, asked_at, answered_at):
    """The lengths of the log, at which something may change, between request and answer."""
    growth = facts.growth.get(log.channel)
    low = min(growth.before(asked_at)[0], log.head) if growth is not None else 0
    high = max(low, log.most_events_at(answered_at))
    changes = _changes(log)
    inside = changes[bisect_right(changes, low) : bisect_right(changes, high)]
    return [low, *inside]


def _changes(log):
    """Seqs after which a judgement may be another: members, roles, deletions; messages that are pointed at come too."""
    changes = getattr(log, "changes", None)
    if changes is None:
        changes = log.changes = sorted({*log.turns, *(seq for deletes in log.deletes.values() for seq in deletes)})
    return changes


def _has_conflict(events, request, attempt):
    """Something else was durable under the same id: in another channel, or with other content."""
    for log, event in events.get((request.user, request.id), ()):
        if event["seq"] > log.most_events_at(attempt.answered_at):
            continue
        if not became(attempt.wish, event, log):
            return True
    # What another copy of this id asked for may stand in a channel that was not read.
    return any(
        other.answer == "ok" and not other.wish.is_like(attempt.wish) and other.at < attempt.answered_at
        for other in request.attempts
    )
