#!/usr/bin/env python3
"""Checks the rules of the tree that no compiler checks: which way includes go, who may include which library, and
what a pure unit stays away from. Prints each breach and exits with 1 if there is one."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A folder may include what stands behind it.
ALLOWED = {
    "common": {"common"},
    "proto": {"proto", "common"},
    "proxy": {"proxy", "proto", "common"},
    "analytics": {"analytics", "proto", "common"},
}

# A library, and the only places that may include it.
LIBRARIES = [
    (r"zmq", r"(proxy|analytics|common)/bus/"),
    (r"SQLiteCpp|sqlite3", r"analytics/store/sqlite/"),
    (r"zstd", r"analytics/store/sqlite/"),
    (r"xxhash", r"proxy/tap/"),
    (r"rapidjson/", r"common/json\.hpp$|tests/support/upstream_sim/json\.hpp$"),
    (r"boost/beast", r"common/http/|common/asio_impl\.cpp$|proxy/http/|tests/support/"),
]

# Units that take bytes and values only.
PURE = (r"^(proxy/(http|json|openai|tap|web)/|proxy/accounts/(breaker|chooser|rate_limits)\.|proto/|"
        r"analytics/(conversations|pricing|search|stats|time)/)")
IMPURE = r"boost/asio/(?!buffer)|sys/socket|^thread$|^mutex$|^chrono$|zmq|SQLiteCpp|sqlite3|common/clock"

BANNED = [
    (r"\b(strcpy|strcat|sprintf|gets|atoi|system)\s*\(", "an unsafe call"),
    (r"\busing namespace std;", "using namespace std"),
]


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.cpp", "*.hpp"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return sorted(path for path in listed if (ROOT / path).is_file())


def check(path, text):
    top = path.split("/")[0]
    if path.endswith(".hpp") and "#pragma once" not in text:
        yield "has no #pragma once"
    for include in re.findall(r'^\s*#include\s+[<"]([^>"]+)[>"]', text, re.M):
        owner = include.split("/")[0]
        if top in ALLOWED and owner in set(ALLOWED) | {"tests"} and owner not in ALLOWED[top]:
            yield f"includes {include}, against the direction of includes"
        for library, places in LIBRARIES:
            if re.match(library, include) and not path.startswith("tests/") and not re.match(places, path):
                yield f"includes {include}, which belongs elsewhere"
        if re.match(PURE, path) and re.search(IMPURE, include):
            yield f"is pure, but includes {include}"
    for pattern, what in BANNED:
        if re.search(pattern, text):
            yield f"uses {what}: {pattern}"


def main():
    files = tracked()
    if not files:
        sys.exit("no sources found")
    breaches = [f"{path} {what}" for path in files
                for what in check(path, (ROOT / path).read_text(encoding="utf-8"))]
    print("\n".join(breaches) if breaches else f"{len(files)} files keep the rules")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
