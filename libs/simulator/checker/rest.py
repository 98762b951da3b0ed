"""C9 and C10: ten seconds after the last fault everyone is there, and what the nodes held is given back."""

MEBIBYTE = 1024 * 1024


def judge_arrival(facts, logs, verdict):
    for user, device, reached, outbox, line in facts.settled:
        if outbox > 0:
            verdict.violated("C9", f"{user}'s {device} has {outbox} requests in its outbox that nobody answered", line)
        for channel, log in logs.items():
            if not log.is_member_at_end(user):
                continue
            place = reached.get(channel)
            if place != log.head:
                where = "never saw it" if place is None else f"is at {place}"
                verdict.violated("C9", f"{user}'s {device} {where}, and {channel} goes up to {log.head}", line)
    limit = facts.terms.get("settleWithinMs", 10_000)
    for at, what, line in facts.late:
        verdict.violated("C9", f"{what} came {at - facts.rest_at:.0f} ms after the rest; {limit} are given", line)


def judge_baselines(facts, verdict):
    before = {}
    by_role = {}
    for line, number in facts.baselines:
        if line["when"] == "before":
            before[line["node"]] = line
            known = by_role.get(line["role"])
            by_role[line["role"]] = line if known is None else _larger(known, line)
    for line, number in facts.baselines:
        node = f"{line['role']} {line['node']}"
        if line["unexpectedExits"] > 0:
            verdict.violated("C10", f"{node} ended {line['unexpectedExits']} times without being asked to", number)
        if line["unhandledRejections"] > 0:
            count = line["unhandledRejections"]
            verdict.violated("C10", f"{node} had {count} rejections that nobody handled", number)
        base = before.get(line["node"], by_role.get(line["role"]))
        if line["when"] != "after" or base is None:
            continue
        for field, more in _allowances(facts.terms):
            if line[field] > base[field] + more:
                message = f"{node} rests with {line[field]} {field}, began with {base[field]}, and may have {more} more"
                verdict.violated("C10", message, number)


def _allowances(terms):
    return (
        ("sockets", terms.get("socketsMoreMax", 2)),
        ("timers", terms.get("timersMoreMax", 5)),
        ("memoryBytes", terms.get("memoryMoreMaxBytes", 64 * MEBIBYTE)),
    )


def _larger(one, other):
    return {field: max(one[field], other[field]) for field in ("sockets", "timers", "memoryBytes")}
