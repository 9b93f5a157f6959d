"""Hooks of schemathesis: most requests name what is there, and its version, so that they reach what they would change."""

import itertools
import os
import re
import urllib.error
import urllib.request

import schemathesis

VERSION = re.compile(r'^"\d+"$')
POLICY = re.compile(r"^/fleet/(?:approver/)?policies/([\w-]+)")
TARGET = re.compile(r"^/fleet/(?:approver/)?targets/([\w.-]+)")
calls = itertools.count()


def resource_of(path):
    if match := POLICY.match(path):
        return f"/fleet/policies/{match[1]}"
    if match := TARGET.match(path):
        return f"/fleet/targets/{match[1]}/desired-state"
    return None


@schemathesis.hook
def before_call(context, case, kwargs):
    parameters = case.path_parameters or {}
    # Mostly what is there; and one that may be retired, so that the others stay.
    for name, known in (("runId", "FUZZ_RUN"), ("batchId", "FUZZ_BATCH")):
        if name in parameters and next(calls) % 4 != 0:
            parameters[name] = os.environ[known]
    if case.path.endswith(("/retire", "/reinstate")) and parameters.get("targetId") in ("n1", "n2"):
        parameters["targetId"] = "n3"
    headers = case.headers or {}
    resource = resource_of(case.formatted_path)
    if resource is None or not VERSION.match(str(headers.get("If-Match", ""))) or next(calls) % 4 == 0:
        return
    request = urllib.request.Request(
        os.environ["FUZZ_ORIGIN"] + resource, headers={"Authorization": f"Bearer {os.environ['FUZZ_TOKEN']}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            case.headers["If-Match"] = answer.headers["ETag"]
    except urllib.error.HTTPError:
        pass
