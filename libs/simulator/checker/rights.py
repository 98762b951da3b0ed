"""Who may do what after the first `seq` events of a log; and R5: what is stored was right on the log before it."""

from appends import became
from channel_log import MODERATING

#: What an older recorder does not tell of these leaves open whether they were right.
ABOUT_SOMEBODY = ("channel.invite", "channel.remove", "channel.role")


def judge_rights(facts, logs, verdict):
    """R5 (rule 5 of the log): whoever numbers an event judges its sender's rights on the log up to the one before."""
    for log in logs.values():
        for seq, event in log.events.items():
            request = facts.requests.get((event["sender"], event.get("id")))
            if event["kind"] in ("created", "noop") or request is None:
                continue
            attempt = next((one for one in request.attempts if became(one.wish, event, log)), None)
            why = None if attempt is None else _wrong(facts, log, request.user, attempt.wish, seq - 1)
            if why is not None:
                message = f"{log.channel}/{seq} is stored, and after {seq - 1} {request.user} {why}"
                verdict.violated("R5", message, log.lines[seq], attempt.line)


def _wrong(facts, log, user, wish, seq):
    if is_no_member(facts, log, user, wish, seq):
        return "was no member"
    if wish.type in ABOUT_SOMEBODY and wish.subject is None:
        return None
    if is_forbidden(facts, log, user, wish, seq):
        return "had no right to it"
    if _is_pointing(wish) and is_not_found(facts, log, user, wish, seq):
        return "could not see what it points at"
    return None


def _is_pointing(wish):
    if wish.type == "send":
        return wish.reply_to is not None
    return wish.type in ("edit", "delete", "react", "channel.remove", "channel.role")


def is_no_member(_facts, log, user, _wish, seq):
    return log.role_at(user, seq) is None


def is_not_found(_facts, log, user, wish, seq):
    if wish.type in ("channel.remove", "channel.role"):
        return wish.subject is None or log.role_at(wish.subject, seq) is None
    target = wish.reply_to if wish.type == "send" else wish.target
    if target is None:
        # An older recorder did not tell what a message answers to.
        return wish.type == "send"
    event = log.events.get(target)
    if event is None or event["kind"] != "message" or target > seq:
        return True
    # A deleted message keeps its number and may still be answered.
    is_gone = wish.type != "send" and log.is_deleted_at(target, seq)
    return is_gone or not log.is_visible(user, target)


def is_forbidden(facts, log, user, wish, seq):
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
