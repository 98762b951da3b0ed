"""A channel's final log, and what was true after each of its events: who was in, as what, and which messages stood."""

from bisect import bisect_right

from facts import ALWAYS, NEVER

MODERATING = ("owner", "moderator")


def is_same_event(stored, event):
    """All but the content, which later edits and deletions may have changed."""
    return all(stored.get(field) == event.get(field) for field in ("kind", "sender", "id", "time", "target"))


class ChannelLog:
    """`events`: seq → event, `lines`: seq → line; of a seq that was read twice the first counts."""

    def __init__(self, channel, entries, head, requests):
        self.channel = channel
        self.events = {}
        self.lines = {}
        for event, line in entries:
            if event["seq"] not in self.events:
                self.events[event["seq"]] = event
                self.lines[event["seq"]] = line
        self.head = head
        self._requests = requests
        self.kind = None
        #: user → [[from, to]], both inclusive
        self.intervals = {}
        #: user → ([seqs], [role or None from that seq on])
        self._roles = {}
        #: seqs after which members or roles are others
        self.turns = []
        #: seq → (owners, members) after it, at each turn
        self._sizes = []
        #: target → seqs of what was done to it, ascending
        self.deletes = {}
        self.edits = {}
        self._targets = set()
        self._fold()
        self._possible = self._possible_from(requests)

    def _fold(self):
        now = {}
        for seq in sorted(self.events):
            event = self.events[seq]
            kind = event["kind"]
            if event.get("target") is not None:
                self._targets.add(event["target"])
            if kind == "delete":
                self.deletes.setdefault(event.get("target"), []).append(seq)
            elif kind == "edit":
                self.edits.setdefault(event.get("target"), []).append(seq)
            elif kind in ("created", "member"):
                if kind == "created":
                    self.kind = event.get("channelKind", self.kind)
                for change in event.get("members", ()):
                    self._apply(seq, change, now)
                owners = sum(1 for role in now.values() if role == "owner")
                self.turns.append(seq)
                self._sizes.append((owners, len(now)))

    def _apply(self, seq, change, now):
        user = change["user"]
        what = change["change"]
        intervals = self.intervals.setdefault(user, [])
        seqs, roles = self._roles.setdefault(user, ([], []))
        if what == "joined":
            if user not in now:
                intervals.append([seq, NEVER])
            now[user] = change.get("role", "member")
        elif what == "role":
            if user not in now:
                return
            now[user] = change.get("role", now[user])
        else:
            if user not in now:
                return
            intervals[-1][1] = seq
            del now[user]
        seqs.append(seq)
        roles.append(now.get(user))

    def _possible_from(self, requests):
        """Entry n-1: before this time the log can't have had n events, since one of them had not been asked for."""
        times = []
        latest = ALWAYS
        seq = 1
        while seq in self.events:
            event = self.events[seq]
            request = requests.get((event["sender"], event.get("id")))
            if request is not None:
                latest = max(latest, request.first_at)
            times.append(latest)
            seq += 1
        return times

    def most_events_at(self, at):
        return bisect_right(self._possible, at)

    def role_at(self, user, seq):
        """The role after the event `seq`, None for somebody who was not in."""
        seqs, roles = self._roles.get(user, ((), ()))
        place = bisect_right(seqs, seq)
        return roles[place - 1] if place else None

    def owners_and_members_at(self, seq):
        place = bisect_right(self.turns, seq)
        return self._sizes[place - 1] if place else (0, 0)

    def is_visible(self, user, seq):
        """Inside a membership: the fold up to seq - 1 has the user in, or it is the user's own joining."""
        return any(start <= seq <= end for start, end in self.intervals.get(user, ()))

    def is_member_at_end(self, user):
        intervals = self.intervals.get(user)
        return bool(intervals) and intervals[-1][1] == NEVER

    def next_visible(self, user, seq):
        """The lowest visible seq above `seq` that the log has, or None."""
        for start, end in self.intervals.get(user, ()):
            candidate = max(start, seq + 1)
            if candidate <= end:
                return candidate if candidate <= self.head else None
        return None

    def last_visible(self, user, seq):
        """The highest visible seq that is not above `seq`, or None."""
        for start, end in reversed(self.intervals.get(user, ())):
            if start <= seq:
                return min(end, seq)
        return None

    def edited_texts(self, target, since=0):
        """What the message read as after its edits from `since` on; as they were sent, for a deletion erases them."""
        texts = set()
        for seq in self.edits.get(target, ()):
            if seq >= since:
                event = self.events[seq]
                texts.add(event["content"].get("text"))
                request = self._requests.get((event["sender"], event.get("id")))
                if request is not None:
                    texts.update(attempt.wish.text for attempt in request.attempts)
        return texts

    def is_touched(self, seq):
        """Whether a later event changes how this one reads: a reaction, an edit, a deletion, also of what it edits."""
        event = self.events.get(seq)
        is_erased_edit = event is not None and event["kind"] == "edit" and event.get("target") in self.deletes
        return is_erased_edit or seq in self._targets

    def is_deleted_at(self, target, seq):
        """Whether the first `seq` events delete the message `target`."""
        deletes = self.deletes.get(target)
        return deletes is not None and deletes[0] <= seq


def channel_logs(facts):
    return {
        channel: ChannelLog(channel, entries, facts.heads.get(channel, (None,))[0] or len(entries), facts.requests)
        for channel, entries in facts.logs.items()
    }
