"""C4 once more, for what the SDK hands to a device's program: ascending, each event once, none left out."""


def judge_programs(facts, logs, verdict):
    for (user, device, channel), entries in facts.handled.items():
        log = logs.get(channel)
        before = None
        for seq, line in zip(entries[::2], entries[1::2]):
            if before is not None and seq <= before:
                verdict.violated("C4", f"{user}'s {device} was handed {channel}/{seq} after {before}", line)
            elif before is not None and log is not None:
                for left_out in _left_out(log, user, before, seq):
                    message = f"{user}'s {device} was handed {channel}/{seq} after {before}, and never {left_out}"
                    verdict.violated("C4", message, line)
            before = seq


def _left_out(log, user, before, seq):
    """What the member may see between the two. A number that was used up is kept from programs."""
    place = log.next_visible(user, before)
    while place is not None and place < seq:
        if place in log.events and log.events[place]["kind"] != "noop":
            yield place
        place = log.next_visible(user, place)
