"""Load by h2load at a given rate, whatever the answers take: what a proxy adds where the machine is not full."""

import subprocess
import sys


class PacedLoad:
    """The requests of one shape with one key, over connections that are made a millisecond apart and then take turns."""

    def __init__(self, stack, shape, key, connections=None):
        self.shape = shape
        self.connections = connections or shape.connections
        self.body = stack.folder / f"{shape.name}.body"
        self.body.write_bytes(shape.body)
        self.log = stack.folder / "h2load.log"
        self.fields = shape.fields | {"x-api-key": key}

    def run(self, url, rate, seconds):
        """Microseconds to the end of the answer, the median and the 99th percentile."""
        self.log.unlink(missing_ok=True)
        command = ["h2load", "--h1", "-t1", f"-c{self.connections}", "-r1", "--rate-period=1ms",
                   f"--rps={rate / self.connections}", f"-n{rate * seconds}", f"--log-file={self.log}", "-d", str(self.body)]
        for name, value in self.fields.items():
            command += ["-H", f"{name}: {value}"]
        out = subprocess.run([*command, f"{url}/v1/messages?answer={self.shape.answer}"],
                             capture_output=True, text=True, check=True).stdout
        # h2load(1): the time it began, the status, the microseconds it took.
        requests = [line.split() for line in self.log.read_text().splitlines()]
        times = sorted(int(took) for _, status, took in requests if status == "200")
        if len(times) != rate * seconds:
            sys.exit(f"the load failed:\n{out}")
        return {"p50_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100]}
