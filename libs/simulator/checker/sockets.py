"""C4: what each socket was sent of a channel is a contiguous run of the log, each event once, holes announced.

Judged while the history is read, as far as it can be: where a run may begin, and what the log has, is known at the end.
"""

from array import array

from channel_log import is_same_event


class Sockets:
    def __init__(self, verdict):
        self._verdict = verdict
        #: (connection, channel) → the last seq that the socket was told of
        self._places = {}
        #: connection → hasMore of its `welcome`
        self._has_more = {}
        #: runs that began with no cursor: (connection, channel, seq, line, is_event)
        self._starts = []
        #: what came with something left out before it: (connection, channel, place before, seq, line, is_event)
        self._holes = []
        self._resets = []
        self._gaps = []
        #: (connection, channel) → array of (seq, line) by twos
        self.runs = {}

    def on_connected(self, _number, line):
        for channel, cursor in line["cursors"].items():
            self._places[(line["connection"], channel)] = cursor

    def on_resumed(self, _number, line):
        self._has_more[line["connection"]] = line["hasMore"]
        for channel, head in line["heads"].items():
            self._places.setdefault((line["connection"], channel), head)

    def on_delivered(self, number, line):
        event = line["event"]
        channel, seq = event["channel"], event["seq"]
        key = (line["connection"], channel)
        place = self._places.get(key)
        if key[0] not in self._has_more:
            self._violated(f"socket {key[0]} was sent {channel}/{seq} before its welcome", number)
        elif place is None:
            self._starts.append((key[0], channel, seq, number, True))
        elif seq <= place:
            self._violated(f"socket {key[0]} was sent {channel}/{seq} when it was at {place} already", number)
        elif seq > place + 1:
            self._holes.append((*key, place, seq, number, True))
        self._places[key] = seq
        run = self.runs.get(key)
        if run is None:
            run = self.runs[key] = array("q")
        run.append(seq)
        run.append(number)

    def on_gap(self, number, line):
        channel, start, end = line["channel"], line["from"], line["to"]
        key = (line["connection"], channel)
        place = self._places.get(key)
        if key[0] not in self._has_more:
            self._violated(f"socket {key[0]} was told of a gap in {channel} before its welcome", number)
        elif place is None:
            self._starts.append((key[0], channel, start, number, False))
        elif start <= place:
            message = f"socket {key[0]} was told of a gap from {start} in {channel} when it was at {place} already"
            self._violated(message, number)
        elif start > place + 1:
            self._holes.append((*key, place, start, number, False))
        if end < start:
            self._violated(f"socket {key[0]} was told of a gap in {channel} from {start} back to {end}", number)
        self._places[key] = max(end, start - 1)
        self._gaps.append((key[0], channel, end, number))

    def on_reset(self, number, line):
        key = (line["connection"], line["channel"])
        self._resets.append((*key, self._places.get(key), line["head"], number))
        self._places[key] = line["head"]

    def _violated(self, message, number):
        self._verdict.violated("C4", message, number)

    def judge(self, facts, logs):
        self._judge_starts(facts, logs)
        self._judge_holes(facts, logs)
        self._judge_claims(logs)
        self._judge_words(facts, logs)

    def _judge_starts(self, facts, logs):
        """With no cursor and no head, a channel begins with the first event that the member may see."""
        for number, channel, seq, line, is_event in self._starts:
            connection = facts.connections[number]
            log = logs.get(channel)
            if log is None or connection.has_more:
                continue
            starts = [start for start, _end in log.intervals.get(connection.user, ())]
            if seq not in starts if is_event else all(start < seq for start in starts):
                message = f"socket {number} of {connection.user} begins {channel} at {seq}, where no membership begins"
                self._violated(message, line)

    def _judge_holes(self, facts, logs):
        """Whoever comes back to a channel begins it anew, with the joining; what was said meanwhile is no hole."""
        for number, channel, place, seq, line, is_event in self._holes:
            user = facts.connections[number].user
            log = logs.get(channel)
            if log is not None:
                following = log.next_visible(user, place)
                is_start = any(start == seq for start, _end in log.intervals.get(user, ()))
                if following is not None and (following == seq and is_start if is_event else following >= seq):
                    continue
            what = "was sent" if is_event else "was told of a gap from"
            self._violated(f"socket {number} {what} {channel}/{seq} right after {place}, and no gap told of it", line)

    def _judge_claims(self, logs):
        for number, channel, end, line in self._gaps:
            log = logs.get(channel)
            if log is not None and end > log.head:
                message = f"socket {number} was told of a gap up to {end} in {channel}, which ends at {log.head}"
                self._violated(message, line)
        for number, channel, place, head, line in self._resets:
            log = logs.get(channel)
            # The log never lost anything, so a place that it has now it had then.
            if log is not None and place is not None and place <= log.head:
                message = f"socket {number} was told that {channel} was restored to {head}, and the log has its {place}"
                self._violated(message, line)

    def _judge_words(self, facts, logs):
        """Same bytes for everyone, and those of the log; what was edited or erased since reads otherwise, and may."""
        first = {}
        for (channel, seq, _bytes), sight in facts.sights.items():
            event = sight.event
            log = logs.get(channel)
            if log is None:
                continue
            stored = log.events.get(seq)
            if stored is None:
                # It is no part of a run of the log, and whoever saw it read what was taken back.
                for invariant in ("C4", "C7"):
                    message = f"{channel}/{seq} was delivered, and the log has no such event"
                    self._verdict.violated(invariant, message, sight.line)
                continue
            if not _is_event_of(log, stored, event):
                message = f"{channel}/{seq} was delivered as another event than the log has there"
                self._verdict.violated("C4", message, sight.line, log.lines[seq])
                continue
            if log.is_touched(seq) or event.get("bytes") is None:
                continue
            known = first.setdefault((channel, seq), sight)
            if known is not sight:
                message = f"{channel}/{seq} was delivered in different bytes"
                self._verdict.violated("C4", message, sight.line, known.line)


def _is_event_of(log, stored, event):
    if not is_same_event(stored, event):
        return False
    if log.is_touched(stored["seq"]):
        # What may be left of it is judged by what was sent.
        return True
    return stored["content"] == event["content"] and stored.get("members") == event.get("members")
