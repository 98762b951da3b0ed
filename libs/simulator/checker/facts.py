"""What a history says, put in the order in which it is judged. One pass; nothing is judged here.

Times are those of the lines. A *wish* is what one attempt asked for; several attempts under one (user, id) are one
request.
"""

from array import array
from bisect import bisect_left

NEVER = float("inf")
ALWAYS = float("-inf")


class Wish:
    """What one attempt asked for."""

    __slots__ = ("type", "channel", "text", "rest", "target", "reply_to", "subject", "role", "channel_kind", "members")

    def __init__(self, line):
        content = line["content"]
        self.type = line["type"]
        self.channel = line.get("channel")
        self.text = content.get("text")
        self.rest = content.get("rest")
        self.target = line.get("target")
        self.reply_to = line.get("replyTo")
        self.subject = line.get("subject")
        self.role = line.get("role")
        self.channel_kind = line.get("channelKind")
        self.members = line.get("members")

    def is_like(self, other):
        return (self.type, self.channel, self.text, self.rest) == (other.type, other.channel, other.text, other.rest)


class Attempt:
    __slots__ = ("purpose", "wish", "connection", "at", "line", "answer", "answered_at", "answer_line", "code")

    def __init__(self, wish, connection, at, line):
        #: Which of its program's wishes it is for, where that is known.
        self.purpose = None
        self.wish = wish
        self.connection = connection
        self.at = at
        self.line = line
        #: "ok", "refused", "unknown" or None while it is open.
        self.answer = None
        self.answered_at = NEVER
        self.answer_line = None
        self.code = None


class Request:
    __slots__ = ("user", "id", "device", "is_chained", "attempts", "oks")

    def __init__(self, user, request_id, device, is_chained):
        self.user = user
        self.id = request_id
        self.device = device
        self.is_chained = is_chained
        self.attempts = []
        #: (at, channel, seq, line) of each.
        self.oks = []

    @property
    def first_at(self):
        return self.attempts[0].at

    def has_one_wish(self):
        first = self.attempts[0].wish
        return all(attempt.wish.is_like(first) for attempt in self.attempts)

    def is_refused(self):
        """Each attempt was answered by a refusal, so it may not take effect."""
        return all(attempt.answer == "refused" for attempt in self.attempts)


class Connection:
    __slots__ = ("number", "user", "device", "is_chained", "cursors", "connected_at", "token_expires_at", "line")
    __slots__ += ("resumed_line", "resumed_at", "heads", "has_more", "closed_at")

    def __init__(self, line, number):
        self.number = line["connection"]
        self.user = line["user"]
        self.device = line["device"]
        self.is_chained = line["isChained"]
        self.cursors = line["cursors"]
        self.connected_at = line["at"]
        self.token_expires_at = line.get("tokenExpiresAt", NEVER)
        self.line = number
        self.resumed_line = None
        self.resumed_at = NEVER
        self.heads = {}
        self.has_more = False
        self.closed_at = NEVER


class Read:
    __slots__ = ("user", "connection", "channel", "after", "before", "at", "line", "known", "known_line")
    __slots__ += ("events", "is_complete", "page_at", "page_line", "code", "answer_line", "answered_at", "is_refused")

    def __init__(self, user, line, number):
        self.user = user
        self.connection = line["connection"]
        self.channel = line["channel"]
        self.after = line.get("after")
        self.before = line.get("before")
        self.at = line["at"]
        self.line = number
        #: The highest seq of the channel that this user knew of when it was asked, and the line that told.
        self.known = 0
        self.known_line = None
        self.events = None
        self.is_complete = False
        self.page_at = NEVER
        self.page_line = None
        self.is_refused = False
        self.code = None
        self.answered_at = NEVER
        self.answer_line = None


class Sight:
    """One event in one wording, as often as it was seen: the first time counts."""

    __slots__ = ("event", "at", "line")

    def __init__(self, event, at, line):
        self.event = event
        self.at = at
        self.line = line


class Growth:
    """The highest seq that was known of, over time, and the lines that told of it."""

    __slots__ = ("times", "heads", "lines")

    def __init__(self):
        self.times = array("d")
        self.heads = array("q")
        self.lines = array("q")

    def grow(self, at, seq, line):
        if not self.heads or seq > self.heads[-1]:
            self.times.append(at)
            self.heads.append(seq)
            self.lines.append(line)

    def before(self, at):
        """(seq, line), or (0, None) while nothing was known."""
        place = bisect_left(self.times, at)
        return (self.heads[place - 1], self.lines[place - 1]) if place else (0, None)


class Facts:
    def __init__(self):
        self.lines = 0
        self.terms = {}
        self.connections = {}
        self.requests = {}
        self.reads = []
        #: channel → [(event, line)] in the order read
        self.logs = {}
        #: channel → (head, line)
        self.heads = {}
        #: (channel, seq, bytes) → Sight, of deliveries
        self.sights = {}
        #: channel → Growth, by anyone
        self.growth = {}
        #: (user, channel) → Growth
        self.known = {}
        self.settled = []
        self.presence = []
        self.baselines = []
        self.rest_at = None
        #: (user, device, channel) → array of (seq, line) by twos, as the device's program was handed them
        self.handled = {}
        #: the last `handled` and `ok` after `rest`, for C9: (at, words, line)
        self.late = []
        #: acks that answer nothing: (user, id, line)
        self.stray_oks = []
        self.acks = 0
        self.deliveries = 0
        self._open = {}
        self._open_reads = {}

    # Each `on_…` takes the number of the line and the line.

    def on_terms(self, _number, line):
        self.terms = line

    def on_connected(self, number, line):
        connection = Connection(line, number)
        self.connections[connection.number] = connection

    def on_resumed(self, number, line):
        connection = self.connections.get(line["connection"])
        if connection is None:
            return
        connection.resumed_at = line["at"]
        connection.resumed_line = number
        connection.heads = line["heads"]
        connection.has_more = line["hasMore"]
        for channel, head in connection.heads.items():
            self._learn(connection.user, channel, head, number, line["at"])

    def on_closed(self, _number, line):
        connection = self.connections.get(line["connection"])
        if connection is not None:
            connection.closed_at = line["at"]

    def on_invoke(self, number, line):
        connection = self.connections[line["connection"]]
        attempt = Attempt(Wish(line), connection.number, line["at"], number)
        attempt.purpose = line.get("wish")
        key = (connection.user, line["id"])
        request = self.requests.get(key)
        if request is None:
            request = Request(connection.user, line["id"], connection.device, connection.is_chained)
            self.requests[key] = request
        request.attempts.append(attempt)
        self._open.setdefault((connection.number, line["id"]), []).append(attempt)

    def on_ok(self, number, line):
        connection = self.connections[line["connection"]]
        self.acks += 1
        self._answer(number, line, "ok")
        request = self.requests.get((connection.user, line["id"]))
        if request is None:
            self.stray_oks.append((connection.user, line["id"], number))
            return
        if not request.oks:
            self._note_late(line["at"], f"the first ack of {connection.user}'s {line['id']}", number)
        request.oks.append((line["at"], line["channel"], line["seq"], number))
        self._learn(connection.user, line["channel"], line["seq"], number, line["at"])

    def on_refused(self, number, line):
        self._answer(number, line, "refused")

    def on_unknown(self, number, line):
        self._answer(number, line, "unknown")

    def _answer(self, number, line, name):
        key = (line["connection"], line["id"])
        read = self._open_reads.pop(key, None)
        if read is not None:
            read.is_refused = name == "refused"
            read.code = line.get("code")
            read.answered_at = line["at"]
            read.answer_line = number
            return
        # An answer names the id only: it is taken as that of the oldest open attempt on its socket.
        attempts = self._open.get(key)
        if not attempts:
            return
        attempt = attempts.pop(0)
        attempt.answer = name
        attempt.answered_at = line["at"]
        attempt.answer_line = number
        attempt.code = line.get("code")

    def on_delivered(self, number, line):
        connection = self.connections[line["connection"]]
        event = line["event"]
        self.deliveries += 1
        key = (event["channel"], event["seq"], event.get("bytes"))
        if key not in self.sights:
            self.sights[key] = Sight(event, line["at"], number)
        self._learn(connection.user, event["channel"], event["seq"], number, line["at"])

    def on_gap(self, number, line):
        connection = self.connections[line["connection"]]
        self._learn(connection.user, line["channel"], line["to"], number, line["at"])

    def on_reset(self, _number, _line):
        pass

    def on_read(self, number, line):
        connection = self.connections[line["connection"]]
        read = Read(connection.user, line, number)
        read.known, read.known_line = self.known_before(read.user, read.channel, read.at)
        self.reads.append(read)
        self._open_reads[(read.connection, line["id"])] = read

    def on_page(self, number, line):
        read = self._open_reads.pop((line["connection"], line["id"]), None)
        if read is None:
            return
        read.events = line["events"]
        read.is_complete = line["isComplete"]
        read.page_at = line["at"]
        read.page_line = number
        for event in read.events:
            self._learn(read.user, event["channel"], event["seq"], number, line["at"])

    def on_handled(self, number, line):
        key = (line["user"], line["device"], line["channel"])
        entries = self.handled.get(key)
        if entries is None:
            entries = self.handled[key] = array("q")
        entries.append(line["seq"])
        entries.append(number)
        self._note_late(line["at"], f"{line['channel']}/{line['seq']} at {line['user']}'s {line['device']}", number)

    def on_settled(self, number, line):
        self.settled.append((line["user"], line["device"], line["reached"], line["outbox"], number))

    def on_final_log(self, number, line):
        event = line["event"]
        self.logs.setdefault(event["channel"], []).append((event, number))

    def on_final_head(self, number, line):
        self.heads[line["channel"]] = (line["head"], number)
        self.logs.setdefault(line["channel"], [])

    def on_rest(self, _number, line):
        self.rest_at = line["at"]

    def on_baseline(self, number, line):
        self.baselines.append((line, number))

    def on_presence(self, number, line):
        self.presence.append((line, number))

    def _note_late(self, at, words, number):
        if self.rest_at is not None and at > self.rest_at + self.terms.get("settleWithinMs", 10_000):
            self.late.append((at, words, number))

    def _learn(self, user, channel, seq, number, at):
        growth = self.growth.get(channel)
        if growth is None:
            growth = self.growth[channel] = Growth()
        growth.grow(at, seq, number)
        key = (user, channel)
        growth = self.known.get(key)
        if growth is None:
            growth = self.known[key] = Growth()
        growth.grow(at, seq, number)

    def known_before(self, user, channel, at):
        """The highest seq that this user had been told of before then, and the line that told."""
        growth = self.known.get((user, channel))
        return growth.before(at) if growth is not None else (0, None)
