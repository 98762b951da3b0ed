"""C8: nobody is served outside a membership, nor after the end of a token or of a right to be here."""

from facts import NEVER


class Tokens:
    """Until when each socket may be served. Judged while the history is read, since a refresh moves the end.

    What a slow reader gets late was sent in time; so each event is judged by when it was first asked for: one that did
    not exist before the end can't have been sent before it.
    """

    def __init__(self, facts, verdict):
        self._facts = facts
        self._verdict = verdict
        #: connection → when its token ends, grace included
        self._ends = {}
        #: connection → {id: end} of refreshes that are open
        self._open = {}
        #: (connection, id) → (at, line) of reads that are open
        self._reads = {}
        #: user → when a revocation holds everywhere, with the time of its confirmation
        self._revoked = {}

    def _grace(self):
        return self._facts.terms.get("tokenGraceMs", 35_000)

    def on_connected(self, _number, line):
        self._ends[line["connection"]] = line.get("tokenExpiresAt", NEVER) + self._grace()

    def on_refresh(self, _number, line):
        # From here on the server may have taken it, whether or not the answer comes through.
        self._open.setdefault(line["connection"], {})[line["id"]] = line["tokenExpiresAt"] + self._grace()

    def on_refreshed(self, _number, line):
        end = self._open.get(line["connection"], {}).pop(line["id"], None)
        if end is not None:
            self._ends[line["connection"]] = end

    def on_refused(self, _number, line):
        self._open.get(line["connection"], {}).pop(line["id"], None)

    def on_revoked(self, _number, line):
        until = line["at"] + self._facts.terms.get("revokedWithinMs", 5_000)
        self._revoked[line["user"]] = (line["at"], until)

    def on_delivered(self, number, line):
        event = line["event"]
        request = self._facts.requests.get((event["sender"], event.get("id")))
        if request is not None:
            name = f"{event['channel']}/{event['seq']}"
            self._judge(line["connection"], request.first_at, f"was sent {name}", number, request.attempts[0].line)

    def on_ok(self, number, line):
        user = self._facts.connections[line["connection"]].user
        request = self._facts.requests.get((user, line["id"]))
        attempts = [one for one in request.attempts if one.answer_line == number] if request is not None else []
        for attempt in attempts:
            self._judge(line["connection"], attempt.at, f"was acked {line['id']}", number, attempt.line)

    def on_read(self, number, line):
        self._reads[(line["connection"], line["id"])] = (line["at"], number)

    def on_page(self, number, line):
        asked = self._reads.pop((line["connection"], line["id"]), None)
        if asked is not None:
            self._judge(line["connection"], asked[0], f"was given page {line['id']}", number, asked[1])

    def _judge(self, number, began_at, what, line, other):
        end = max([self._ends.get(number, NEVER), *self._open.get(number, {}).values()])
        connection = self._facts.connections[number]
        if began_at > end:
            message = f"socket {number} of {connection.user} {what}, {began_at - end:.0f} ms after its token had ended"
            self._verdict.violated("C8", message, line, other, connection.line)
        revoked = self._revoked.get(connection.user)
        if revoked is not None and connection.connected_at < revoked[0] and began_at > revoked[1]:
            message = f"socket {number} of {connection.user} {what}, after {connection.user} had been locked out"
            self._verdict.violated("C8", message, line, other)


def judge_memberships(facts, logs, runs, verdict):
    for (number, channel), run in runs.items():
        log = logs.get(channel)
        if log is None:
            continue
        user = facts.connections[number].user
        _judge_seqs(log, user, zip(run[::2], run[1::2]), "was sent", verdict)
    for read in facts.reads:
        log = logs.get(read.channel)
        if log is not None and read.events is not None:
            pairs = [(event["seq"], read.page_line) for event in read.events]
            _judge_seqs(log, read.user, pairs, "read", verdict)


def _judge_seqs(log, user, pairs, what, verdict):
    intervals = log.intervals.get(user, ())
    if len(intervals) == 1:
        start, end = intervals[0]
        outside = [(seq, line) for seq, line in pairs if not start <= seq <= end]
    else:
        outside = [(seq, line) for seq, line in pairs if not log.is_visible(user, seq)]
    for seq, line in outside:
        # What the log does not have is judged elsewhere.
        if seq in log.events:
            verdict.violated("C8", f"{user} {what} {log.channel}/{seq}, which lies outside the membership", line)
