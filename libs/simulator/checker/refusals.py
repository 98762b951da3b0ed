"""C11: a refusal is true of some durable state between the request and its answer."""

from bisect import bisect_right

from appends import became
from channel_log import MODERATING


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
    judge = {"not_member": _is_no_member, "not_found": _is_not_found, "forbidden": _is_forbidden}.get(attempt.code)
    log = logs.get(wish.channel)
    if judge is None or log is None:
        return
    states = _states(facts, log, attempt.at, attempt.answered_at)
    if not any(judge(facts, log, request.user, wish, seq) for seq in states):
        span = f"{states[0]}" if len(states) == 1 else f"{states[0]} to {states[-1]}"
        message = f"{name} was refused as {attempt.code}, which {log.channel} shows after none of its events {span}"
        verdict.violated("C11", message, attempt.answer_line, attempt.line)


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


def _is_no_member(_facts, log, user, _wish, seq):
    return log.role_at(user, seq) is None


def _is_not_found(_facts, log, user, wish, seq):
    if wish.type in ("channel.remove", "channel.role"):
        return wish.subject is None or log.role_at(wish.subject, seq) is None
    target = wish.reply_to if wish.type == "send" else wish.target
    if target is None:
        # An older recorder did not tell what a message answers to.
        return wish.type == "send"
    event = log.events.get(target)
    if event is None or event["kind"] != "message" or target > seq:
        return True
    return log.is_deleted_at(target, seq) or not log.is_visible(user, target)


def _is_forbidden(facts, log, user, wish, seq):
    role = log.role_at(user, seq)
    if role is None:
        return False
    if wish.type in ("send", "edit", "delete", "react"):
        if role == "reader":
            return True
        target = log.events.get(wish.target)
        is_own = target is not None and target["sender"] == user
        if wish.type == "edit":
            return not is_own
        return wish.type == "delete" and not is_own and role not in MODERATING
    if log.kind == "direct":
        return True
    if wish.type != "channel.leave" and wish.subject is None:
        # An older recorder did not tell whom it was about.
        return True
    owners, members = log.owners_and_members_at(seq)
    theirs = log.role_at(wish.subject, seq)
    if wish.type == "channel.invite":
        return role not in MODERATING or theirs is not None or members >= facts.terms.get("membersMax", 100_000)
    if wish.type == "channel.role":
        return role != "owner" or (theirs == "owner" and wish.role != "owner" and owners == 1)
    leaver = user if wish.type == "channel.leave" else wish.subject
    is_last_owner = log.role_at(leaver, seq) == "owner" and owners == 1 and members > 1
    if leaver == user:
        return is_last_owner
    return role not in MODERATING or (role != "owner" and theirs in MODERATING) or is_last_owner


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
