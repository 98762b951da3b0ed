"""C7: one reads what one wrote, heads only grow, and no page shows what the log does not have."""

from channel_log import is_same_event


def judge_reads(facts, logs, verdict):
    for read in facts.reads:
        log = logs.get(read.channel)
        if log is None or read.events is None:
            continue
        for message in _faults(read, log):
            verdict.violated("C7", f"{read.user} read {read.channel}: {message}", read.page_line, read.line)
    _judge_welcomes(facts, logs, verdict)


def _faults(read, log):
    yield from _wrong_events(read, log)
    seqs = [event["seq"] for event in read.events]
    for before, after in zip(seqs, seqs[1:]):
        if after <= before:
            yield f"{after} stands after {before}"
        elif log.next_visible(read.user, before) != after:
            yield f"{log.next_visible(read.user, before)} is missing between {before} and {after}"
    yield from _wrong_ends(read, log, seqs)


def _wrong_ends(read, log, seqs):
    """Does the page begin and end where it must? What this user knew of before asking must be within reach."""
    known = min(read.known, log.head)
    if read.after is not None:
        if seqs and seqs[0] != log.next_visible(read.user, read.after):
            yield f"{log.next_visible(read.user, read.after)} is missing after {read.after}"
        last = seqs[-1] if seqs else read.after
        following = log.next_visible(read.user, last)
        if read.is_complete and following is not None and following <= known:
            yield f"it was called complete at {last}, and {known} was known before (line {read.known_line})"
        return
    bound = known if read.before is None else min(known, read.before - 1)
    expected = log.last_visible(read.user, bound)
    if expected is not None and (not seqs or seqs[-1] < expected):
        found = seqs[-1] if seqs else "nothing"
        yield f"it ends with {found}, and {expected} was known before (line {read.known_line})"
    if read.before is not None and seqs and seqs[-1] >= read.before:
        yield f"{seqs[-1]} is not before {read.before}"
    first_visible = log.next_visible(read.user, 0)
    if read.is_complete and seqs and first_visible is not None and seqs[0] > first_visible:
        yield f"it was called complete and begins with {seqs[0]}, not with {first_visible}"


def _wrong_events(read, log):
    known = min(read.known, log.head)
    for event in read.events:
        seq = event["seq"]
        stored = log.events.get(seq)
        if stored is None:
            yield f"{seq} was there, and is not in the log any more"
            continue
        if not is_same_event(stored, event):
            yield f"{seq} was another event than the log has there"
            continue
        if event.get("isDeleted"):
            target = event.get("target") if event["kind"] == "edit" else seq
            if target not in log.deletes:
                yield f"{seq} was called deleted, and nobody deleted it"
            continue
        target = event.get("target") if event["kind"] == "edit" else seq
        if log.is_deleted_at(target, known):
            yield f"{seq} came with its text, and its deletion was known before (line {read.known_line})"
        if event["kind"] == "message":
            yield from _wrong_wording(event, stored, log, known)
        elif not log.is_touched(seq) and stored["content"] != event["content"]:
            yield f"{seq} had other content than the log has"


def _wrong_wording(event, stored, log, known):
    seq = event["seq"]
    edits = [edit for edit in log.edits.get(seq, ()) if edit <= known]
    if edits and not event.get("isEdited"):
        yield f"{seq} came unedited, and its edit at {edits[-1]} was known before"
    elif event.get("isEdited"):
        texts = log.edited_texts(seq, edits[-1] if edits else 0)
        if event["content"].get("text") not in texts:
            yield f"{seq} read as no edit from {edits[-1] if edits else 'the first'} on made it"
    elif not log.is_touched(seq) and stored["content"] != event["content"]:
        yield f"{seq} had other content than the log has"


def _judge_welcomes(facts, logs, verdict):
    """A `welcome` names a head that is there, and none below what the user knew of when saying `hello`."""
    for connection in facts.connections.values():
        user, line = connection.user, connection.resumed_line
        for channel, head in connection.heads.items():
            log = logs.get(channel)
            if log is None:
                continue
            if head > log.head:
                message = f"{user} was told that {channel} goes up to {head}, and it ends at {log.head}"
                verdict.violated("C7", message, line)
            known, known_line = facts.known_before(user, channel, connection.connected_at)
            expected = log.last_visible(user, min(known, log.head))
            if expected is not None and head < expected:
                message = f"{user} was told that {channel} goes up to {head}, and knew of {expected} before"
                verdict.violated("C7", message, line, known_line)
