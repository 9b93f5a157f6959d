#!/usr/bin/env python3
"""Publishes a node's heartbeats to an OpenClaw Fleet collector (seed 004).

One file, Python 3.9 or later, the standard library alone. It does what the TypeScript client (backend/client) does, by
the same OPENCLAW_* settings; both run the suite in tests/conformance. Two things need a key operation that the standard
library lacks: it does not sign (tokens are read from a file or minted by the collector) and it does not renew the
node's certificate (it warns before the end). tools/README.md has the settings.

Embedded::

    publisher = Publisher.from_env(lambda: {"version": "1.2.0", "capacity": {"available_slots": pool.free}})
    publisher.start()
    ...
    publisher.stop("shutdown")

As a command: ``python3 openclaw_client.py --help``.
"""

from __future__ import annotations

import argparse
import base64
import collections
import datetime
import email.utils
import errno
import hashlib
import http.client
import http.server
import ipaddress
import json
import logging
import math
import os
import random as random_module
import re
import signal
import socket
import ssl
import stat
import sys
import threading
import time
import unicodedata
import urllib.parse
import uuid
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

__all__ = ["Disabled", "Publisher", "Settings", "is_in_rollout", "rollout_position", "settings_from_env"]

SnapshotFunction = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class Timings:
    """Durations in milliseconds (domain-rules section 1)."""

    beat: float = 60_000
    beat_min: float = 30_000
    beat_max: float = 120_000
    #: Waits before the attempts that follow the first, before jitter.
    retries: Tuple[float, ...] = (2_000, 4_000, 8_000, 16_000)
    #: Between two replays: the allowance of 20 a minute, with some room.
    replay_spacing: float = 3_200
    #: For connecting, sending and the whole reply.
    request_timeout: float = 10_000
    snapshot_timeout: float = 5_000


DEMO_SPEED = 20
TIMINGS: Dict[str, Timings] = {
    "production": Timings(),
    "demo": Timings(3_000, 1_500, 6_000, (100, 200, 400, 800), 160, 2_000, 1_000),
}


_NODE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PIN = re.compile(r"sha256/[A-Za-z0-9+/]{43}=")
_MAX_SAFE = 2**53 - 1


class SettingError(Exception):
    """A setting is wrong; the message names it and the fix."""


@dataclass(frozen=True)
class Disabled:
    """Why there is nothing to publish with, and what to do."""

    reason: str
    #: Switched off on purpose, not by a bad setting.
    by_choice: bool = False


@dataclass(frozen=True)
class Settings:
    """How and as whom to publish. Made by `settings_from_env`, which checks every value; see tools/README.md."""

    host: str
    port: int
    #: Of the availability resource.
    path: str
    node_id: str
    ca_file: str
    cert_file: str
    key_file: str
    server_pins: Tuple[str, ...] = ()
    #: `file` or `mint`.
    token_mode: str = "mint"
    token_file: Optional[str] = None
    interval_seconds: float = 60
    rollout_percent: float = 100
    queue_threshold: Optional[float] = None
    buffer_size: int = 10
    hostname: Optional[str] = None
    version: Optional[str] = None
    tags: Tuple[str, ...] = ()
    #: `production` or `demo`.
    timings: str = "production"
    #: OPENCLAW_RENEW: what was asked for; this client cannot.
    renew: Optional[bool] = None

    @property
    def durations(self) -> Timings:
        return TIMINGS[self.timings]

    @property
    def interval(self) -> float:
        """The pace until the collector tells another, in milliseconds."""
        return self.interval_seconds * 1000 / (DEMO_SPEED if self.timings == "demo" else 1)


def settings_from_env(env: Mapping[str, str]) -> Union[Settings, Disabled]:
    """Reads and checks the OPENCLAW_* settings; an empty value is an absent one. Never raises."""
    try:
        return _settings(env)
    except SettingError as error:
        return Disabled(str(error))
    except Exception:
        return Disabled("the settings cannot be read; pass os.environ, or a mapping of texts like it")


def _settings(env: Mapping[str, str]) -> Union[Settings, Disabled]:
    def get(name: str) -> Optional[str]:
        return (env.get("OPENCLAW_" + name) or "").strip() or None

    if _flag("ENABLED", get("ENABLED")) is False:
        return Disabled("OPENCLAW_ENABLED is false", True)
    if get("ENABLED") is None and get("ENDPOINT") is None:
        return Disabled("OPENCLAW_ENDPOINT is not set", True)
    host, port, path = _endpoint(get("ENDPOINT") or "")
    node_id = get("NODE_ID") or ""
    _check(
        _NODE_ID.fullmatch(node_id),
        "NODE_ID",
        "must be 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or a digit",
    )
    files = {name: get(name) or "" for name in ("CA_FILE", "CERT_FILE", "KEY_FILE")}
    for name, value in files.items():
        _check(value, name, "must be the path of a PEM file; enrolment writes it to node.env")
    pins = _list(get("SERVER_PIN"))
    _check(
        (pins or get("SERVER_PIN") is None) and all(_PIN.fullmatch(pin) for pin in pins),
        "SERVER_PIN",
        "must be pins such as sha256/<44 characters of base64>, separated by commas; leave it out to trust any key of "
        "the CA",
    )
    token_file = get("TOKEN_FILE")
    token_mode = get("TOKEN_MODE") or ("mint" if token_file is None else "file")
    _check(token_mode != "sign", "TOKEN_MODE", "must be file or mint: this client cannot sign, the TypeScript one can")
    _check(token_mode in ("file", "mint"), "TOKEN_MODE", "must be one of file, mint")
    _check(token_mode != "file" or token_file, "TOKEN_FILE", "must be set while OPENCLAW_TOKEN_MODE is file")
    _check(
        not _flag("SIGN_PAYLOAD", get("SIGN_PAYLOAD")),
        "SIGN_PAYLOAD",
        "must be false or unset: this client cannot sign, the TypeScript one can",
    )
    timings = get("TIMINGS") or "production"
    _check(timings in TIMINGS, "TIMINGS", "must be one of production, demo")
    _check(
        timings == "production" or is_loopback(host),
        "TIMINGS",
        "may be demo only while OPENCLAW_ENDPOINT is on loopback; remove it or set it to production",
    )
    interval = _number(get("INTERVAL_SECONDS"), 60)
    _check(30 <= interval <= 120, "INTERVAL_SECONDS", "must be a number from 30 to 120")
    percent = _number(get("ROLLOUT_PERCENT"), 100)
    _check(0 <= percent <= 100, "ROLLOUT_PERCENT", "must be a number from 0 to 100")
    threshold = None if get("QUEUE_THRESHOLD") is None else _number(get("QUEUE_THRESHOLD"), 0)
    _check(threshold is None or 0 <= threshold <= _MAX_SAFE, "QUEUE_THRESHOLD", "must be a number from 0 up")
    buffer_size = _number(get("BUFFER_SIZE"), 10)
    _check(0 <= buffer_size <= 1000 and buffer_size % 1 == 0, "BUFFER_SIZE", "must be a whole number from 0 to 1000")
    hostname, version, tags = get("HOSTNAME"), get("VERSION"), _list(get("TAGS"))
    _check(hostname is None or _is_label(hostname, 253), "HOSTNAME", "must be a text of 1 to 253 printable characters")
    _check(version is None or _is_label(version, 128), "VERSION", "must be a text of 1 to 128 printable characters")
    _check(
        len(tags) <= 64 and all(_is_label(tag, 128) for tag in tags),
        "TAGS",
        "must be at most 64 tags of 1 to 128 printable characters, separated by commas",
    )
    renew = _flag("RENEW", get("RENEW"))
    if not is_in_rollout(node_id, percent):
        return Disabled(f"this node is not among the {_js(percent)} % of OPENCLAW_ROLLOUT_PERCENT", True)
    return Settings(
        host=host,
        port=port,
        path=path,
        node_id=node_id,
        ca_file=files["CA_FILE"],
        cert_file=files["CERT_FILE"],
        key_file=files["KEY_FILE"],
        server_pins=tuple(pins),
        token_mode=token_mode,
        token_file=token_file,
        interval_seconds=interval,
        rollout_percent=percent,
        queue_threshold=threshold,
        buffer_size=int(buffer_size),
        hostname=hostname,
        version=version,
        tags=tuple(tags),
        timings=timings,
        renew=renew,
    )


def _check(holds: object, setting: str, must: str) -> None:
    if not holds:
        raise SettingError(f"OPENCLAW_{setting} {must}")


def _flag(setting: str, text: Optional[str]) -> Optional[bool]:
    if text is None:
        return None
    _check(text in ("true", "false"), setting, "must be true or false")
    return text == "true"


def _number(text: Optional[str], default: float) -> float:
    """NaN, which no check lets pass, for what is no plain decimal."""
    if text is None:
        return default
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else math.nan


def _list(text: Optional[str]) -> List[str]:
    return [item.strip() for item in (text or "").split(",") if item.strip()]


def _endpoint(text: str) -> Tuple[str, int, str]:
    try:
        url = urllib.parse.urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        host = port = None
    _check(
        host and re.fullmatch(r"[\x21-\x7e]+", text),
        "ENDPOINT",
        "must be an address such as https://collector.example:8443",
    )
    _check(url.scheme == "https", "ENDPOINT", "must begin with https://; heartbeats are never sent in the clear")
    _check(
        url.username is None and url.password is None,
        "ENDPOINT",
        "must not hold a user or a password; tokens have settings of their own",
    )
    _check(not url.query and not url.fragment, "ENDPOINT", "must not have a query or a fragment")
    path = url.path if url.path not in ("", "/") else "/openclaw/availability"
    return str(host), 443 if port is None else port, path


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very form, without a name lookup."""
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    return bare == "::1" or (address.version == 4 and address.is_loopback)


def rollout_position(node_id: str) -> float:
    """A node's place in a gradual rollout, 0 to under 100: the same on every machine and in every language."""
    return int.from_bytes(hashlib.sha256(node_id.encode()).digest()[:4], "big") / 2**32 * 100


def is_in_rollout(node_id: str, percent: float) -> bool:
    """Whether the node publishes at this percentage: 0 is nobody, 100 is everybody."""
    return rollout_position(node_id) < percent


def apply_backpressure(
    capacity: Mapping[str, float], queue_depth: Mapping[str, float], threshold: Optional[float]
) -> Dict[str, float]:
    """Lowers `available_slots` while the sum of all queue depths is over the threshold; 0 from twice of it on."""
    slots = capacity.get("available_slots")
    depth = sum(queue_depth.values())
    if threshold is None or slots is None or depth <= threshold:
        return dict(capacity)
    left = 0.0 if threshold == 0 else max(0.0, 1 - (depth - threshold) / threshold)
    return {**capacity, "available_slots": math.floor(slots * left)}


#: Reasons of `openclaw_publish_failure_total`: a closed list, so that no server can grow the label.
FAILURE_REASONS: Tuple[str, ...] = (
    *("network", "timeout", "tls", "token", "credentials", "snapshot", "internal", "http_3xx"),
    *("http_400", "http_401", "http_403", "http_404", "http_408", "http_409", "http_413", "http_422", "http_425"),
    *("http_429", "http_4xx", "http_500", "http_502", "http_503", "http_504", "http_5xx"),
)


def verdict_of(status: int) -> str:
    """2xx is `delivered`; 408, 425, 429 and 5xx are worth a `retry`; all else is `final` for that beat alone."""
    if 200 <= status < 300:
        return "delivered"
    return "retry" if status in (408, 425, 429) or status >= 500 else "final"


def reason_of_status(status: int) -> str:
    """The reason of an answer that is not 2xx: its own where the list has it, else its class."""
    own = f"http_{status}"
    if own in FAILURE_REASONS:
        return own
    return "http_5xx" if status >= 500 else "http_4xx" if status >= 400 else "http_3xx"


def _round(value: float) -> int:
    return math.floor(value + 0.5)


def backoff(schedule: Sequence[float], failures: int, random: float) -> Optional[int]:
    """The wait in ms before the next attempt: the schedule's step, a fifth more or less; None when it is used up."""
    return None if failures > len(schedule) else _round(schedule[failures - 1] * (0.8 + 0.4 * random))


def retry_after_ms(header: Optional[str], wall_now: float, cap_ms: float) -> Optional[float]:
    """Reads `Retry-After` in both forms (RFC 9110 section 10.2.3), at most `cap_ms`; None: none to read."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,400}", text):
        return min(cap_ms, int(text) * 1000)
    if not re.match(r"[A-Z][a-z]+,? ", text):
        return None
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.timezone.utc)
    return min(cap_ms, max(0.0, at.timestamp() * 1000 - wall_now))


def bounded_interval(told_seconds: object, current: float, timings: Timings) -> float:
    """The told interval within its bounds, in ms; what is no number changes nothing."""
    if not _is_number(told_seconds):
        return current
    return min(timings.beat_max, max(timings.beat_min, told_seconds * 1000))  # type: ignore[operator]


def next_wait(interval_ms: float, random: float) -> int:
    """The wait before the next beat: 0.9 to 1.0 of the interval."""
    return _round(interval_ms * (0.9 + 0.1 * random))


class Allowance(NamedTuple):
    """The sender's half of the collector's rate: two beats an interval, burst 3; `at` is monotonic milliseconds."""

    tokens: float = 3
    at: float = 0

    def _refilled(self, now: float, interval: float) -> float:
        return min(3, self.tokens + (now - self.at) / _per_beat(interval))

    def allowed_at(self, now: float, interval: float) -> float:
        """When the next beat may be sent."""
        tokens = self._refilled(now, interval)
        return now if tokens >= 1 else now + (1 - tokens) * _per_beat(interval)

    def spend(self, now: float, interval: float) -> "Allowance":
        """The allowance after a beat sent now."""
        return Allowance(max(0.0, self._refilled(now, interval) - 1), now)


def _per_beat(interval: float) -> float:
    # Room for a network that delivers two beats closer than they were sent.
    return interval / 2 * 1.05


class PublishFailure(Exception):
    """Why a beat was not delivered. The message is for the log: it says what to do next and holds no secret."""

    def __init__(
        self,
        reason: str,
        message: str,
        verdict: str = "retry",
        retry_after: Optional[str] = None,
        problem_type: str = "",
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.verdict = verdict
        self.retry_after = retry_after
        self.problem_type = problem_type


def _message_of(thrown: object) -> str:
    """The text of anything raised, on one line. Never raises."""
    try:
        return " ".join(str(thrown).split()) or type(thrown).__name__
    except Exception:
        return "an error that cannot be shown"


_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_])(?:Bearer\s+\S+|ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)", re.IGNORECASE
)


def one_line(text: str) -> str:
    """A server's text, fit for a log: it must not forge lines, move a cursor or echo a token."""
    shown = "".join(" " if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp") else one for one in text)
    return _TOKEN.sub("[token]", shown)[:300].strip()


def _problem(body: str) -> Dict[str, str]:
    parsed = _json_object(body)
    return {
        name: one_line(parsed[name]) if isinstance(parsed.get(name), str) else ""
        for name in ("title", "detail", "type")
    }


def _json_object(text: str) -> Dict[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _failure_of(what: str, reply: "Reply") -> PublishFailure:
    problem = _problem(reply.body)
    words = ": ".join(part for part in (problem["title"], problem["detail"]) if part)
    verdict = "retry" if verdict_of(reply.status) == "retry" else "final"
    message = f"{what}: {f'{reply.status} {words}'.strip()}"
    return PublishFailure(reason_of_status(reply.status), message, verdict, reply.retry_after, problem["type"])


class _QuietLog:
    """Says each trouble once until it changes or ends. What the host's logger raises is ignored."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self._last: Dict[str, str] = {}

    def info(self, message: str) -> None:
        self._write("info", message)

    def warn(self, topic: str, message: str) -> None:
        if self._last.get(topic) != message:
            self._last[topic] = message
            self._write("warning", message)

    def clear(self, topic: str) -> bool:
        return self._last.pop(topic, None) is not None

    def _write(self, level: str, message: str) -> None:
        try:
            getattr(self._logger, level)(message)
        except Exception:
            pass


_RESOURCE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class _ShapeError(Exception):
    pass


_Shape = Callable[[Any, str], Any]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_amount(value: object) -> bool:
    return _is_number(value) and 0 <= value <= _MAX_SAFE  # type: ignore[operator]


def _units(text: str) -> bytes:
    """Lengths are counted in UTF-16 units, as the collector counts them."""
    return text.encode("utf-16-le", "surrogatepass")


def _is_printable(text: str) -> bool:
    return not any(unicodedata.category(one) == "Cc" for one in text)


def _is_label(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(_units(value)) <= 2 * most and _is_printable(value)


def _shape(accepts: Callable[[Any], object], must: str) -> _Shape:
    def check(value: Any, path: str) -> Any:
        if accepts(value):
            return value
        raise _ShapeError(f"{path} must be {must}")

    return check


def _one_of(*names: str) -> _Shape:
    return _shape(lambda value: isinstance(value, str) and value in names, f"one of {', '.join(names)}")


def _matching(pattern: str, must: str) -> _Shape:
    return _shape(lambda value: isinstance(value, str) and re.fullmatch(pattern, value), must)


def _text(most: int, least: int = 0) -> _Shape:
    def check(value: Any, path: str) -> str:
        if not isinstance(value, str) or len(value) < least:
            raise _ShapeError(f"{path} must be a text of {least} to {most} characters")
        cut = _units(value)[: 2 * most].decode("utf-16-le", "surrogatepass")
        return "".join(" " if unicodedata.category(one) == "Cc" else one for one in cut)

    return check


def _list_of(item: _Shape, most: int) -> _Shape:
    def check(value: Any, path: str) -> List[Any]:
        if not isinstance(value, (list, tuple)):
            raise _ShapeError(f"{path} must be a list")
        return [item(one, f"{path}[{index}]") for index, one in enumerate(value[:most])]

    return check


def _object_of(required: Mapping[str, _Shape], optional: Mapping[str, _Shape]) -> _Shape:
    def check(value: Any, path: str) -> Dict[str, Any]:
        if not isinstance(value, collections.abc.Mapping):
            raise _ShapeError(f"{path} must be an object")
        known = {name: shape(value.get(name), f"{path}.{name}") for name, shape in required.items()}
        for name, shape in optional.items():
            if value.get(name) is not None:
                known[name] = shape(value[name], f"{path}.{name}")
        return known

    return check


_AMOUNT = _shape(_is_amount, "a number from 0 up")
_COUNT = _shape(lambda value: _is_amount(value) and value % 1 == 0, "a whole number from 0 up")
_FLAG = _shape(lambda value: isinstance(value, bool), "true or false")
_HASH = _matching(r"[0-9a-f]{64}", "a SHA-256 in lower-case hex")
_SHORT = _text(128)
_REPORTED = _object_of(
    {
        "bridge_version": _text(128, 1),
        "gateway_state": _one_of("running", "starting", "draining", "restarting", "hung", "dead", "unknown"),
        "apply_status": _one_of("UNSET", "APPLYING", "APPLIED", "FAILED"),
        "sync_lag_ms": _AMOUNT,
        "health_status": _one_of("ok", "warn", "error"),
        "health_reasons": _list_of(_text(200), 8),
        "metrics": _object_of(
            {}, {"cpu_pct": _AMOUNT, "mem_used_bytes": _AMOUNT, "queue_depth": _AMOUNT, "failed_pushes_1h": _COUNT}
        ),
    },
    {
        "openclaw_version": _SHORT,
        "openclaw_build": _SHORT,
        "gateway_boot_id": _SHORT,
        "transport": _one_of("reverse_ssh", "direct_https", "hybrid"),
        "environment": _one_of("local", "vps", "cloud"),
        "config_hash": _HASH,
        "full_config_hash": _HASH,
        "config_valid": _FLAG,
        "config_converged": _FLAG,
        "revision": _SHORT,
        "actions_address": _SHORT,
        "tunnel_port": _COUNT,
    },
)
_JOBS = _object_of(
    {name: _COUNT for name in ("total", "enabled", "failing", "results_1h", "failures_1h")},
    {"results_24h": _COUNT, "failures_24h": _COUNT},
)
_CAPABILITIES = _list_of(_matching(r"[a-z][a-z0-9_:.-]{0,63}", "a capability such as restart"), 32)


class CleanSnapshot(NamedTuple):
    """A snapshot within the bounds of the contract."""

    hostname: str
    version: str
    capacity: Dict[str, float]
    queue_depth: Dict[str, float]
    tags: List[str]
    uptime_seconds: Optional[float]
    #: `reported`, `capabilities` and `jobs`, those that there are.
    blocks: Dict[str, Any]


def clean_snapshot(
    given: object, hostname: Optional[str] = None, version: Optional[str] = None, tags: Sequence[str] = ()
) -> Tuple[CleanSnapshot, List[str]]:
    """Makes what a host returned fit to send: unknown members are not sent, a part that cannot be used is left out.

    :returns: the snapshot, and a sentence for each part left out
    :raises PublishFailure: `snapshot`, when it is no mapping or cannot be read
    """
    if not isinstance(given, collections.abc.Mapping):
        raise PublishFailure("snapshot", "snapshot() must return an object; it returned something else")
    try:
        return _clean(given, hostname, version, tags)
    except Exception as error:
        raise PublishFailure("snapshot", f"what snapshot() returned cannot be read: {_message_of(error)}") from error


def _clean(
    given: Mapping[str, Any], hostname: Optional[str], default_version: Optional[str], own_tags: Sequence[str]
) -> Tuple[CleanSnapshot, List[str]]:
    problems: List[str] = []

    def part(name: str, shape: _Shape) -> Any:
        value = given.get(name)
        if value is None:
            return None
        try:
            return shape(value, name)
        except _ShapeError as error:
            problems.append(f"{error}; {name} was left out")
            return None

    version = part("version", _text(128, 1)) or default_version
    if version is None:
        problems.append("version is missing; return it from snapshot() or set OPENCLAW_VERSION")
    uptime = part("uptime_seconds", _AMOUNT)
    blocks = {
        name: block
        for name, block in (
            ("reported", part("reported", _REPORTED)),
            ("capabilities", part("capabilities", _CAPABILITIES)),
            ("jobs", part("jobs", _JOBS)),
        )
        if block is not None
    }
    named = part("hostname", _text(253, 1)) or hostname or _text(253)(socket.gethostname(), "hostname") or "unknown"
    snapshot = CleanSnapshot(
        hostname=named,
        version=version or "unknown",
        capacity=_resources(given.get("capacity"), "capacity", problems),
        queue_depth=_resources(given.get("queue_depth"), "queue_depth", problems),
        tags=_tags(given.get("tags"), own_tags, problems),
        uptime_seconds=uptime,
        blocks=blocks,
    )
    return snapshot, problems


def _resources(given: Any, name: str, problems: List[str]) -> Dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, collections.abc.Mapping):
        problems.append(f"{name} must be an object of numbers; it was left out")
        return {}
    kept: List[Tuple[str, float]] = []
    for key, value in given.items():
        if isinstance(key, str) and _RESOURCE.fullmatch(key) and _is_amount(value):
            kept.append((key, value))
        else:
            problems.append(f"{name} takes short names and numbers from 0 up; one entry was left out")
    if len(kept) > 32:
        problems.append(f"{name} may have 32 entries; the rest was left out")
    return dict(kept[:32])


def _tags(given: Any, own: Sequence[str], problems: List[str]) -> List[str]:
    is_list = isinstance(given, (list, tuple))
    if given is not None and not is_list:
        problems.append("tags must be a list; it was left out")
    every = [*own, *(given if is_list else ())]
    kept = list(dict.fromkeys(tag for tag in every if _is_label(tag, 128)))
    if not all(_is_label(tag, 128) for tag in every):
        problems.append("a tag must be a text of 1 to 128 printable characters; others were left out")
    if len(kept) > 64:
        problems.append("there may be 64 tags; the rest was left out")
    return kept[:64]


MAX_BODY_BYTES = 16 * 1024
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def _js(value: float) -> str:
    """A number as JavaScript writes it, save for exponents."""
    return str(int(value)) if value == int(value) else repr(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def to_json(value: Any) -> bytes:
    """The bytes that JSON.stringify makes: no spaces, whole numbers without a fraction, well-formed UTF-8."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode()


def iso_time(milliseconds: int) -> str:
    """A time as `last_heartbeat` carries it, such as 2026-02-06T12:34:56.000Z."""
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    return at.isoformat(timespec="milliseconds") + "Z"


class Serialized(NamedTuple):
    """A body, the blocks that it really carries, and what was left out for size."""

    body: bytes
    blocks: Dict[str, Any]
    trimmed: List[str]


def serialize_beat(
    node_id: str,
    snapshot: CleanSnapshot,
    blocks: Mapping[str, Any],
    time_ms: int,
    boot_id: str,
    seq: int,
    interval_seconds: float,
    publisher: Mapping[str, Any],
    goodbye: Optional[str] = None,
) -> Serialized:
    """Builds the body of a beat (seed 004, with optional blocks), at most 16 KiB; members in the seed's order."""
    beat: Dict[str, Any] = {
        "node_id": node_id,
        "hostname": snapshot.hostname,
        "version": snapshot.version,
        "capacity": snapshot.capacity,
        "queue_depth": snapshot.queue_depth,
        "last_heartbeat": iso_time(time_ms),
        "tags": list(snapshot.tags),
    }
    if snapshot.uptime_seconds is not None:
        beat["uptime_seconds"] = snapshot.uptime_seconds
    beat.update(boot_id=boot_id, seq=seq, interval_seconds=interval_seconds)
    beat.update((name, blocks[name]) for name in ("reported", "capabilities", "jobs") if name in blocks)
    beat["publisher"] = publisher
    if goodbye is not None:
        beat["goodbye"] = goodbye
    trimmed: List[str] = []
    for name in ("publisher", "jobs", "capabilities", "health_reasons", "tags", "reported"):
        if len(to_json(beat)) <= MAX_BODY_BYTES:
            break
        if _trim(beat, name):
            trimmed.append(name)
    carried: Dict[str, Any] = {name: beat[name] for name in ("reported", "capabilities", "jobs") if name in beat}
    return Serialized(to_json(beat), carried, trimmed)


def _trim(beat: Dict[str, Any], name: str) -> bool:
    if name == "health_reasons":
        reasons = beat.get("reported", {}).get("health_reasons", ())
        if len(reasons) < 2:
            return False
        beat["reported"] = {**beat["reported"], "health_reasons": reasons[:1]}
        return True
    if name == "tags":
        before = len(beat["tags"])
        zone = next((tag for tag in beat["tags"] if tag.startswith("region:")), None)
        while len(to_json(beat)) > MAX_BODY_BYTES:
            others = [index for index, tag in enumerate(beat["tags"]) if tag != zone]
            if not others:
                break
            del beat["tags"][others[-1]]
        return len(beat["tags"]) < before
    return beat.pop(name, None) is not None


_BUCKETS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10")


class Metrics:
    """The publisher's counters since it was made; in beats, and as Prometheus text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.success = 0
        self.dropped_total = 0
        self.failures: Dict[str, int] = {}
        self._sum = 0.0
        self._observed = 0
        self._counts = [0] * len(_BUCKETS)

    def succeeded(self) -> None:
        with self._lock:
            self.success += 1

    def failed(self, reason: str) -> None:
        with self._lock:
            self.failures[reason] = self.failures.get(reason, 0) + 1

    def dropped(self, beats: int) -> None:
        """Counts beats that will never be delivered."""
        with self._lock:
            self.dropped_total += beats

    def observe(self, seconds: float) -> None:
        """Counts one reply: seconds from the start of the attempt to its end."""
        with self._lock:
            self._sum += seconds
            self._observed += 1
            for index, bound in enumerate(_BUCKETS):
                self._counts[index] += seconds <= float(bound)

    def block(self, buffered: int) -> Dict[str, Any]:
        """The counters as a beat carries them."""
        with self._lock:
            return {
                "success_total": self.success,
                "failure_total": dict(self.failures),
                "dropped_total": self.dropped_total,
                "buffered": buffered,
                "latency_seconds_sum": _round(self._sum * 1e6) / 1e6,
                "latency_seconds_count": self._observed,
            }

    def render(self, buffered: int) -> str:
        """Prometheus text format 0.0.4."""
        with self._lock:
            latency = "openclaw_latency_seconds"
            lines: List[str] = []

            def family(name: str, kind: str, text: str, samples: Sequence[str]) -> None:
                lines.extend([f"# HELP {name} {text}", f"# TYPE {name} {kind}", *samples])

            name = "openclaw_publish_success_total"
            family(name, "counter", "Heartbeats delivered, replayed ones too.", [f"{name} {self.success}"])
            name = "openclaw_publish_failure_total"
            family(
                name,
                "counter",
                "Attempts to deliver a heartbeat that failed, by reason.",
                [f'{name}{{reason="{reason}"}} {self.failures.get(reason, 0)}' for reason in FAILURE_REASONS],
            )
            family(
                latency,
                "histogram",
                "Time from the start of an attempt to the end of its reply.",
                [
                    *(f'{latency}_bucket{{le="{bound}"}} {count}' for bound, count in zip(_BUCKETS, self._counts)),
                    f'{latency}_bucket{{le="+Inf"}} {self._observed}',
                    f"{latency}_sum {_js(self._sum)}",
                    f"{latency}_count {self._observed}",
                ],
            )
            name = "openclaw_publish_dropped_total"
            family(name, "counter", "Heartbeats that will never be delivered.", [f"{name} {self.dropped_total}"])
            name = "openclaw_publish_buffered"
            family(name, "gauge", "Undelivered heartbeats kept for a replay.", [f"{name} {buffered}"])
            return "\n".join([*lines, ""])


_MAX_FILE_BYTES = 1024 * 1024


def read_file(path: str, setting: str) -> Tuple[str, Tuple[int, ...]]:
    """The text of a file, and what tells one state of it from another: its permissions, and more.

    :raises ValueError: names the setting and the fix
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with open(handle, "rb") as file:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode):
                raise ValueError(f"{setting}: {path} is not a file")
            if state.st_size > _MAX_FILE_BYTES:
                raise ValueError(f"{setting}: {path} is larger than 1 MiB")
            text = file.read(_MAX_FILE_BYTES).decode("utf-8", "replace")
        return text, (state.st_mode, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    except FileNotFoundError as error:
        raise ValueError(f"{setting}: {path} does not exist; enrol the node or correct the path") from error
    except PermissionError as error:
        raise ValueError(f"{setting}: {path} may not be read by this user; change its owner or mode") from error
    except OSError as error:
        raise ValueError(
            f"{setting}: {path} cannot be read ({errno.errorcode.get(error.errno or 0, 'EIO')})"
        ) from error


def _der(data: bytes, at: int) -> Tuple[int, int, int]:
    """One DER element. :returns: its tag, and where its content begins and ends"""
    tag, length, begin = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
    if begin + length > len(data):
        raise ValueError("the DER ends too early")
    return tag, begin, begin + length


def _fields_of(certificate: bytes) -> List[Tuple[int, int, int, int]]:
    """Elements of the TBSCertificate from the serial number on, as (start, tag, begin, end)."""
    _, at, _ = _der(certificate, 0)
    _, at, end = _der(certificate, at)
    fields: List[Tuple[int, int, int, int]] = []
    while at < end:
        tag, begin, after = _der(certificate, at)
        fields.append((at, tag, begin, after))
        at = after
    return fields[1:] if fields[0][1] == 0xA0 else fields


def pin_of(certificate: bytes) -> str:
    """The pin of a DER certificate's key: `sha256/` and the base64 of the SHA-256 of its SPKI (RFC 7469)."""
    start, _, _, end = _fields_of(certificate)[5]
    return "sha256/" + base64.b64encode(hashlib.sha256(certificate[start:end]).digest()).decode()


def validity_of(certificate: bytes) -> Tuple[float, float]:
    """When a DER certificate begins and ends, in milliseconds since the epoch."""
    _, _, at, _ = _fields_of(certificate)[3]
    times: List[float] = []
    for _ in range(2):
        tag, begin, after = _der(certificate, at)
        text = certificate[begin:after].decode("ascii")
        if tag == 0x17:
            text = ("19" if text[:2] >= "50" else "20") + text
        moment = datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        times.append(moment.timestamp() * 1000)
        at = after
    return times[0], times[1]


def _first_certificate(pem: str) -> bytes:
    match = re.search(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", pem)
    if match is None:
        raise ValueError("no certificate")
    return ssl.PEM_cert_to_DER_cert(match.group())


class Credentials(NamedTuple):
    """What a connection is made with. A new object stands for new files."""

    context: ssl.SSLContext
    #: Milliseconds since the epoch.
    valid_from: float
    valid_to: float


class CredentialStore:
    """The credentials in the files now; while new files cannot be used, the last good ones."""

    def __init__(self, settings: Settings, log: _QuietLog) -> None:
        self._settings = settings
        self._log = log
        self._current: Optional[Credentials] = None
        self._state: Tuple[Tuple[int, ...], ...] = ()

    def load(self) -> Credentials:
        """:raises PublishFailure: `credentials`, when there never were good ones"""
        try:
            self._read()
            if self._log.clear("credentials"):
                self._log.info("the new credentials are in use")
        except ValueError as error:
            if self._current is None:
                raise PublishFailure("credentials", str(error)) from error
            self._log.warn("credentials", f"{error}; the previous credentials stay in use")
        assert self._current is not None
        return self._current

    def _read(self) -> None:
        settings = self._settings
        ca, ca_state = read_file(settings.ca_file, "OPENCLAW_CA_FILE")
        cert, cert_state = read_file(settings.cert_file, "OPENCLAW_CERT_FILE")
        _, key_state = read_file(settings.key_file, "OPENCLAW_KEY_FILE")
        self._warn_of(stat.S_IMODE(key_state[0]))
        state = (ca_state, cert_state, key_state)
        if state == self._state and self._current is not None:
            return
        current = _credentials(settings, ca, cert)
        # OpenSSL read the pair for itself: a rotation in between is taken at the next look.
        again = tuple(read_file(path, "")[1] for path in (settings.ca_file, settings.cert_file, settings.key_file))
        if again != state:
            raise ValueError("the credentials changed while they were read")
        self._current, self._state = current, state

    def _warn_of(self, mode: int) -> None:
        # The key is used all the same: containers mount secrets for a group, and none can change that from within.
        if os.name != "posix" or not mode & 0o077:
            self._log.clear("key-mode")
            return
        path = self._settings.key_file
        self._log.warn(
            "key-mode",
            f"OPENCLAW_KEY_FILE: others on this machine can use {path} (mode {mode:04o}), and so publish as this node: "
            f"run chmod 600 {path}, or mount it with that mode",
        )


def _credentials(settings: Settings, ca: str, cert: str) -> Credentials:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = _DeadlineSocket
    try:
        valid_from, valid_to = validity_of(_first_certificate(cert))
    except (ValueError, IndexError) as error:
        raise ValueError(f"OPENCLAW_CERT_FILE: {settings.cert_file} holds no PEM certificate") from error
    try:
        context.load_verify_locations(cadata=ca)
    except (ssl.SSLError, ValueError, UnicodeError) as error:
        raise ValueError(f"OPENCLAW_CA_FILE: {settings.ca_file} holds no PEM certificate") from error
    try:
        # Without a password of ours OpenSSL would ask at the terminal.
        context.load_cert_chain(settings.cert_file, settings.key_file, password=lambda: "")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(
                f"OPENCLAW_KEY_FILE: the key in {settings.key_file} does not belong to the certificate in "
                f"{settings.cert_file}; put both files of the same enrolment in place"
            ) from error
        raise ValueError(
            f"OPENCLAW_KEY_FILE: {settings.key_file} holds no PEM private key without a passphrase"
        ) from error
    except OSError as error:
        raise ValueError(f"OPENCLAW_KEY_FILE: {settings.key_file} cannot be read") from error
    return Credentials(context, valid_from, valid_to)


_MAX_REPLY_BYTES = 64 * 1024
_IDLE_SECONDS = 300


class Reply(NamedTuple):
    """An answer, whatever its status. `seconds` is from sending to the last byte."""

    status: int
    body: str
    retry_after: Optional[str]
    seconds: float


class _DeadlineSocket(ssl.SSLSocket):
    """Each read may take what is left of the whole exchange: a server that drips bytes cannot prolong it."""

    deadline = math.inf

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.deadline != math.inf:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            self.settimeout(left)
        return super().recv_into(*args, **kwargs)


class _Connection(http.client.HTTPConnection):
    """Sends only after the handshake and every check: not a byte goes to the wrong server."""

    default_port = 443

    def __init__(self, host: str, port: int, context: ssl.SSLContext, pins: Sequence[str]) -> None:
        super().__init__(host, port)
        self._context = context
        self._pins = pins
        self.deadline = math.inf

    def allow(self, seconds: float) -> None:
        """How long the next exchange may take, a new connection included."""
        self.deadline = time.monotonic() + seconds
        self.timeout = seconds
        if isinstance(self.sock, _DeadlineSocket):
            self.sock.deadline = self.deadline
            self.sock.settimeout(seconds)

    def connect(self) -> None:
        raw = socket.create_connection((self.host, self.port), self.timeout)
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # SNI is for names alone; OpenSSL is told the address to check it against the certificate.
            secure = self._context.wrap_socket(raw, server_hostname=self.host, do_handshake_on_connect=False)
        except BaseException:
            raw.close()
            raise
        self.sock = secure
        try:
            secure.settimeout(max(0.001, self.deadline - time.monotonic()))
            secure.do_handshake()
            check_collector(secure, self.host, self._pins)
            assert isinstance(secure, _DeadlineSocket)
            secure.deadline = self.deadline
        except BaseException:
            self.close()
            raise


def chain_of(secure: ssl.SSLSocket) -> List[bytes]:
    """The verified chain, leaf first, each as DER. Python 3.9 shows the leaf alone."""
    for owner in (secure, getattr(secure, "_sslobj", None)):
        get = getattr(owner, "get_verified_chain", None)
        if get is None:
            continue
        chain = [one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in get() or ()]
        if chain:
            return chain
    leaf = secure.getpeercert(binary_form=True)
    return [leaf] if leaf else []


def check_collector(secure: ssl.SSLSocket, host: str, pins: Sequence[str]) -> None:
    """Judges a certificate whose chain and name OpenSSL has verified: not a node's, and pinned when there are pins.

    :raises PublishFailure: `tls`
    """
    names: Any = (secure.getpeercert() or {}).get("subjectAltName", ())
    if any(kind == "URI" and str(value).startswith("openclaw://node/") for kind, value in names):
        raise PublishFailure(
            "tls", f"the certificate of {host} is a node's, not a collector's; check OPENCLAW_ENDPOINT"
        )
    if pins and not any(pin_of(one) in pins for one in chain_of(secure)):
        raise PublishFailure(
            "tls",
            f"no key of the certificate of {host} is one of OPENCLAW_SERVER_PIN; if the collector's key was changed on "
            "purpose, set the new pin",
        )


class Transport:
    """One keep-alive connection to the collector: TLS 1.3, the node's certificate. One post at a time."""

    def __init__(self, host: str, port: int, pins: Sequence[str]) -> None:
        self._host, self._port, self._pins = host, port, pins
        self._connection: Optional[_Connection] = None
        self._credentials: Optional[Credentials] = None
        self._used_at = 0.0
        self._interrupted = False

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], credentials: Credentials, timeout_ms: float
    ) -> Reply:
        """Any status is a reply, and no redirect is followed. :raises PublishFailure: `network`, `timeout` or `tls`"""
        end = time.monotonic() + timeout_ms / 1000
        connection = self._connection_for(credentials)
        reused = connection.sock is not None
        try:
            try:
                return self._once(connection, path, body, headers, end)
            except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                # The collector may close an idle connection just as it is used; the same body may be sent again.
                if not reused or self._interrupted:
                    raise
                self.close()
                return self._once(self._connection_for(credentials), path, body, headers, end)
        except Exception as error:
            self.close()
            raise self._failure(error, timeout_ms) from error

    def _connection_for(self, credentials: Credentials) -> _Connection:
        stale = time.monotonic() - self._used_at > _IDLE_SECONDS
        if self._connection is None or self._credentials is not credentials or stale:
            self.close()
            self._connection = _Connection(self._host, self._port, credentials.context, self._pins)
            self._credentials = credentials
        self._used_at = time.monotonic()
        return self._connection

    def _once(self, connection: _Connection, path: str, body: bytes, headers: Mapping[str, str], end: float) -> Reply:
        started = time.monotonic()
        connection.allow(max(0.001, end - started))
        connection.request(
            "POST",
            path,
            body,
            {"Accept": "application/json, application/problem+json", "Content-Type": "application/json", **headers},
        )
        response = connection.getresponse()
        text = response.read(_MAX_REPLY_BYTES + 1)
        if len(text) > _MAX_REPLY_BYTES:
            raise PublishFailure("network", f"the reply of {self._host} is too long")
        if response.length:
            raise ConnectionAbortedError("the connection closed in the middle of the reply")
        seconds = time.monotonic() - started
        return Reply(response.status, text.decode("utf-8", "replace"), response.getheader("retry-after"), seconds)

    def _failure(self, error: Exception, timeout_ms: float) -> PublishFailure:
        if isinstance(error, PublishFailure):
            return error
        message = f"{self._host}:{self._port}: {_message_of(error)}"
        if isinstance(error, socket.timeout) and error.errno != errno.ETIMEDOUT:
            return PublishFailure(
                "timeout", f"{self._host}:{self._port} did not answer within {_js(timeout_ms / 1000)} s"
            )
        if isinstance(error, ConnectionRefusedError):
            return PublishFailure("network", f"{message}; is the collector running there?")
        if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return PublishFailure("tls", message)
        if isinstance(error, (OSError, http.client.HTTPException)):
            return PublishFailure("network", message)
        return PublishFailure("internal", message)

    def interrupt(self) -> None:
        """Ends what another thread has under way."""
        self._interrupted = True
        connection = self._connection
        secure = connection.sock if connection is not None else None
        if secure is not None:
            try:
                socket.socket.shutdown(secure, socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except OSError:
                pass


_BEARER = re.compile(r"[A-Za-z0-9._~+/=-]+")


class TokenFromFile:
    """Reads the token from a file at every attempt, so a rotated one is used at once."""

    def __init__(self, path: str) -> None:
        self._path = path

    def get(self, _credentials: Credentials, _timeout_ms: float) -> str:
        try:
            token = read_file(self._path, "OPENCLAW_TOKEN_FILE")[0].strip()
        except ValueError as error:
            raise PublishFailure("token", str(error)) from error
        if not _BEARER.fullmatch(token):
            raise PublishFailure(
                "token", f"OPENCLAW_TOKEN_FILE: {self._path} must hold one bearer token and nothing else"
            )
        return token

    def refused(self) -> None:
        """The file is read again anyway."""


class TokenMinted:
    """Asks the collector for a token over mTLS, and uses it for 80 % of its life."""

    def __init__(self, transport: Any, path: str, clock: "Clock") -> None:
        self._transport, self._path, self._clock = transport, path, clock
        self._token = ""
        self._of: Optional[Credentials] = None
        self._until = -math.inf

    def get(self, credentials: Credentials, timeout_ms: float) -> str:
        now = self._clock.monotonic()
        if self._of is credentials and now < self._until:
            return self._token
        reply = self._transport.post(self._path, b"{}", {}, credentials, timeout_ms)
        if verdict_of(reply.status) != "delivered":
            raise _failure_of(f"POST {self._path}", reply)
        parsed = _json_object(reply.body)
        token, seconds = parsed.get("access_token"), parsed.get("expires_in")
        if not isinstance(token, str) or not _BEARER.fullmatch(token) or not _is_number(seconds):
            raise PublishFailure(
                "token", "the reply to the request for a token holds no access_token; check OPENCLAW_ENDPOINT"
            )
        self._token, self._of, self._until = token, credentials, now + float(seconds) * 1000 * 0.8  # type: ignore[arg-type]
        return token

    def refused(self) -> None:
        self._of = None


class HeartbeatReply(NamedTuple):
    """What the collector said of a beat that it took."""

    status: str
    next_heartbeat_seconds: float
    report_full_state: bool
    desired_revision: Optional[str]


def parse_reply(body: str) -> Optional[HeartbeatReply]:
    """A reply to the letter of the contract, or None: other receivers of this protocol need not send one."""
    parsed = _json_object(body)
    status, seconds = parsed.get("status"), parsed.get("next_heartbeat_seconds")
    if status not in ("accepted", "duplicate", "superseded") or not _is_number(seconds):
        return None
    revision = parsed.get("desired_revision")
    return HeartbeatReply(
        str(status),
        seconds,  # type: ignore[arg-type]
        parsed.get("report_full_state") is True,
        revision if isinstance(revision, str) else None,
    )


class Delivery:
    """One attempt at a time to deliver a body."""

    def __init__(
        self, settings: Settings, store: Any, tokens: Any, transport: Any, metrics: Metrics, watch: "ExpiryWatch"
    ) -> None:
        self._settings, self._store, self._tokens = settings, store, tokens
        self._transport, self._metrics, self._watch = transport, metrics, watch

    def attempt(self, body: bytes, timeout_ms: Optional[float] = None) -> Optional[HeartbeatReply]:
        """:raises PublishFailure: with the reason, and whether another attempt is worth it"""
        settings = self._settings
        timeout = settings.durations.request_timeout if timeout_ms is None else timeout_ms
        credentials = self._store.load()
        self._watch.check(credentials)
        token = self._tokens.get(credentials, timeout)
        headers = {"Authorization": f"Bearer {token}"}
        reply = self._transport.post(settings.path, body, headers, credentials, timeout)
        self._metrics.observe(reply.seconds)
        if reply.status == 401:
            self._tokens.refused()
        if verdict_of(reply.status) != "delivered":
            raise _failure_of(f"{settings.host}:{settings.port}", reply)
        return parse_reply(reply.body)

    def interrupt(self) -> None:
        """Ends what another thread has under way."""
        self._transport.interrupt()

    def close(self) -> None:
        self._transport.close()


class ExpiryWatch:
    """Warns once a day that the node's certificate ends, from a third of its life before the end."""

    def __init__(self, settings: Settings, clock: "Clock", log: _QuietLog) -> None:
        self._settings, self._clock, self._log = settings, clock, log
        if settings.renew:
            log.warn(
                "renew", "OPENCLAW_RENEW is true, and this client cannot renew; it warns before the certificate ends"
            )

    def check(self, credentials: Credentials) -> None:
        """Says so when less than a third of the certificate's life is left."""
        left = credentials.valid_to - self._clock.now()
        if left >= (credentials.valid_to - credentials.valid_from) / 3:
            self._log.clear("expiry")
            return
        end = iso_time(int(credentials.valid_to))
        days = math.floor(left / 86_400_000)
        when = f"ended on {end}" if left <= 0 else f"ends on {end}, in {days} days"
        self._log.warn(
            "expiry",
            f"the node certificate {when}, and this client cannot renew it: have openclaw-fleet rotate "
            f"{self._settings.node_id} make a new one and put its files in place; they are read without a restart",
        )


class Clock:
    """Time as the publisher sees it, in milliseconds; tests pass another."""

    def now(self) -> float:
        """Wall clock since the epoch."""
        return time.time() * 1000

    def monotonic(self) -> float:
        """From any start, never set back."""
        return time.monotonic() * 1000


class BeatClock:
    """Strictly increasing times that follow the wall clock forward, and the monotonic one when it is set back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = -math.inf
        self._last_at = 0.0
        self._newest_taken = -math.inf

    def next(self) -> int:
        """The `last_heartbeat` of a beat, later than every one before."""
        at = self._clock.monotonic()
        elapsed = max(1, math.floor(at - self._last_at))
        self._last = max(math.floor(self._clock.now()), self._last + elapsed)
        self._last_at = at
        return int(self._last)

    def taken(self, time_ms: float) -> None:
        """The collector took the beat of that time."""
        self._newest_taken = max(self._newest_taken, time_ms)

    def restart(self) -> None:
        """The collector found the times ahead: begins at the wall clock again, though after every time it took."""
        self._last = self._newest_taken
        self._last_at = self._clock.monotonic()


class _Beat:
    """A beat on its way. A replay sends these very bytes, or the collector would see a conflict."""

    def __init__(self, body: bytes, sent_at: int, blocks: Mapping[str, Any]) -> None:
        self.body, self.sent_at, self.blocks = body, sent_at, blocks
        self.failures = 0
        self.retry_at = 0.0


class BeatBuffer:
    """Undelivered beats: bounded, the oldest dropped first, the newest taken first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._beats: List[_Beat] = []

    def __len__(self) -> int:
        return len(self._beats)

    def push(self, beat: _Beat) -> int:
        """:returns: how many beats were dropped for it"""
        self._beats.append(beat)
        self._beats.sort(key=lambda one: one.sent_at)
        dropped = max(0, len(self._beats) - self._capacity)
        del self._beats[:dropped]
        return dropped

    def newest(self) -> Optional[_Beat]:
        """It stays until `remove`."""
        return self._beats[-1] if self._beats else None

    def remove(self, beat: _Beat) -> None:
        self._beats = [one for one in self._beats if one is not beat]


_CLOCK_AHEAD = "urn:openclaw-fleet:problem:clock-ahead"


class Engine:
    """The publisher without threads: `step` does what is due now and says how long nothing will be."""

    def __init__(
        self,
        settings: Settings,
        snapshot: SnapshotFunction,
        delivery: Any,
        metrics: Metrics,
        log: _QuietLog,
        clock: Clock,
        random: Callable[[], float],
        on_reply: Optional[Callable[[HeartbeatReply], None]] = None,
    ) -> None:
        self._settings, self._snapshot, self._delivery = settings, snapshot, delivery
        self._metrics, self._log, self._clock, self._random, self._on_reply = metrics, log, clock, random, on_reply
        self._timings = settings.durations
        self._boot_id = str(uuid.uuid4())
        self._beat_clock = BeatClock(clock)
        self._known: Dict[str, bytes] = {}
        self.buffer = BeatBuffer(settings.buffer_size)
        self.interval = settings.interval
        self.stopped = False
        self._seq = 0
        self._allowance = Allowance()
        self._last_snapshot: Optional[CleanSnapshot] = None
        self._snapshot_failures = 0
        self.pending: Optional[_Beat] = None
        self._jitter = 0.0
        self._last_beat_at = -math.inf
        self._soon_at = math.inf
        self._held_until = -math.inf
        self._replay_at: Optional[float] = None

    def soon(self, everything: bool) -> None:
        """Something changed: the next beat is due as soon as the allowance lets it."""
        if everything:
            self._known = {}
        self._soon_at = self._clock.monotonic()

    def wait(self) -> float:
        """Milliseconds until something is due; 0 is now."""
        now = self._clock.monotonic()
        due = self._beat_at(now)
        if self.pending is not None:
            due = min(due, max(self.pending.retry_at, self._held_until))
        elif self._replay_at is not None:
            due = min(due, max(self._replay_at, self._held_until))
        return max(0.0, due - now)

    def step(self) -> None:
        """Does one thing that is due: the newest state first, replays only while nothing newer is undelivered."""
        try:
            now = self._clock.monotonic()
            if now >= self._beat_at(now):
                self._beat()
            elif self.pending is not None:
                if now >= max(self.pending.retry_at, self._held_until):
                    self._deliver()
            elif self._replay_at is not None and now >= max(self._replay_at, self._held_until):
                self._replay()
        except Exception as error:
            self._metrics.failed("internal")
            self._log.warn("internal", f"a heartbeat failed inside the client: {_message_of(error)}")

    def _beat_at(self, now: float) -> float:
        due = min(self._soon_at, self._last_beat_at + next_wait(self.interval, self._jitter))
        return max(due, self._held_until, self._allowance.allowed_at(now, self.interval))

    def _beat(self) -> None:
        self._last_beat_at = self._clock.monotonic()
        self._soon_at = math.inf
        self._jitter = self._random()
        snapshot = self._take_snapshot()
        if snapshot is None or self.stopped:
            return
        self._last_snapshot = snapshot
        if self.pending is not None:
            self._keep(self.pending)
        self._allowance = self._allowance.spend(self._clock.monotonic(), self.interval)
        sent_at = self._beat_clock.next()
        unsent = {name: block for name, block in snapshot.blocks.items() if self._known.get(name) != to_json(block)}
        serialized = self._serialize(snapshot, unsent, sent_at)
        self.pending = _Beat(serialized.body, sent_at, serialized.blocks)
        self._deliver()

    def _take_snapshot(self) -> Optional[CleanSnapshot]:
        """None when the host's function failed; the next try is then due after the steps of a retry."""
        settings = self._settings
        try:
            given = self._snapshot()
            snapshot, problems = clean_snapshot(given, settings.hostname, settings.version, settings.tags)
        except Exception as error:
            self._metrics.failed("snapshot")
            why = str(error) if isinstance(error, PublishFailure) else f"snapshot() failed: {_message_of(error)}"
            self._log.warn("snapshot", f"{why}; no heartbeat was sent")
            self._snapshot_failures += 1
            wait = backoff(self._timings.retries, self._snapshot_failures, self._random())
            if wait is not None:
                self._soon_at = min(self._soon_at, self._clock.monotonic() + wait)
            return None
        if problems:
            self._log.warn("snapshot", f"of what snapshot() returned: {'. '.join(problems)}")
        elif self._log.clear("snapshot"):
            self._log.info("snapshot() works again")
        self._snapshot_failures = 0
        capacity = apply_backpressure(snapshot.capacity, snapshot.queue_depth, settings.queue_threshold)
        return snapshot._replace(capacity=capacity)

    def _serialize(
        self, snapshot: CleanSnapshot, blocks: Mapping[str, Any], time_ms: int, goodbye: Optional[str] = None
    ) -> Serialized:
        self._seq += 1
        serialized = serialize_beat(
            self._settings.node_id,
            snapshot,
            blocks,
            time_ms,
            self._boot_id,
            self._seq,
            self.interval / 1000,
            self._metrics.block(len(self.buffer)),
            goodbye,
        )
        if serialized.trimmed:
            self._log.warn(
                "size", f"a heartbeat may have 16 KiB; left out of this one: {', '.join(serialized.trimmed)}"
            )
        else:
            self._log.clear("size")
        return serialized

    def _deliver(self) -> None:
        sent = self.pending
        assert sent is not None
        try:
            reply = self._delivery.attempt(sent.body)
        except Exception as error:
            if not self.stopped:
                self._on_failure(sent, _as_failure(error))
            return
        self._metrics.succeeded()
        self.pending = None
        self._beat_clock.taken(sent.sent_at)
        if self._log.clear("publish"):
            self._log.info("heartbeats are delivered again")
        if reply is not None:
            if reply.status == "accepted":
                self._known.update((name, to_json(block)) for name, block in sent.blocks.items())
            self._replied(reply)
        if len(self.buffer) > 0 and self._replay_at is None:
            self._replay_at = self._clock.monotonic()

    def _replied(self, reply: HeartbeatReply) -> None:
        self.interval = bounded_interval(reply.next_heartbeat_seconds, self.interval, self._timings)
        if reply.report_full_state:
            self._known = {}
        if self._on_reply is None:
            return
        try:
            self._on_reply(reply)
        except Exception as error:
            self._log.warn("reply", f"on_reply() failed: {_message_of(error)}")

    def _on_failure(self, sent: _Beat, failure: PublishFailure) -> None:
        self._report(failure)
        # It may have arrived all the same: what the collector holds is no longer known.
        self._known = {}
        if failure.verdict == "final":
            if failure.problem_type == _CLOCK_AHEAD:
                self._beat_clock.restart()
            self._metrics.dropped(1)
            self.pending = None
            return
        self._hold(failure)
        sent.failures += 1
        wait = backoff(self._timings.retries, sent.failures, self._random())
        if wait is None:
            self._keep(sent)
            self.pending = None
        else:
            sent.retry_at = self._clock.monotonic() + wait

    def _hold(self, failure: PublishFailure) -> None:
        """Nothing but a goodbye is sent until then, whichever beat the answer was to."""
        asked = retry_after_ms(failure.retry_after, self._clock.now(), self.interval)
        if asked is not None:
            self._held_until = max(self._held_until, self._clock.monotonic() + asked)

    def _report(self, failure: PublishFailure) -> None:
        self._metrics.failed(failure.reason)
        after = "this heartbeat is dropped" if failure.verdict == "final" else "it is tried again"
        self._log.warn("publish", f"a heartbeat was not delivered ({failure.reason}): {failure}; {after}")

    def _keep(self, beat: _Beat) -> None:
        self._metrics.dropped(self.buffer.push(beat))

    def _replay(self) -> None:
        beat = self.buffer.newest()
        self._replay_at = None
        if beat is None:
            return
        try:
            self._delivery.attempt(beat.body)
        except Exception as error:
            if self.stopped:
                return
            failure = _as_failure(error)
            self._report(failure)
            # Of the rest, the next delivered beat starts the replay again.
            if failure.verdict == "retry":
                self._hold(failure)
                return
            self._metrics.dropped(1)
        else:
            self._metrics.succeeded()
        self.buffer.remove(beat)
        if len(self.buffer) > 0:
            self._replay_at = self._clock.monotonic() + self._timings.replay_spacing

    def goodbye(self, word: str, timeout_ms: float) -> Optional[PublishFailure]:
        """Says it in one attempt, if there was a beat to say it after. :returns: why it was not delivered"""
        if self._last_snapshot is None:
            return None
        try:
            body = self._serialize(self._last_snapshot, {}, self._beat_clock.next(), word).body
            self._delivery.attempt(body, timeout_ms)
        except Exception as error:
            return _as_failure(error)
        self._metrics.succeeded()
        return None

    def goodbye_failed(self, failure: PublishFailure) -> None:
        """Counts and tells it."""
        self._metrics.failed(failure.reason)
        self._metrics.dropped(1)
        self._log.warn("goodbye", f"the goodbye was not delivered ({failure.reason}): {failure}")


def _as_failure(error: BaseException) -> PublishFailure:
    return error if isinstance(error, PublishFailure) else PublishFailure("internal", _message_of(error))


class SnapshotRunner:
    """Calls the host's function in a thread of its own, so that one that hangs costs a beat and not the publisher."""

    def __init__(self, function: SnapshotFunction, timeout_ms: float) -> None:
        self._function, self._timeout_ms = function, timeout_ms
        self._hanging: Optional[threading.Event] = None

    def __call__(self) -> Mapping[str, Any]:
        if self._hanging is not None and not self._hanging.is_set():
            raise TimeoutError("the call before has not returned yet")
        done = threading.Event()
        outcome: Dict[str, Any] = {}

        def call() -> None:
            try:
                outcome["value"] = self._function()
            except BaseException as error:
                outcome["error"] = error
            finally:
                done.set()

        threading.Thread(target=call, name="openclaw-snapshot", daemon=True).start()
        if not done.wait(self._timeout_ms / 1000):
            self._hanging = done
            raise TimeoutError(f"it did not return within {_js(self._timeout_ms / 1000)} s")
        if "error" in outcome:
            raise RuntimeError(_message_of(outcome["error"])) from outcome["error"]
        return outcome["value"]  # type: ignore[no-any-return]


class Publisher:
    """Publishes a host's heartbeats from a daemon thread. No method raises, and none keeps the process alive.

    With bad settings, or none, it publishes nothing and says why in the log and in `disabled_reason`.

    :param settings: of `settings_from_env`
    :param snapshot: called for every beat, in a thread of its own, for at most 5 s. Returns a mapping of any of
        `hostname`, `version`, `capacity`, `queue_depth`, `tags`, `uptime_seconds`, `reported`, `capabilities`, `jobs`
    :param logger: takes whole sentences by `info` and `warning`. Default: the logger `openclaw`
    :param on_reply: called with each `HeartbeatReply`
    """

    def __init__(
        self,
        settings: Union[Settings, Disabled],
        snapshot: SnapshotFunction,
        *,
        logger: Any = None,
        on_reply: Optional[Callable[[HeartbeatReply], None]] = None,
        clock: Optional[Clock] = None,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self.disabled_reason: Optional[str] = None
        self._log = _QuietLog(logging.getLogger("openclaw") if logger is None else logger)
        self._metrics = Metrics()
        self._wake = threading.Condition()
        self._state = "new"
        self._poked = False
        self._goodbye: Optional[str] = None
        self._end = math.inf
        self._thread: Optional[threading.Thread] = None
        self._server: Optional[http.server.HTTPServer] = None
        self._engine: Optional[Engine] = None
        try:
            if not isinstance(settings, (Settings, Disabled)):
                settings = Disabled(
                    "Publisher() was called without settings; pass those of settings_from_env(os.environ)"
                )
            if isinstance(settings, Disabled):
                self._disable(settings)
                return
            clock = clock or Clock()
            transport = Transport(settings.host, settings.port, settings.server_pins)
            tokens: Any = (
                TokenFromFile(settings.token_file or "")
                if settings.token_mode == "file"
                else TokenMinted(transport, urllib.parse.urljoin(settings.path, "token"), clock)
            )
            store = CredentialStore(settings, self._log)
            watch = ExpiryWatch(settings, clock, self._log)
            self._delivery = Delivery(settings, store, tokens, transport, self._metrics, watch)
            runner = SnapshotRunner(snapshot, settings.durations.snapshot_timeout)
            self._engine = Engine(settings, runner, self._delivery, self._metrics, self._log, clock, random, on_reply)
        except Exception as error:
            self._disable(Disabled(f"the publisher cannot be made: {_message_of(error)}"))

    @classmethod
    def from_env(cls, snapshot: SnapshotFunction, env: Optional[Mapping[str, str]] = None, **more: Any) -> "Publisher":
        """A publisher by the OPENCLAW_* settings of the environment."""
        return cls(settings_from_env(os.environ if env is None else env), snapshot, **more)

    def _disable(self, disabled: Disabled) -> None:
        self.disabled_reason = disabled.reason
        message = f"publishing is off: {disabled.reason}"
        if disabled.by_choice:
            self._log.info(message)
        else:
            self._log.warn("settings", message)

    def start(self) -> None:
        """Sends the first beat at once and goes on until `stop`. Call it after a fork: no thread survives one."""
        with self._wake:
            if self._state != "new" or self._engine is None:
                return
            self._state = "running"
            try:
                self._thread = threading.Thread(target=self._run, name="openclaw-publisher", daemon=True)
                self._thread.start()
            except RuntimeError as error:
                self._thread = None
                self._disable(Disabled(f"no thread can be started: {_message_of(error)}"))

    def publish_soon(self, everything: bool = False) -> None:
        """Something changed: sends a beat early, as far as two beats an interval (burst 3) allow.

        :param everything: also the blocks that the collector has already
        """
        with self._wake:
            if self._engine is not None:
                self._engine.soon(everything)
                self._poked = True
                self._wake.notify_all()

    def publish_once(self) -> bool:
        """Sends one beat with its retries, in the calling thread. Not beside `start`.

        :returns: whether it was delivered
        """
        engine = self._engine
        with self._wake:
            if engine is None or self._state != "new":
                return False
            self._state = "running"
        try:
            engine.step()
            first = engine.pending
            while engine.pending is not None and engine.pending is first and self._state == "running":
                with self._wake:
                    self._wake.wait(engine.wait() / 1000)
                if self._state == "running":
                    engine.step()
        finally:
            self._state = "stopped"
            self._delivery.close()
        return self._metrics.success > 0

    def stop(self, goodbye: Optional[str] = None, deadline: float = 2.0) -> None:
        """Stops. With `goodbye`, `restart` or `shutdown`, tells the collector first, in one attempt.

        :param deadline: seconds that this call takes at most
        """
        with self._wake:
            if self._state != "running":
                self._state = "stopped"
                return
            self._state = "stopped"
            self._end = time.monotonic() + deadline
            self._goodbye = goodbye if goodbye in ("restart", "shutdown") else None
            if self._engine is not None:
                self._engine.stopped = True
                self._delivery.interrupt()
            self._wake.notify_all()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(deadline)
        if thread.is_alive() and self._engine is not None:
            with self._wake:
                late, self._goodbye = self._goodbye is not None, None
            if late:
                self._engine.goodbye_failed(PublishFailure("timeout", f"no answer within {_js(deadline)} s"))

    def __enter__(self) -> "Publisher":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("shutdown")

    def _run(self) -> None:
        engine = self._engine
        assert engine is not None
        while True:
            with self._wake:
                if self._state != "running":
                    break
                wait = engine.wait()
                if wait > 0 and not self._poked:
                    self._wake.wait(wait / 1000)
                self._poked = False
                if self._state != "running":
                    break
            if engine.wait() <= 0:
                engine.step()
        try:
            self._delivery.close()
            word, left = self._goodbye, self._end - time.monotonic()
            if word is None:
                return
            late = PublishFailure("timeout", "there was no time left to say it")
            failure = engine.goodbye(word, left * 1000) if left > 0 else late
            with self._wake:
                # None by now: `stop` gave up on it, and has told so.
                if failure is not None and self._goodbye is not None:
                    engine.goodbye_failed(failure)
                self._goodbye = None
        finally:
            self._delivery.close()

    def metrics(self) -> str:
        """Prometheus text format 0.0.4, to append to the host's own."""
        return self._metrics.render(self._buffered())

    def stats(self) -> Dict[str, Any]:
        """The same counters as numbers."""
        return {
            "success": self._metrics.success,
            "failures": dict(self._metrics.failures),
            "dropped": self._metrics.dropped_total,
            "buffered": self._buffered(),
            "interval_seconds": self._engine.interval / 1000 if self._engine is not None else 0,
        }

    def _buffered(self) -> int:
        return len(self._engine.buffer) if self._engine is not None else 0

    def serve_metrics(self, port: int) -> Optional[int]:
        """Answers `GET /metrics` on that port of 127.0.0.1, 0 for any, from daemon threads.

        :returns: the port; None when it cannot be had, which is logged
        """
        try:
            self._server = _MetricsServer(("127.0.0.1", port), _handler_of(self))
            threading.Thread(target=self._server.serve_forever, name="openclaw-metrics", daemon=True).start()
        except (OSError, OverflowError, RuntimeError) as error:
            self._log.warn("metrics", f"metrics cannot be shown on port {port} of 127.0.0.1: {_message_of(error)}")
            return None
        return int(self._server.server_address[1])


class _MetricsServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asks may go away."""


def _handler_of(publisher: Publisher) -> type:
    class Handler(http.server.BaseHTTPRequestHandler):
        """Shows the metrics and nothing else."""

        timeout = 5

        def do_GET(self) -> None:
            if self.path.split("?")[0] != "/metrics":
                self.send_error(404, "There is /metrics alone")
                return
            body = publisher.metrics().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Scrapes are not news."""

    return Handler


_HELP = """\
Publishes heartbeats of this node to an OpenClaw Fleet collector until it is stopped; SIGTERM and Ctrl-C say goodbye.
The settings are the OPENCLAW_* ones of node.env, which `openclaw-fleet enroll` writes; tools/README.md has them all.
"""
_EPILOG = """\
the snapshot file:
  A JSON object, read again for every heartbeat, with any of hostname, version, capacity, queue_depth, tags,
  uptime_seconds, reported, capabilities and jobs, such as
    {"version": "1.2.0", "capacity": {"workers": 24, "available_slots": 5}, "queue_depth": {"worker": 120}}
  Without one, hostname, version and tags come from the settings, and uptime_seconds counts from this command's start.

what it does not do:
  It does not sign: the token is read from OPENCLAW_TOKEN_FILE, or else minted by the collector over mutual TLS. A node
  of which the collector demands signed payloads (OPENCLAW_SIGN_PAYLOAD=true) needs the TypeScript client.
  It does not renew the node's certificate, since Python's standard library makes no keys: it warns once a day from a
  third of the certificate's life before its end. Have `openclaw-fleet rotate <node>` make new files and put them in
  place; they are read without a restart.

exit status:
  0 stopped, switched off on purpose, or with --once delivered; 1 with --once not delivered; 2 a setting is wrong.
"""


def _file_snapshot(path: str) -> SnapshotFunction:
    def snapshot() -> Mapping[str, Any]:
        text, _ = read_file(path, "--snapshot")
        try:
            parsed = json.loads(text)
        except ValueError as error:
            raise ValueError(f"--snapshot: {path} is not JSON: {error}") from error
        if not isinstance(parsed, dict):
            raise ValueError(f"--snapshot: {path} must hold a JSON object")
        return parsed

    return snapshot


def read_env_file(path: str) -> Dict[str, str]:
    """The variables of a file of NAME=value lines, as systemd's EnvironmentFile and `node --env-file` read it."""
    variables: Dict[str, str] = {}
    for line in read_file(path, "--env-file")[0].splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            variables[name.strip()] = value[1:-1] if quoted else value
    return variables


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command. :returns: its exit status"""
    parser = argparse.ArgumentParser(
        prog="openclaw_client.py",
        description=_HELP,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--env-file", metavar="FILE", help="read settings from a node.env; the environment comes first")
    parser.add_argument("--snapshot", metavar="FILE", help="what to say of this node, as JSON (see below)")
    parser.add_argument("--once", action="store_true", help="send one heartbeat, with its retries, and end")
    parser.add_argument(
        "--metrics-port",
        type=int,
        metavar="PORT",
        help="show metrics at http://127.0.0.1:PORT/metrics; 0: any free port",
    )
    parser.add_argument("--quiet", action="store_true", help="log warnings alone")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING if options.quiet else logging.INFO,
        format="openclaw-client: %(levelname)s %(message)s",
        stream=sys.stderr,
        force=True,
    )
    log = logging.getLogger("openclaw")
    try:
        env = {**(read_env_file(options.env_file) if options.env_file else {}), **os.environ}
    except ValueError as error:
        log.error("%s", error)
        return 2
    settings = settings_from_env(env)
    began = time.monotonic()

    def default() -> Mapping[str, Any]:
        return {"uptime_seconds": math.floor(time.monotonic() - began)}

    publisher = Publisher(settings, _file_snapshot(options.snapshot) if options.snapshot else default)
    if isinstance(settings, Disabled):
        return 0 if settings.by_choice else 2
    if options.once:
        try:
            delivered = publisher.publish_once()
        except KeyboardInterrupt:
            delivered = False
        log.info("the heartbeat was %s", "delivered" if delivered else "not delivered")
        return 0 if delivered else 1
    return _serve(publisher, options.metrics_port, log)


def _serve(publisher: Publisher, metrics_port: Optional[int], log: logging.Logger) -> int:
    # Not an Event: a handler that sets one may meet its lock held by the very thread that it interrupts.
    ended, end = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(end, b"."))
    if metrics_port is not None:
        port = publisher.serve_metrics(metrics_port)
        if port is None:
            return 2
        log.info("metrics are at http://127.0.0.1:%d/metrics", port)
    publisher.start()
    os.read(ended, 1)
    publisher.stop("shutdown")
    return 0


if __name__ == "__main__":
    sys.exit(main())
