"""Each invariant: a true history breaks nothing, and one lie in it is found by name. Run: python3 -m unittest"""

import io
import json
import os
import tempfile
import unittest
from contextlib import redirect_stdout

from check_history import judge, main
from lines import Malformed, read_lines
from story import (
    ALONE,
    ANSWER,
    CREATED,
    HELLO,
    connected,
    delivered,
    event,
    invoke,
    joined,
    numbered,
    ok,
    refused,
    resumed,
    settled,
    true_story,
)


def broken(lines):
    verdict, _facts, _logs = judge(numbered(lines))
    return {invariant for invariant, count in verdict.counts.items() if count > 0}


def place_of(lines, **fields):
    return next(at for at, line in enumerate(lines) if all(line.get(name) == value for name, value in fields.items()))


def without(lines, **fields):
    del lines[place_of(lines, **fields)]
    return lines


def before(lines, new, **fields):
    place = place_of(lines, **fields)
    lines[place:place] = new if isinstance(new, list) else [new]
    return lines


def replaced(lines, new, **fields):
    lines[place_of(lines, **fields)] = new
    return lines


def ending_at(lines, head):
    return replaced(lines, {"line": "final-head", "channel": "c", "head": head}, line="final-head")


class Truth(unittest.TestCase):
    def test_a_true_history_breaks_nothing(self):
        self.assertEqual(broken(true_story()), set())

    def test_the_lines_that_show_a_violation_are_named(self):
        lines = without(true_story(), line="delivered", event=delivered(1, HELLO)["event"])
        verdict, _facts, _logs = judge(numbered(lines))
        [violation] = verdict.shown
        self.assertEqual(violation["invariant"], "C4")
        self.assertIn("c/3", violation["message"])
        self.assertEqual(violation["lines"], [15])


class Appends(unittest.TestCase):
    def test_an_ack_of_what_the_log_does_not_have_breaks_C1(self):
        lines = without(true_story(), line="final-log", event=ALONE)
        self.assertIn("C1", broken(ending_at(lines, 4)))

    def test_an_ack_of_another_number_breaks_C1(self):
        self.assertIn("C1", broken(replaced(true_story(), ok(1, "a2", 2), line="ok", id="a2")))

    def test_an_ack_of_other_content_breaks_C1_and_C5(self):
        other = event(3, "message", "ada", "a2", "altered")
        found = broken(replaced(true_story(), {"line": "final-log", "event": other}, line="final-log", event=ANSWER))
        self.assertLessEqual({"C1", "C5"}, found)

    def test_an_id_that_is_there_twice_breaks_C2(self):
        again = {"line": "final-log", "event": event(6, "message", "ada", "a4", "alone")}
        lines = before(true_story(), again, line="final-head")
        self.assertIn("C2", broken(ending_at(lines, 6)))

    def test_a_number_that_is_there_twice_breaks_C2(self):
        self.assertIn("C2", broken(before(true_story(), {"line": "final-log", "event": ALONE}, line="final-head")))

    def test_one_creation_with_two_channels_breaks_C2(self):
        again = [invoke(1, "a1", "channel.create", rest="k"), {**ok(1, "a1", 1), "channel": "d"}]
        self.assertIn("C2", broken(before(true_story(), again, line="rest")))

    def test_an_ack_in_a_channel_that_was_not_read_breaks_C1(self):
        kept = ("connected", "resumed", "invoke", "ok")
        self.assertEqual(broken([line for line in true_story() if line["line"] in kept]), {"C1"})

    def test_one_request_with_two_numbers_breaks_C2(self):
        again = [invoke(1, "a2", "send", "answer"), ok(1, "a2", 2)]
        self.assertIn("C2", broken(before(true_story(), again, line="rest")))

    def test_a_hole_breaks_C3(self):
        self.assertIn("C3", broken(without(true_story(), line="final-log", event=ANSWER)))

    def test_a_log_that_ends_before_its_head_breaks_C3(self):
        self.assertIn("C3", broken(ending_at(true_story(), 6)))

    def test_what_nobody_sent_breaks_C5(self):
        self.assertIn("C5", broken(without(without(true_story(), line="invoke", id="a4"), line="ok", id="a4")))

    def test_what_was_refused_and_is_there_breaks_C5(self):
        found = broken(replaced(true_story(), refused(1, "a4", "forbidden"), line="ok", id="a4"))
        self.assertEqual(found, {"C5", "C11"})

    def test_what_was_answered_by_unknown_may_be_there(self):
        lines = replaced(true_story(), {**refused(1, "a4", "internal"), "line": "unknown"}, line="ok", id="a4")
        self.assertEqual(broken(lines), set())


class Deliveries(unittest.TestCase):
    def test_an_event_that_comes_twice_breaks_C4(self):
        self.assertEqual(broken(before(true_story(), delivered(1, ANSWER), line="read")), {"C4"})

    def test_a_hole_that_a_gap_told_of_is_none(self):
        gap = {"line": "gap", "connection": 1, "channel": "c", "from": 2, "to": 2}
        place = {"line": "delivered", "connection": 1, "event": delivered(1, HELLO)["event"]}
        self.assertEqual(broken(replaced(true_story(), gap, **place)), set())

    def back(self, *between):
        """Bob is asked back, and his socket is told so."""
        back = event(6, "member", "ada", "a5", rest="b", members=[joined("bob")])
        asked = [invoke(1, "a5", "channel.invite", rest="b", subject="bob"), ok(1, "a5", 6), delivered(1, back)]
        lines = before(true_story(), [*asked, *between, delivered(2, back)], line="rest")
        lines = before(ending_at(lines, 6), {"line": "final-log", "event": back}, line="final-head")
        lines = replaced(lines, settled("ada", {"c": 6}), line="settled", user="ada")
        return broken(replaced(lines, settled("bob", {"c": 6}), line="settled", user="bob"))

    def test_who_comes_back_begins_with_the_joining(self):
        self.assertEqual(self.back(), set())
        self.assertEqual(self.back({"line": "gap", "connection": 2, "channel": "c", "from": 5, "to": 5}), set())

    def test_a_gap_that_begins_elsewhere_breaks_C4(self):
        gap = {"line": "gap", "connection": 1, "channel": "c", "from": 5, "to": 5}
        self.assertEqual(broken(before(true_story(), gap, line="rest")), {"C4"})

    def test_other_bytes_break_C4(self):
        other = delivered(2, ANSWER)
        other["event"]["bytes"] = "others"
        place = {"line": "delivered", "connection": 2, "event": delivered(2, ANSWER)["event"]}
        self.assertEqual(broken(replaced(true_story(), other, **place)), {"C4"})

    def test_a_reset_of_a_log_that_lost_nothing_breaks_C4(self):
        reset = {"line": "reset", "connection": 1, "channel": "c", "head": 3}
        self.assertEqual(broken(before(true_story(), reset, line="read")), {"C4"})

    def test_a_run_that_begins_after_the_head_of_welcome_breaks_C4(self):
        late = [connected(3, "ada"), resumed(3, c=3), delivered(3, ALONE)]
        self.assertIn("C4", broken(before(true_story(), late, line="rest")))

    def test_what_comes_before_welcome_breaks_C4(self):
        early = [connected(3, "ada", cursors={"c": 4}), delivered(3, ALONE), resumed(3, c=5)]
        self.assertEqual(broken(before(true_story(), early, line="rest")), {"C4"})

    def test_what_was_taken_back_breaks_C4_and_C7(self):
        gone = event(6, "message", "ada", "a9", "gone")
        sent = [invoke(1, "a9", "send", "gone"), delivered(1, gone)]
        self.assertEqual(broken(before(true_story(), sent, line="rest")), {"C4", "C7"})

    def test_a_program_that_is_handed_an_event_again_breaks_C4(self):
        line = {"line": "handled", "user": "ada", "device": "phone", "channel": "c"}
        handed = [{**line, "seq": seq} for seq in (2, 3, 3)]
        self.assertEqual(broken(before(true_story(), handed, line="rest")), {"C4"})

    def test_what_comes_after_a_removal_breaks_C8(self):
        self.assertEqual(broken(before(true_story(), delivered(2, ALONE), line="rest")), {"C8"})


class Order(unittest.TestCase):
    def test_what_was_sent_after_an_ack_and_stands_before_it_breaks_C6(self):
        lines = true_story()
        sent = lines.pop(place_of(lines, line="invoke", id="a2"))
        place = place_of(lines, line="ok", id="a4")
        lines[place + 1 : place + 1] = [sent, ok(1, "a2", 3)]
        lines = [line for line in lines if line["line"] not in ("delivered", "page")]
        self.assertIn("C6", broken(without(lines, line="ok", id="a2")))

    def test_a_device_whose_requests_are_turned_round_breaks_C6(self):
        lines = [line for line in true_story() if line["line"] not in ("delivered", "page", "ok")]
        lines = replaced(lines, invoke(1, "a4", "send", "alone"), line="invoke", id="a2")
        places = [at for at, line in enumerate(lines) if line.get("id") == "a4"]
        lines[places[-1]] = invoke(1, "a2", "send", "answer")
        self.assertEqual(broken(lines), {"C6"})


class Reads(unittest.TestCase):
    def page(self, *events, complete=True, **asked):
        read = {"line": "read", "connection": 1, "id": "r2", "channel": "c", **asked}
        page = {"line": "page", "connection": 1, "id": "r2", "isComplete": complete, "events": list(events)}
        return broken(before(true_story(), [read, page], line="rest"))

    def test_a_complete_page_without_ones_own_ack_breaks_C7(self):
        self.assertEqual(self.page(after=4), {"C7"})

    def test_the_newest_page_without_ones_own_ack_breaks_C7(self):
        self.assertEqual(self.page(HELLO, ANSWER, complete=False), {"C7"})

    def test_a_page_with_a_hole_breaks_C7(self):
        self.assertEqual(self.page(CREATED, ANSWER, complete=False, after=0), {"C7"})

    def test_a_page_of_what_is_gone_breaks_C7(self):
        self.assertIn("C7", self.page(ALONE, event(6, "message", "ada", "a9", "gone"), after=4))

    def test_a_welcome_that_knows_less_breaks_C7(self):
        self.assertEqual(broken(before(true_story(), [connected(3, "ada"), resumed(3, c=4)], line="rest")), {"C7"})

    def test_a_page_below_a_seq_is_right(self):
        self.assertEqual(self.page(CREATED, HELLO, before=3), set())


class Access(unittest.TestCase):
    def with_token(self, end, *more):
        place = {"line": "connected", "connection": 1}
        lines = replaced(true_story(), connected(1, "ada", tokenExpiresAt=end), **place)
        return broken(before(lines, list(more), line="read") if more else lines)

    def test_what_was_sent_after_the_end_of_a_token_breaks_C8(self):
        self.assertEqual(self.with_token(100), {"C8"})

    def test_a_token_that_outlives_the_socket_breaks_nothing(self):
        self.assertEqual(self.with_token(1_000), set())

    def test_a_refreshed_token_goes_on(self):
        refresh = {"line": "refresh", "connection": 1, "id": "f1", "tokenExpiresAt": 1_000}
        self.assertEqual(self.with_token(200, refresh, {"line": "refreshed", "connection": 1, "id": "f1"}), set())

    def test_a_refresh_that_was_refused_does_not(self):
        refresh = {"line": "refresh", "connection": 1, "id": "f1", "tokenExpiresAt": 1_000}
        self.assertEqual(self.with_token(200, refresh, refused(1, "f1", "unauthenticated")), {"C8"})

    def test_what_is_sent_to_one_locked_out_breaks_C8(self):
        lines = before(true_story(), {"line": "revoked", "user": "ada"}, line="read")
        lines[0]["revokedWithinMs"] = 5
        self.assertEqual(broken(lines), {"C8"})


class Rest(unittest.TestCase):
    def test_a_member_who_never_arrives_breaks_C9(self):
        lines = replaced(true_story(), settled("ada", {"c": 4}), line="settled", user="ada")
        self.assertEqual(broken(lines), {"C9"})

    def test_an_outbox_that_never_empties_breaks_C9(self):
        lines = replaced(true_story(), settled("bob", {"c": 4}, 1), line="settled", user="bob")
        self.assertEqual(broken(lines), {"C9"})

    def test_who_arrives_after_ten_seconds_breaks_C9(self):
        rest = place_of(true_story(), line="rest")
        handed = {"line": "handled", "user": "ada", "device": "phone", "channel": "c", "seq": 5}
        lines = [{"at": at * 10, **line} for at, line in enumerate(true_story())]
        lines[rest + 1 : rest + 1] = [{**handed, "at": rest * 10 + 10_001}]
        late = lines[rest + 2 :]
        lines = [*lines[: rest + 2], *({**line, "at": 20_000} for line in late)]
        self.assertEqual(broken(lines), {"C9"})

    def baseline(self, when, **more):
        base = {"line": "baseline", "when": when, "node": "gateway-1", "role": "gateway", "sockets": 4, "timers": 9}
        return {**base, "memoryBytes": 2**26, "unexpectedExits": 0, "unhandledRejections": 0, **more}

    def at_rest(self, **after):
        lines = before(true_story(), self.baseline("before"), line="connected")
        return broken([*lines, self.baseline("after", **after)])

    def test_a_node_that_gives_all_back_breaks_nothing(self):
        self.assertEqual(self.at_rest(sockets=6, timers=14, memoryBytes=2**27), set())

    def test_what_a_node_keeps_breaks_C10(self):
        for kept in ({"sockets": 7}, {"timers": 15}, {"memoryBytes": 2**27 + 1}):
            self.assertEqual(self.at_rest(**kept), {"C10"}, kept)

    def test_exits_and_rejections_break_C10(self):
        self.assertEqual(self.at_rest(unexpectedExits=1), {"C10"})
        self.assertEqual(self.at_rest(unhandledRejections=1), {"C10"})

    def test_a_node_that_came_in_the_place_of_another_is_held_to_its_role(self):
        self.assertEqual(self.at_rest(node="gateway-1b", sockets=7), {"C10"})


class Refusals(unittest.TestCase):
    def asked(self, code, *asked, **more):
        return broken(before(true_story(), [invoke(*asked, **more), refused(asked[0], asked[1], code)], line="read"))

    def test_a_refusal_of_a_member_as_none_breaks_C11(self):
        self.assertEqual(self.asked("not_member", 2, "b9", "send", "?"), {"C11"})

    def test_a_target_that_is_not_there_yet_is_not_found(self):
        self.assertEqual(self.asked("not_found", 2, "b9", "react", target=9), set())

    def test_a_target_that_is_there_and_not_found_breaks_C11(self):
        self.assertEqual(self.asked("not_found", 2, "b9", "react", target=3), {"C11"})

    def test_rights_are_those_of_the_role(self):
        self.assertEqual(self.asked("forbidden", 2, "b9", "edit", "?", target=3), set())
        self.assertEqual(self.asked("forbidden", 2, "b9", "edit", "?", target=2), {"C11"})
        self.assertEqual(self.asked("forbidden", 2, "b9", "channel.remove", subject="ada"), set())
        self.assertEqual(self.asked("forbidden", 1, "a9", "channel.invite", subject="eve"), {"C11"})

    def test_the_last_owner_may_be_kept(self):
        self.assertEqual(self.asked("forbidden", 1, "a9", "channel.leave"), set())

    def test_conflict_needs_something_else_under_the_id(self):
        self.assertEqual(self.asked("conflict", 2, "b1", "send", "other words"), set())
        self.assertEqual(self.asked("conflict", 2, "b9", "send", "?"), {"C11"})

    def test_a_refusal_may_be_of_either_wish_under_one_id(self):
        send, removal = invoke(2, "b9", "send", "?"), invoke(2, "b9", "channel.remove", subject="ada")
        for asked, found in (([send, removal], set()), ([removal, send], set()), ([send, send], {"C11"})):
            lines = before(true_story(), [*asked, refused(2, "b9", "forbidden")], line="read")
            self.assertEqual(broken(lines), found, asked)
        elsewhere = invoke(1, "b9", "channel.remove", subject="ada")
        lines = before(true_story(), [send, elsewhere, refused(2, "b9", "forbidden")], line="read")
        self.assertEqual(broken(lines), {"C11"})

    def test_a_member_who_may_not_read_breaks_C11(self):
        read = {"line": "read", "connection": 1, "id": "r2", "channel": "c", "after": 0}
        self.assertEqual(broken(before(true_story(), [read, refused(1, "r2", "not_member")], line="rest")), {"C11"})


class Rights(unittest.TestCase):
    def test_what_one_who_was_removed_says_is_not_stored(self):
        late = event(6, "message", "bob", "b2", "too late")
        lines = replaced(true_story(), {**refused(2, "b2", "unavailable"), "line": "unknown"}, line="refused", id="b2")
        lines = before(ending_at(lines, 6), {"line": "final-log", "event": late}, line="final-head")
        self.assertEqual(broken(replaced(lines, settled("ada", {"c": 6}), line="settled", user="ada")), {"R5"})

    def test_a_wish_is_fulfilled_once_whatever_its_copies_are_called(self):
        lines = true_story()
        lines[place_of(lines, line="invoke", id="a2")]["wish"] = "w1"
        lines[place_of(lines, line="invoke", id="a4")]["wish"] = "w1"
        self.assertEqual(broken(lines), {"C2"})


class Presence(unittest.TestCase):
    def asked(self, user, status, *more):
        answer = {"line": "presence", "user": user, "status": status}
        lines = [*true_story(), *more]
        lines[0]["presenceWithinMs"] = 50
        at = len(lines) * 10 + 500
        return broken([*lines, {**answer, "askedAt": at, "at": at + 5}])

    def closed(self, connection):
        return {"line": "closed", "connection": connection, "code": 1000}

    def test_who_holds_one_of_two_connections_is_online(self):
        more = [connected(3, "ada"), resumed(3), self.closed(1)]
        self.assertEqual(self.asked("ada", "offline", *more), {"R21"})
        self.assertEqual(self.asked("ada", "online", *more), set())
        self.assertEqual(self.asked("ada", "unknown", *more), set())

    def test_who_holds_none_is_offline(self):
        self.assertEqual(self.asked("ada", "offline", self.closed(1)), set())
        self.assertEqual(self.asked("ada", "online", self.closed(1)), {"R21"})


class Files(unittest.TestCase):
    def run_on(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "history.jsonl")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            output = io.StringIO()
            with redirect_stdout(output):
                code = main([path])
            return code, json.loads(output.getvalue())

    def text_of(self, lines):
        return "".join(f"{json.dumps(line)}\n" for _number, line in numbered(lines))

    def test_the_exit_code_tells(self):
        code, found = self.run_on(self.text_of(true_story()))
        self.assertEqual((code, found["isClean"], found["judged"]["acks"]), (0, True, 5))
        code, found = self.run_on(self.text_of(without(true_story(), line="final-log", event=CREATED)))
        self.assertEqual((code, found["isClean"]), (1, False))
        self.assertGreater(found["counts"]["C3"], 0)

    def test_a_malformed_line_is_named(self):
        lines = self.text_of(true_story()).splitlines()
        for bad in ('{"line":"ok"', "[]", '{"line":"nothing","at":1}', '{"line":"rest"}', '{"line":"rest","at":true}'):
            code, found = self.run_on("\n".join([*lines[:3], bad, *lines[3:]]))
            self.assertEqual((code, found["line"]), (2, 4), bad)

    def test_time_does_not_go_back(self):
        with self.assertRaises(Malformed) as caught:
            list(read_lines([b'{"line":"rest","at":2}', b'{"line":"rest","at":1}']))
        self.assertEqual(caught.exception.line, 2)

    def test_nothing_comes_over_a_connection_that_was_not_made(self):
        gap = '{"line":"gap","at":2,"connection":7,"channel":"c","from":1,"to":1}'
        code, found = self.run_on(f'{{"line":"rest","at":1}}\n{gap}')
        self.assertEqual((code, found["line"]), (2, 2))


if __name__ == "__main__":
    unittest.main()
