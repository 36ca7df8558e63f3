"""Load by wrk: a closed loop over a fixed number of connections."""

import json
import subprocess
import sys

SCRIPT = """
wrk.method = "POST"
wrk.headers = {headers}
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{{"requests":%d,"seconds":%f,"p50_us":%d,"p99_us":%d,"failed":%d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def lua_table(fields):
    return "{" + ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in fields.items()) + "}"


class Load:
    """The requests of one shape with one key."""

    def __init__(self, stack, shape, key):
        body = stack.folder / f"{shape.name}.body"
        body.write_bytes(shape.body)
        fields = shape.fields | {"x-api-key": key}
        self.script = stack.write(f"{shape.name}.lua", SCRIPT.format(headers=lua_table(fields), body=body))
        self.path = f"/v1/messages?answer={shape.answer}"

    def run(self, url, connections, seconds):
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", self.script,
                   url + self.path]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        result = json.loads(out.strip().splitlines()[-1])
        if result["failed"] or not result["requests"]:
            sys.exit(f"the load failed:\n{out}")
        result["rate"] = result["requests"] / result["seconds"]
        return result
