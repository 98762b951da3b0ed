"""Judges a history of Parley by C1 to C11, apart from the checker in TypeScript and after the same page.

    python3 check_history.py [--shown N] HISTORY.jsonl ...

Prints one JSON object a history, each in one line. Exit code 0: nothing found; 1: a promise was broken; 2: the history
can't be judged.
"""

import argparse
import gc
import json
import sys
import time

from access import Tokens, judge_memberships
from appends import judge_appends
from channel_log import channel_logs
from facts import Facts
from lines import REQUIRED, Malformed, read_lines
from order import judge_order
from presence import judge_presence
from programs import judge_programs
from reads import judge_reads
from refusals import judge_refusals
from rest import judge_arrival, judge_baselines
from rights import judge_rights
from sockets import Sockets
from verdict import Verdict


def judge(numbered_lines, shown_max=5):
    """Returns (Verdict, Facts, logs). Raises Malformed."""
    verdict = Verdict(shown_max)
    facts = Facts()
    sockets = Sockets(verdict)
    tokens = Tokens(facts, verdict)
    handlers = _handlers(facts, sockets, tokens)
    for number, line in numbered_lines:
        name, connection = line["line"], line.get("connection")
        if connection is not None and connection not in facts.connections and name not in ("connected", "closed"):
            raise Malformed(number, f"a `{name}` on connection {connection}, which never said hello")
        facts.lines += 1
        for handle in handlers[name]:
            handle(number, line)

    logs = channel_logs(facts)
    judge_appends(facts, logs, verdict)
    sockets.judge(facts, logs)
    judge_programs(facts, logs, verdict)
    judge_order(facts, logs, verdict)
    judge_reads(facts, logs, verdict)
    judge_memberships(facts, logs, sockets.runs, verdict)
    judge_arrival(facts, logs, verdict)
    judge_baselines(facts, verdict)
    judge_refusals(facts, logs, verdict)
    judge_rights(facts, logs, verdict)
    judge_presence(facts, verdict)
    return verdict, facts, logs


def _handlers(*listeners):
    """By kind of line: facts come first, since the others look at them."""
    def method(name):
        return f"on_{name.replace('-', '_')}"

    return {
        name: [getattr(listener, method(name)) for listener in listeners if hasattr(listener, method(name))]
        for name in REQUIRED
    }


def report(verdict, facts, logs, seconds):
    """`judged` tells how much there was to judge: a history of nothing breaks nothing."""
    unread = {channel for request in facts.requests.values() for _at, channel, _seq, _line in request.oks} - set(logs)
    return {
        "isClean": verdict.is_clean,
        "counts": verdict.counts,
        "violations": verdict.shown,
        "judged": {
            "lines": facts.lines,
            "channels": len(logs),
            "channelsNotRead": len(unread),
            "events": sum(len(log.events) for log in logs.values()),
            "requests": len(facts.requests),
            "acks": facts.acks,
            "deliveries": facts.deliveries,
            "pages": sum(1 for read in facts.reads if read.events is not None),
            "refusals": sum(
                1
                for request in facts.requests.values()
                for attempt in request.attempts
                if attempt.answer == "refused"
            ),
            "settled": len(facts.settled),
            "nodesAtRest": len(facts.baselines),
            "presence": len(facts.presence),
        },
        "seconds": round(seconds, 2),
    }


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("history", nargs="+", help="a file of JSON lines; - for standard input")
    parser.add_argument("--shown", type=int, default=5, help="so many violations of each invariant are told in full")
    options = parser.parse_args(arguments)
    # What is read stays until the end, so looking for what could be thrown away is in vain.
    gc.disable()
    return max(_judge_file(path, options.shown) for path in options.history)


def _judge_file(path, shown_max):
    """Prints what was found, one line a file, and returns the exit code that it asks for."""
    began = time.monotonic()
    try:
        if path == "-":
            found = judge(read_lines(sys.stdin.buffer), shown_max)
        else:
            with open(path, "rb") as file:
                found = judge(read_lines(file), shown_max)
    except (Malformed, OSError) as error:
        line = error.line if isinstance(error, Malformed) else None
        print(json.dumps({"history": path, "error": str(error), "line": line}, ensure_ascii=False))
        return 2
    seconds = time.monotonic() - began
    print(json.dumps({"history": path, **report(*found, seconds)}, ensure_ascii=False))
    return 0 if found[0].is_clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
