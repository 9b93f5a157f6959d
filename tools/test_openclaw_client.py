"""Tests of openclaw_client.py. No sleeps: the engine runs on a clock that the test moves.

The rules run against tests/conformance/vectors.json, as the TypeScript client's do; how both behave against servers is
in tests/conformance/conformance.test.ts. Run: python3 -m unittest discover -s tools
"""

from __future__ import annotations

import ast
import datetime
import io
import json
import logging
import math
import os
import sys
import tempfile
import threading
import unittest
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Union
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

import openclaw_client as client  # noqa: E402

VECTORS: Dict[str, Any] = json.loads(
    (Path(__file__).resolve().parent.parent / "tests" / "conformance" / "vectors.json").read_text(encoding="utf-8")
)
ENV: Dict[str, str] = VECTORS["settings"]["env"]


def settings_of(**changes: str) -> client.Settings:
    """The settings of the vectors, with these OPENCLAW_* ones changed."""
    read = client.settings_from_env({**ENV, **{f"OPENCLAW_{name}": value for name, value in changes.items()}})
    assert isinstance(read, client.Settings), read
    return read


class FakeClock(client.Clock):
    """Stands until a test moves it."""

    def __init__(self, wall: float = 1_770_000_000_000) -> None:
        self.wall = wall
        self.elapsed = 0.0

    def now(self) -> float:
        return self.wall + self.elapsed

    def monotonic(self) -> float:
        return self.elapsed


class Said:
    """A logger that keeps what was said."""

    def __init__(self) -> None:
        self.lines: List[str] = []

    def info(self, message: str) -> None:
        self.lines.append(f"info {message}")

    def warning(self, message: str) -> None:
        self.lines.append(f"warn {message}")


ACCEPTED = client.HeartbeatReply("accepted", 60, False, None)
Answer = Union[client.HeartbeatReply, client.PublishFailure, None]


class FakeDelivery:
    """Answers in turn, then accepts."""

    def __init__(self) -> None:
        self.answers: List[Answer] = []
        self.bodies: List[bytes] = []
        self.timeouts: List[Optional[float]] = []

    def attempt(self, body: bytes, timeout_ms: Optional[float] = None) -> Optional[client.HeartbeatReply]:
        self.bodies.append(body)
        self.timeouts.append(timeout_ms)
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        return answer

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass

    @property
    def beats(self) -> List[Dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    @property
    def order(self) -> List[int]:
        return [beat["seq"] for beat in self.beats]


def failure(reason: str = "http_500", verdict: str = "retry", **more: Any) -> client.PublishFailure:
    return client.PublishFailure(reason, f"collector: {reason}", verdict, **more)


class Bench:
    """An engine with everything around it under the test's hand."""

    def __init__(self, snapshot: Optional[Callable[[], Any]] = None, random: float = 0.5, **changes: str) -> None:
        self.clock = FakeClock()
        self.said = Said()
        self.metrics = client.Metrics()
        self.delivery = FakeDelivery()
        self.replies: List[client.HeartbeatReply] = []
        self.engine = client.Engine(
            settings_of(VERSION="1.0.0", **changes),
            snapshot or (lambda: {}),
            self.delivery,
            self.metrics,
            client._QuietLog(self.said),
            self.clock,
            lambda: random,
            self.replies.append,
        )

    def move(self) -> float:
        """Goes on to what is due next and does it. :returns: how far the clock moved"""
        wait = self.engine.wait()
        self.clock.elapsed += wait
        self.engine.step()
        return wait


class Rules(unittest.TestCase):
    """The vectors that every client shares."""

    def each(self, name: str) -> Any:
        for vector in VECTORS[name]:
            with self.subTest(name, vector=str(vector)[:200]):
                yield vector

    def test_rollout(self) -> None:
        for vector in self.each("rollout"):
            self.assertAlmostEqual(client.rollout_position(vector["id"]), vector["position"], 5)
            self.assertEqual([p for p in vector["out"] if client.is_in_rollout(vector["id"], p)], [])
            self.assertEqual([p for p in vector["in"] if not client.is_in_rollout(vector["id"], p)], [])

    def test_answers(self) -> None:
        for vector in self.each("answers"):
            self.assertEqual(client.verdict_of(vector["status"]), vector["verdict"])
            if vector["reason"] is not None:
                self.assertEqual(client.reason_of_status(vector["status"]), vector["reason"])

    def test_reasons(self) -> None:
        self.assertEqual(list(client.FAILURE_REASONS), VECTORS["reasons"])

    def test_backoff(self) -> None:
        for vector in self.each("backoff"):
            schedule = client.TIMINGS[vector["timings"]].retries
            self.assertEqual(client.backoff(schedule, vector["failures"], vector["random"]), vector["ms"])

    def test_retry_after(self) -> None:
        for vector in self.each("retryAfter"):
            at = datetime.datetime.fromisoformat(vector["at"].replace("Z", "+00:00")).timestamp() * 1000
            self.assertEqual(client.retry_after_ms(vector["header"], at, vector["capMs"]), vector["ms"])

    def test_interval(self) -> None:
        for vector in self.each("interval"):
            timings = client.TIMINGS[vector["timings"]]
            self.assertEqual(client.bounded_interval(vector["told"], vector["current"], timings), vector["ms"])

    def test_waits(self) -> None:
        for vector in self.each("waits"):
            self.assertEqual(client.next_wait(vector["intervalMs"], vector["random"]), vector["ms"])

    def test_allowance(self) -> None:
        for vector in self.each("allowance"):
            left = client.Allowance()
            for sent in vector["sentAt"]:
                left = left.spend(sent, vector["intervalMs"])
            self.assertEqual(left.allowed_at(vector["now"], vector["intervalMs"]), vector["at"])

    def test_backpressure(self) -> None:
        for vector in self.each("backpressure"):
            left = client.apply_backpressure(vector["capacity"], vector["queueDepth"], vector["threshold"])
            self.assertEqual(left, vector["result"])

    def test_buffer(self) -> None:
        for vector in self.each("buffer"):
            buffer = client.BeatBuffer(vector["capacity"])
            dropped = sum(buffer.push(client._Beat(b"", at, {})) for at in vector["push"])
            taken: List[int] = []
            while (beat := buffer.newest()) is not None:
                taken.append(beat.sent_at)
                buffer.remove(beat)
            self.assertEqual((taken, dropped), (vector["kept"], vector["dropped"]))

    def test_beat_times(self) -> None:
        for vector in self.each("beatTimes"):
            clock = FakeClock()
            times = client.BeatClock(clock)
            given: List[int] = []
            for step in vector["steps"]:
                clock.elapsed, clock.wall = step["monotonic"], step["wall"] - step["monotonic"]
                if step.get("restart"):
                    times.restart()
                given.append(times.next())
                if step.get("taken"):
                    times.taken(given[-1])
            self.assertEqual(given, vector["times"])

    def test_texts(self) -> None:
        for vector in self.each("texts"):
            problem = client._problem(json.dumps(vector["problem"]))
            self.assertEqual((problem["title"], problem["detail"]), (vector["title"], vector["detail"]))

    def test_replies(self) -> None:
        for vector in self.each("replies"):
            expected = vector["reply"] and client.HeartbeatReply(
                vector["reply"]["status"],
                vector["reply"]["next_heartbeat_seconds"],
                vector["reply"].get("report_full_state", False),
                vector["reply"].get("desired_revision"),
            )
            self.assertEqual(client.parse_reply(vector["body"]), expected)

    def test_metrics(self) -> None:
        vector = VECTORS["metrics"]
        metrics = client.Metrics()
        for _ in range(vector["succeeded"]):
            metrics.succeeded()
        for reason in vector["failed"]:
            metrics.failed(reason)
        for beats in vector["dropped"]:
            metrics.dropped(beats)
        for seconds in vector["observed"]:
            metrics.observe(seconds)
        self.assertEqual(metrics.block(vector["buffered"]), vector["block"])
        self.assertEqual(metrics.render(vector["buffered"]).split("\n"), [*vector["text"], ""])

    def test_settings_that_are_fine(self) -> None:
        for vector in VECTORS["settings"]["fine"]:
            with self.subTest(env=vector["env"]):
                read = client.settings_from_env({**ENV, **vector["env"]})
                assert isinstance(read, client.Settings), read
                for name, value in vector["is"].items():
                    if name == "endpoint":
                        port = "" if read.port == 443 else f":{read.port}"
                        self.assertEqual(f"https://{read.host}{port}{read.path}", value)
                    else:
                        own = getattr(read, name)
                        self.assertEqual(list(own) if isinstance(own, tuple) else own, value)

    def test_settings_that_turn_it_off(self) -> None:
        for vector in VECTORS["settings"]["off"]:
            with self.subTest(env=vector["env"]):
                read = client.settings_from_env({**ENV, **vector["env"]})
                assert isinstance(read, client.Disabled), read
                self.assertIn(vector["says"], read.reason)
                self.assertEqual(read.by_choice, vector["byChoice"])


class OwnSettings(unittest.TestCase):
    """What differs from the TypeScript client."""

    def test_the_token_is_minted_unless_there_is_a_file(self) -> None:
        self.assertEqual(settings_of().token_mode, "mint")
        self.assertEqual(settings_of(TOKEN_FILE="/run/token").token_mode, "file")

    def test_what_it_cannot_do_is_refused_by_name(self) -> None:
        for name, value in (("TOKEN_MODE", "sign"), ("SIGN_PAYLOAD", "true")):
            read = client.settings_from_env({**ENV, f"OPENCLAW_{name}": value})
            assert isinstance(read, client.Disabled), read
            self.assertRegex(read.reason, f"OPENCLAW_{name} must be .*cannot sign")

    def test_what_cannot_be_read_raises_nothing(self) -> None:
        for env in (None, 5, {"OPENCLAW_ENDPOINT": 5}, {"OPENCLAW_ENDPOINT": "https://[::1"}):
            self.assertIsInstance(client.settings_from_env(env), client.Disabled)  # type: ignore[arg-type]


def beat_of(given: Any, version: Optional[str] = "1.0.0", tags: Tuple[str, ...] = ()) -> Tuple[Any, List[str]]:
    snapshot, problems = client.clean_snapshot(given, "host", version, tags)
    at = int(datetime.datetime(2026, 2, 6, 12, 34, 56, tzinfo=datetime.timezone.utc).timestamp() * 1000)
    counters = {"success_total": 1, "failure_total": {"network": 2}}
    return client.serialize_beat("uuid-1234", snapshot, snapshot.blocks, at, "boot-1", 7, 60, counters), problems


class Serialisation(unittest.TestCase):
    """The body of a beat, to the byte."""

    def test_beats(self) -> None:
        for vector in VECTORS["beats"]:
            with self.subTest(vector["why"]):
                beat, problems = beat_of(
                    vector["snapshot"], vector.get("version", "1.0.0"), tuple(vector.get("tags", ()))
                )
                self.assertEqual(beat.body.decode(), vector["body"])
                self.assertEqual(problems, vector["problems"])

    def test_what_is_no_snapshot(self) -> None:
        for vector in VECTORS["unreadable"]:
            with self.assertRaisesRegex(client.PublishFailure, "must return an object"):
                beat_of(vector["snapshot"])

    def test_size(self) -> None:
        for vector in VECTORS["sizes"]:
            with self.subTest(vector["why"]):
                names = [f"t{index}:" for index in range(vector["tags"])]
                tags = [name + vector["tagFill"] * (vector["tagLength"] - len(name)) for name in names]
                tags[-1] = "region:eu-1"
                reasons = ["r" * vector["reasonLength"]] * vector["reasons"]
                blocks = VECTORS["sizeBlocks"]
                beat, _ = beat_of(
                    {
                        "tags": tags,
                        "reported": {**blocks["reported"], "health_reasons": reasons},
                        "jobs": blocks["jobs"],
                        "capabilities": ["restart"],
                    }
                )
                self.assertEqual(beat.trimmed, vector["trimmed"])
                kept = json.loads(beat.body)["tags"]
                self.assertEqual(len(kept), vector["tagsLeft"])
                self.assertIn("region:eu-1", kept)
                self.assertLessEqual(len(beat.body), client.MAX_BODY_BYTES)

    def test_numbers_that_json_lacks_are_left_out(self) -> None:
        given = {"capacity": {"workers": math.nan, "slots": math.inf, "gpus": 2**53}, "uptime_seconds": math.nan}
        beat, problems = beat_of(given)
        self.assertIn(b'"capacity":{}', beat.body)
        self.assertNotIn(b"uptime_seconds", beat.body)
        self.assertEqual(len(problems), 4)


class Retries(unittest.TestCase):
    """What becomes of an undelivered beat."""

    def test_it_is_sent_again_after_2_4_8_and_16_s_to_the_byte_and_then_kept(self) -> None:
        bench = Bench()
        reasons = ["network", "timeout", "http_503", "http_425", "http_429"]
        bench.delivery.answers = [failure(reason) for reason in reasons]
        self.assertEqual([bench.move() for _ in range(5)], [0, 2_000, 4_000, 8_000, 16_000])
        self.assertEqual(len(set(bench.delivery.bodies)), 1)
        self.assertEqual(len(bench.engine.buffer), 1)
        self.assertEqual(bench.metrics.failures, {reason: 1 for reason in reasons})
        # The next beat comes when it was due anyway, and the one that failed after it.
        self.assertEqual(bench.move(), 57_000 - 30_000)
        self.assertEqual(bench.move(), 0)
        self.assertEqual(bench.delivery.order, [1, 1, 1, 1, 1, 2, 1])
        self.assertEqual((bench.metrics.success, bench.metrics.dropped_total, len(bench.engine.buffer)), (2, 0, 0))

    def test_waits_are_jittered_by_a_fifth(self) -> None:
        for random, wait in ((0.0, 1_600), (0.9999, 2_400)):
            bench = Bench(random=random)
            bench.delivery.answers = [failure()]
            bench.move()
            self.assertEqual(round(bench.move()), wait)

    def test_a_final_refusal_drops_that_beat_alone(self) -> None:
        bench = Bench()
        bench.delivery.answers = [failure("http_403", "final")]
        bench.move()
        self.assertTrue(bench.said.lines[-1].endswith("; this heartbeat is dropped"))
        self.assertEqual((bench.metrics.dropped_total, len(bench.engine.buffer)), (1, 0))
        self.assertEqual(bench.move(), 57_000)
        self.assertEqual(bench.delivery.order, [1, 2])

    def test_a_trouble_is_said_once_and_its_end_too(self) -> None:
        bench = Bench()
        bench.delivery.answers = [failure(), failure(), failure()]
        for _ in range(4):
            bench.move()
        self.assertEqual([line[:4] for line in bench.said.lines], ["warn", "info"])

    def test_retry_after_holds_everything_back_up_to_an_interval(self) -> None:
        for header, wait in (("20", 20_000), ("86400", 60_000)):
            bench = Bench()
            bench.delivery.answers = [failure("http_429", retry_after=header)]
            bench.move()
            bench.engine.soon(False)
            self.assertEqual(bench.move(), wait)
            self.assertEqual(bench.delivery.order[:2], [1, 2])

    def test_a_newer_beat_goes_first(self) -> None:
        bench = Bench()
        bench.delivery.answers = [failure()]
        bench.move()
        bench.engine.soon(False)
        for _ in range(2):
            self.assertEqual(bench.move(), 0)
        self.assertEqual(bench.delivery.order, [1, 2, 1])
        self.assertEqual(bench.delivery.bodies[0], bench.delivery.bodies[2])

    def test_a_time_found_ahead_is_corrected(self) -> None:
        bench = Bench()
        bench.delivery.answers = [failure("http_422", "final", problem_type="urn:openclaw-fleet:problem:clock-ahead")]
        bench.move()
        bench.clock.wall -= 600_000
        bench.move()
        self.assertEqual(bench.delivery.beats[1]["last_heartbeat"], client.iso_time(int(bench.clock.now())))


class Replay(unittest.TestCase):
    """The bounded buffer."""

    def outage(self, bench: Bench, beats: int) -> None:
        bench.delivery.answers = [failure("network") for _ in range(5 * beats)]
        for _ in range(5 * beats):
            bench.move()

    def test_newest_first_no_faster_than_20_a_minute(self) -> None:
        bench = Bench()
        self.outage(bench, 3)
        before = len(bench.delivery.bodies)
        self.assertEqual([bench.move() for _ in range(4)][1:], [0, 3_200, 3_200])
        self.assertEqual(bench.delivery.order[before:], [4, 3, 2, 1])
        self.assertTrue(set(bench.delivery.bodies[before + 1 :]) <= set(bench.delivery.bodies[:before]))

    def test_the_oldest_is_dropped_first_and_counted(self) -> None:
        bench = Bench(BUFFER_SIZE="2")
        self.outage(bench, 4)
        before = len(bench.delivery.bodies)
        for _ in range(3):
            bench.move()
        self.assertEqual(bench.delivery.order[before:], [5, 4, 3])
        self.assertEqual(bench.metrics.dropped_total, 2)
        self.assertEqual(bench.delivery.beats[before]["publisher"]["buffered"], 2)

    def test_a_failure_ends_it_until_the_next_delivery_and_a_refusal_drops_one(self) -> None:
        bench = Bench()
        self.outage(bench, 2)
        bench.delivery.answers = [ACCEPTED, failure(), ACCEPTED, failure("http_409", "final")]
        bench.move()
        bench.move()
        self.assertEqual(len(bench.engine.buffer), 2)
        self.assertGreater(bench.move(), 50_000)
        bench.move()
        self.assertEqual((len(bench.engine.buffer), bench.metrics.dropped_total), (1, 1))
        self.assertEqual(bench.move(), 3_200)
        self.assertEqual(len(bench.engine.buffer), 0)

    def test_the_answer_to_a_replay_holds_new_beats_too(self) -> None:
        bench = Bench()
        self.outage(bench, 2)
        bench.delivery.answers = [ACCEPTED, failure("http_429", retry_after="20")]
        bench.move()
        bench.move()
        bench.engine.soon(False)
        before = len(bench.delivery.bodies)
        self.assertEqual([bench.move(), bench.move()], [20_000, 0])
        self.assertEqual(bench.delivery.order[before:], [4, 2])
        bench.delivery.answers = [failure("http_503", retry_after="20")]
        self.assertEqual(bench.move(), 3_200)
        self.assertIsNone(bench.engine.goodbye("shutdown", 2_000))

    def test_the_answer_to_a_new_beat_holds_replays_too(self) -> None:
        bench = Bench()
        self.outage(bench, 2)
        bench.delivery.answers = [ACCEPTED, ACCEPTED, *[failure()] * 4, failure("http_503", retry_after="40")]
        bench.move()
        bench.move()
        bench.engine.soon(False)
        self.assertEqual([bench.move() for _ in range(5)], [0, 2_000, 4_000, 8_000, 16_000])
        self.assertEqual(bench.move(), 40_000)


class Pace(unittest.TestCase):
    """When beats go."""

    def test_it_is_what_the_collector_tells(self) -> None:
        bench = Bench()
        bench.delivery.answers = [ACCEPTED._replace(next_heartbeat_seconds=seconds) for seconds in (45, 5, 100_000)]
        self.assertEqual([bench.move() for _ in range(4)], [0, 42_750, 28_500, 114_000])
        self.assertEqual([beat["interval_seconds"] for beat in bench.delivery.beats], [60, 45, 30, 120])

    def test_changes_go_early_three_at_once_and_two_an_interval(self) -> None:
        bench = Bench()
        waits = []
        for _ in range(5):
            bench.engine.soon(False)
            waits.append(bench.move())
        self.assertEqual(waits, [0, 0, 0, 31_500, 31_500])

    def test_a_beat_says_what_the_publisher_knows(self) -> None:
        bench = Bench(QUEUE_THRESHOLD="100", snapshot=lambda: VECTORS["beats"][0]["snapshot"])
        bench.move()
        bench.move()
        first, second = bench.delivery.beats
        self.assertEqual(first["capacity"], {"workers": 24, "available_slots": 3})
        self.assertEqual((first["boot_id"], 1, 2), (second["boot_id"], first["seq"], second["seq"]))
        self.assertEqual((first["publisher"]["success_total"], second["publisher"]["success_total"]), (0, 1))

    def test_goodbye_is_one_attempt_after_a_beat(self) -> None:
        bench = Bench()
        self.assertIsNone(bench.engine.goodbye("shutdown", 2_000))
        self.assertEqual(bench.delivery.bodies, [])
        bench.move()
        bench.delivery.answers = [failure("network")]
        failed = bench.engine.goodbye("shutdown", 2_000)
        self.assertEqual(failed and failed.reason, "network")
        self.assertEqual(bench.delivery.beats[1]["goodbye"], "shutdown")
        self.assertEqual(bench.delivery.timeouts[1], 2_000)


class Blocks(unittest.TestCase):
    """A block that is absent means unchanged."""

    def test_they_are_sent_when_they_changed_or_the_collector_asks_or_after_a_failure(self) -> None:
        jobs = dict(VECTORS["sizeBlocks"]["jobs"])
        bench = Bench(lambda: {"jobs": dict(jobs), "capabilities": ["restart"]})
        asks = ACCEPTED._replace(report_full_state=True)
        bench.delivery.answers = [ACCEPTED, ACCEPTED, asks, ACCEPTED, failure("http_403", "final"), ACCEPTED]
        carried = []
        for step in range(6):
            jobs["total"] = 4 if step >= 1 else 3
            bench.move()
            carried.append([name for name in ("jobs", "capabilities") if name in bench.delivery.beats[-1]])
        both = ["jobs", "capabilities"]
        self.assertEqual(carried, [both, ["jobs"], [], both, [], both])

    def test_a_superseded_beat_tells_the_collector_nothing(self) -> None:
        bench = Bench(lambda: {"capabilities": ["restart"]})
        bench.delivery.answers = [ACCEPTED._replace(status="superseded")]
        bench.move()
        bench.move()
        self.assertIn("capabilities", bench.delivery.beats[1])


class Host(unittest.TestCase):
    """Nothing that a host does stops its heartbeats, and nothing is thrown into it."""

    def test_a_snapshot_that_fails_is_asked_again_as_after_a_failed_delivery(self) -> None:
        bench = Bench(mock.Mock(side_effect=RuntimeError("no\nstate")))
        self.assertEqual([bench.move() for _ in range(6)], [0, 2_000, 4_000, 8_000, 16_000, 57_000])
        self.assertEqual(bench.metrics.failures, {"snapshot": 6})
        self.assertEqual(bench.said.lines, ["warn snapshot() failed: no state; no heartbeat was sent"])
        self.assertEqual(bench.delivery.bodies, [])

    def test_a_snapshot_that_recovers_is_news(self) -> None:
        bench = Bench(mock.Mock(side_effect=["rubbish", {}]))
        bench.move()
        bench.move()
        self.assertEqual(bench.said.lines[1], "info snapshot() works again")
        self.assertEqual(bench.metrics.success, 1)

    def test_a_snapshot_that_hangs_costs_a_beat(self) -> None:
        release = threading.Event()
        self.addCleanup(release.set)
        calls: List[int] = []

        def hang() -> Dict[str, Any]:
            calls.append(1)
            release.wait()
            return {}

        run = client.SnapshotRunner(hang, 1)
        with self.assertRaisesRegex(TimeoutError, "did not return within 0.001 s"):
            run()
        with self.assertRaisesRegex(TimeoutError, "has not returned yet"):
            run()
        self.assertEqual(len(calls), 1)

    def test_a_snapshot_may_even_exit(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "SystemExit"):
            client.SnapshotRunner(mock.Mock(side_effect=SystemExit()), 5_000)()

    def test_on_reply_may_fail(self) -> None:
        bench = Bench()
        bench.engine._on_reply = mock.Mock(side_effect=ValueError("host bug"))
        bench.move()
        self.assertIn("warn on_reply() failed: host bug", bench.said.lines)
        self.assertEqual(bench.metrics.success, 1)

    def test_a_broken_logger_is_borne(self) -> None:
        log = client._QuietLog(object())
        log.info("x")
        log.warn("topic", "x")
        self.assertTrue(log.clear("topic"))

    def test_a_fault_inside_is_counted_and_not_thrown(self) -> None:
        bench = Bench()
        bench.delivery.answers = [RuntimeError("bug")]  # type: ignore[list-item]
        bench.move()
        self.assertEqual(bench.metrics.failures, {"internal": 1})

    def test_bad_settings_make_a_publisher_that_does_nothing(self) -> None:
        for settings in (None, 5, client.Disabled("OPENCLAW_X must be y")):
            said = Said()
            publisher = client.Publisher(settings, lambda: {}, logger=said)  # type: ignore[arg-type]
            publisher.start()
            publisher.publish_soon()
            publisher.stop("shutdown")
            self.assertFalse(publisher.publish_once())
            self.assertEqual(publisher.stats()["success"], 0)
            self.assertIn("openclaw_publish_success_total 0", publisher.metrics())
            self.assertEqual(said.lines, [f"warn publishing is off: {publisher.disabled_reason}"])

    def test_a_choice_is_no_warning(self) -> None:
        said = Said()
        client.Publisher.from_env(lambda: {}, {"OPENCLAW_ENABLED": "false"}, logger=said)
        self.assertEqual(said.lines, ["info publishing is off: OPENCLAW_ENABLED is false"])


class Threads(unittest.TestCase):
    """The publisher around the engine."""

    def publisher(self, deliver: Callable[[bytes], Answer]) -> Tuple[client.Publisher, FakeDelivery]:
        publisher = client.Publisher(settings_of(VERSION="1"), lambda: {}, logger=Said())
        delivery = FakeDelivery()
        inner = delivery.attempt

        def attempt(body: bytes, timeout_ms: Optional[float] = None) -> Optional[client.HeartbeatReply]:
            delivery.answers = [deliver(body)]
            return inner(body, timeout_ms)

        delivery.attempt = attempt  # type: ignore[method-assign]
        publisher._delivery = delivery  # type: ignore[assignment]
        assert publisher._engine is not None
        publisher._engine._delivery = delivery
        return publisher, delivery

    def test_it_beats_at_once_early_when_asked_and_says_goodbye(self) -> None:
        arrived = threading.Semaphore(0)

        def deliver(_: bytes) -> Answer:
            arrived.release()
            return ACCEPTED

        publisher, delivery = self.publisher(deliver)
        with publisher:
            self.assertTrue(arrived.acquire(timeout=10))
            publisher.publish_soon()
            self.assertTrue(arrived.acquire(timeout=10))
        self.assertEqual([beat.get("goodbye") for beat in delivery.beats], [None, None, "shutdown"])
        thread = publisher._thread
        assert thread is not None
        self.assertTrue(thread.daemon)
        self.assertFalse(thread.is_alive())
        publisher.start()
        publisher.stop("restart")
        self.assertEqual(len(delivery.bodies), 3)

    def test_a_goodbye_that_is_refused_is_counted_once(self) -> None:
        arrived = threading.Event()

        def deliver(body: bytes) -> Answer:
            arrived.set()
            return failure("http_503") if b"goodbye" in body else ACCEPTED

        publisher, delivery = self.publisher(deliver)
        publisher.start()
        self.assertTrue(arrived.wait(10))
        publisher.stop("restart", 10)
        self.assertEqual(len(delivery.bodies), 2)
        stats = publisher.stats()
        self.assertEqual((stats["failures"], stats["dropped"]), ({"http_503": 1}, 1))

    def stop_while_hanging(self, hang_at: bytes) -> None:
        release, entered = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def deliver(body: bytes) -> Answer:
            entered.set()
            if hang_at not in body:
                return ACCEPTED
            release.wait()
            return failure("network")

        publisher, _ = self.publisher(deliver)
        publisher.start()
        self.assertTrue(entered.wait(10))
        publisher.stop("shutdown", 0.05)
        self.assertEqual(publisher.stats()["failures"], {"timeout": 1})
        release.set()
        assert publisher._thread is not None
        publisher._thread.join(10)
        self.assertEqual(publisher.stats()["failures"], {"timeout": 1})

    def test_stop_gives_up_at_its_deadline(self) -> None:
        for hang_at in (b"", b"goodbye"):
            with self.subTest(hang_at=hang_at):
                self.stop_while_hanging(hang_at)

    def test_once_ends_with_a_refusal_and_with_a_delivery(self) -> None:
        for answer, delivered in ((failure("http_403", "final"), False), (ACCEPTED, True), (None, True)):
            publisher, delivery = self.publisher(mock.Mock(return_value=answer))
            self.assertEqual(publisher.publish_once(), delivered)
            self.assertEqual(len(delivery.bodies), 1)
            self.assertFalse(publisher.publish_once())

    def test_metrics_are_shown_on_loopback_alone(self) -> None:
        publisher, _ = self.publisher(lambda _: ACCEPTED)
        port = publisher.serve_metrics(0)
        assert port is not None and publisher._server is not None
        self.addCleanup(publisher._server.server_close)
        self.addCleanup(publisher._server.shutdown)
        self.assertEqual(publisher._server.server_address[0], "127.0.0.1")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            self.assertEqual(answer.read().decode(), publisher.metrics())
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
        refused.exception.close()
        self.assertEqual(refused.exception.code, 404)
        self.assertIsNone(publisher.serve_metrics(port))


class FakeTransport:
    """Answers a post with the next of these."""

    def __init__(self, *replies: client.Reply) -> None:
        self.replies = list(replies)
        self.paths: List[str] = []

    def post(self, path: str, *_: Any) -> client.Reply:
        self.paths.append(path)
        return self.replies.pop(0)


def minted(token: str, seconds: Any = 900) -> client.Reply:
    return client.Reply(200, json.dumps({"access_token": token, "expires_in": seconds}), None, 0.01)


CREDENTIALS = client.Credentials(mock.sentinel.context, 0, 90 * 86_400_000)


class Tokens(unittest.TestCase):
    """Where the bearer token comes from."""

    def test_a_minted_one_is_used_for_80_percent_of_its_life(self) -> None:
        clock = FakeClock()
        transport = FakeTransport(minted("a.a.a"), minted("b.b.b"))
        source = client.TokenMinted(transport, "/openclaw/token", clock)
        self.assertEqual(source.get(CREDENTIALS, 1_000), "a.a.a")
        clock.elapsed = 719_999
        self.assertEqual(source.get(CREDENTIALS, 1_000), "a.a.a")
        clock.elapsed = 720_000
        self.assertEqual(source.get(CREDENTIALS, 1_000), "b.b.b")
        self.assertEqual(transport.paths, ["/openclaw/token"] * 2)

    def test_a_minted_one_is_asked_for_anew_when_refused_or_for_other_credentials(self) -> None:
        transport = FakeTransport(minted("a"), minted("b"), minted("c"))
        source = client.TokenMinted(transport, "/openclaw/token", FakeClock())
        source.get(CREDENTIALS, 1_000)
        source.refused()
        self.assertEqual(source.get(CREDENTIALS, 1_000), "b")
        self.assertEqual(source.get(client.Credentials(mock.sentinel.context, 0, 1), 1_000), "c")

    def test_a_refusal_and_rubbish_are_failures_without_the_token(self) -> None:
        for reply, reason in (
            (client.Reply(403, '{"title":"This node is revoked"}', None, 0), "http_403"),
            (client.Reply(503, "", "7", 0), "http_503"),
            (minted("secret\r\nx"), "token"),
            (minted("secret", "soon"), "token"),
            (client.Reply(200, "[]", None, 0), "token"),
        ):
            with self.assertRaises(client.PublishFailure) as raised:
                client.TokenMinted(FakeTransport(reply), "/openclaw/token", FakeClock()).get(CREDENTIALS, 1_000)
            self.assertEqual(raised.exception.reason, reason)
            self.assertNotIn("secret", str(raised.exception))

    def test_a_file_is_read_again_each_time(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "token")
            source = client.TokenFromFile(path)
            for content, expected in (("a.b.c\n", "a.b.c"), ("d.e.f", "d.e.f")):
                Path(path).write_text(content, encoding="ascii")
                self.assertEqual(source.get(CREDENTIALS, 1_000), expected)
            for content in ("", "secret-a\r\nx-evil: secret-b"):
                Path(path).write_text(content, encoding="ascii")
                with self.assertRaisesRegex(client.PublishFailure, "must hold one bearer token") as raised:
                    source.get(CREDENTIALS, 1_000)
                self.assertNotIn("secret", str(raised.exception))
            os.unlink(path)
            with self.assertRaisesRegex(client.PublishFailure, "does not exist"):
                source.get(CREDENTIALS, 1_000)


class Files(unittest.TestCase):
    """What is read from disk."""

    def test_what_is_no_file_does_not_hang(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, "pipe")
            os.mkfifo(pipe)
            for path in (pipe, folder):
                with self.assertRaisesRegex(ValueError, "OPENCLAW_X: .*(is not a file|EISDIR)"):
                    client.read_file(path, "OPENCLAW_X")

    def test_an_env_file_is_read_as_systemd_does(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "node.env")
            path.write_text("# comment\nA=1\n\nB = \"two words\"\nC='x=y'\nnothing\n", encoding="utf-8")
            self.assertEqual(client.read_env_file(str(path)), {"A": "1", "B": "two words", "C": "x=y"})

    def test_the_end_of_the_certificate_is_told_once_a_day(self) -> None:
        clock, said = FakeClock(0), Said()
        watch = client.ExpiryWatch(settings_of(), clock, client._QuietLog(said))
        day = 86_400_000
        for at in (59, 60.5, 60.75, 61.5, 90.5):
            clock.wall = at * day
            watch.check(CREDENTIALS)
        self.assertEqual(len(said.lines), 3)
        self.assertIn("ends on 1970-04-01T00:00:00.000Z, in 29 days", said.lines[0])
        self.assertIn("openclaw-fleet rotate uuid-1234", said.lines[0])
        self.assertIn("ended on", said.lines[2])

    def test_a_wish_to_renew_is_answered(self) -> None:
        said = Said()
        client.ExpiryWatch(settings_of(RENEW="true"), FakeClock(), client._QuietLog(said))
        self.assertRegex(said.lines[0], "OPENCLAW_RENEW is true, and this client cannot renew")


class Command(unittest.TestCase):
    """The command line; with a server, tests/conformance."""

    def run_main(self, *arguments: str, env: Optional[Dict[str, str]] = None) -> Tuple[int, str]:
        self.addCleanup(logging.getLogger().handlers.clear)
        err, out = io.StringIO(), io.StringIO()
        with mock.patch.dict(os.environ, env or {}, clear=True), mock.patch("sys.stderr", err):
            with mock.patch("sys.stdout", out):
                try:
                    code = client.main(list(arguments))
                except SystemExit as ended:
                    code = int(ended.code or 0)
        return code, err.getvalue() + out.getvalue()

    def test_help_says_what_it_cannot_do(self) -> None:
        code, text = self.run_main("--help")
        self.assertEqual(code, 0)
        for part in ("does not sign", "does not renew", "--once", "--snapshot FILE", "node.env", "exit status"):
            self.assertIn(part, text)

    def test_exit_status(self) -> None:
        off = {"OPENCLAW_ENABLED": "false"}
        self.assertEqual(self.run_main(env=off)[0], 0)
        code, text = self.run_main(env={"OPENCLAW_ENDPOINT": "http://x"})
        self.assertEqual((code, "OPENCLAW_ENDPOINT must begin with https://" in text), (2, True))
        code, text = self.run_main("--env-file", "/nowhere/node.env")
        self.assertEqual((code, "does not exist" in text), (2, True))

    def test_the_environment_comes_before_the_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "node.env")
            path.write_text("OPENCLAW_ENABLED=true\nOPENCLAW_ENDPOINT=http://x\n", encoding="ascii")
            code, text = self.run_main("--env-file", str(path), env={"OPENCLAW_ENABLED": "false"})
        self.assertEqual((code, "OPENCLAW_ENABLED is false" in text), (0, True))

    def test_a_snapshot_file_is_named_when_it_is_wrong(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "snapshot.json")
            for content, says in (("{", "is not JSON"), ("[]", "must hold a JSON object")):
                path.write_text(content, encoding="ascii")
                with self.assertRaisesRegex(ValueError, f"--snapshot: .*{says}"):
                    client._file_snapshot(str(path))()


class Source(unittest.TestCase):
    """The promises of the file itself."""

    def test_it_is_python_3_9_of_the_standard_library(self) -> None:
        tree = ast.parse(Path(client.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))
        imported = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        known = getattr(sys, "stdlib_module_names", None)
        if known is None:
            self.skipTest("this Python cannot name its modules; a newer one does")
        self.assertEqual({name.split(".")[0] for name in imported} - set(known), set())


if __name__ == "__main__":
    unittest.main()
