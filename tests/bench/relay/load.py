"""Load by wrk: a closed loop over a fixed number of connections. Where a shape has turns, each connection's requests
are the turns of a session, one after the other, and then those of the next session."""

import json
import subprocess
import sys

from .shapes import SESSION_FIELD

SCRIPT = r"""
wrk.method = "POST"
wrk.headers = {headers}
local bodies = {{}}
for n, path in ipairs({{{bodies}}}) do
  local file = io.open(path, "rb")
  bodies[n] = file:read("*a")
  file:close()
end
wrk.body = bodies[1]
if #bodies > 1 then
  -- All but the session is written beforehand, since what the load takes the proxies lack.
  math.randomseed(os.time())
  local run, slot, turns, sessions, line, heads, rests = math.random(2^31), 0, {{}}, 0, "", {{}}, {{}}
  function init()
    for n, body in ipairs(bodies) do
      line, rests[n] = wrk.format(nil, nil, nil, body):match("^(.-\r\n)(.*)$")
    end
  end
  function request()
    slot = slot % {connections} + 1
    turns[slot] = (turns[slot] or #rests) % #rests + 1
    if turns[slot] == 1 then
      sessions = sessions + 1
      heads[slot] = string.format("%s{session_field}: %08x-0000-4000-8000-%012x\r\n", line, run, sessions)
    end
    return heads[slot] .. rests[turns[slot]]
  end
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{{"requests":%d,"seconds":%f,"p50_us":%d,"p99_us":%d,"failed":%d}}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def lua_table(fields):
    return "{" + ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in fields.items()) + "}"


class Load:
    """The requests of one shape with one key."""

    def __init__(self, stack, shape, key):
        self.bodies = []
        for number, body in enumerate(shape.turns or (shape.body,)):
            self.bodies.append(stack.folder / f"{shape.name}.{number}.body")
            self.bodies[-1].write_bytes(body)
        fields = shape.fields | {"x-api-key": key}
        if shape.turns:
            fields.pop(SESSION_FIELD)
        bodies = ", ".join(f'"{body}"' for body in self.bodies)
        self.script = stack.write(f"{shape.name}.lua", SCRIPT.format(
            headers=lua_table(fields), bodies=bodies, connections=shape.connections, session_field=SESSION_FIELD))
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
