"""Everything that takes part: the upstream, nginx, ccproxy with analyticsd, and the keys."""

import concurrent.futures
import os
import time

from parts.processes import free_port
from parts.stack import Stack

from . import shapes
from .load import Load
from .nginx import start_nginx
from .open_streams import raise_descriptor_limit
from .paced import PacedLoad

WAYS = ("direct", "nginx", "ccproxy")
# analyticsd stops giving way when an event has waited for five.
SECONDS_UNTIL_LATE = 8
PROCESS = {"nginx": "nginx", "ccproxy": "ccproxy"}


class World(Stack):
    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.files = raise_descriptor_limit()
        self.loads = {}

    def start_all(self):
        self.start_recorded()
        self.urls["nginx"] = start_nginx(self, free_port(), self.upstream, self.files)

    def start_recorded(self):
        """All but nginx."""
        answers = [f"{name}={self.write_answer(name, pieces)}" for name, pieces in shapes.answers().items()]
        self.upstream = self.start("upstream", [self.build / "tests/bench/relay_upstream", *answers],
                                   r"listening on (http://\S+)")[1]
        self.urls = {"direct": self.upstream}
        self.start_analyticsd()
        self.start_recording(workers=1)
        self.keys = {kept: self.make_key("bench", kept) for kept in (False, True)}
        self.wait_until_known()

    def write_answer(self, name, pieces):
        path = self.folder / f"{name}.answer"
        path.write_bytes(b"".join(b"%d %d\n%s" % (delay, len(piece), piece) for delay, piece in pieces))
        return path

    def start_recording(self, workers):
        self.start_proxy(workers, retain="0s")
        self.urls["ccproxy"] = self.proxy
        self.wait_until_known()

    @staticmethod
    def let_settle():
        """Nothing is left of what went before: neither pages to be written, nor the second after a call of its API in
        which analyticsd gives way to nobody."""
        os.sync()
        time.sleep(1.5)

    def paced_load(self, way, shape, rate, seconds):
        load = PacedLoad(self, shape, self.keys[shape.keeps_conversations])
        result = load.run(self.urls[way], rate, seconds)
        if way == "ccproxy":
            self.wait_until_drained()
        return result

    def paced_cost(self, way, shape, rate, connections, seconds):
        """CPU microseconds a request at a rate, over connections that take turns. A short load costs as much as a long one
        to make them, so the difference of the two leaves that out."""
        load = PacedLoad(self, shape, self.keys[shape.keeps_conversations], connections)
        costs = []
        for length in (seconds, 3 * seconds):
            before = self.cpu_seconds(PROCESS[way])
            load.run(self.urls[way], rate, length)
            self.wait_until_drained()
            costs.append(self.cpu_seconds(PROCESS[way]) - before)
        return (costs[1] - costs[0]) / (2 * seconds * rate) * 1e6

    def load(self, way, shape, seconds, connections=None):
        """Runs one load. CPU is that of the proxy from the first request until its last event has been acknowledged,
        in microseconds a request."""
        process = PROCESS.get(way)
        before = self.cpu_seconds(process) if process else 0
        result = self.load_of(shape).run(self.urls[way], connections or shape.connections, seconds)
        if way == "ccproxy" and "analyticsd" in self.running:
            self.wait_until_drained()
        if process:
            result["cpu_us"] = (self.cpu_seconds(process) - before) / result["requests"] * 1e6
        return result

    def late_load(self, shape, seconds):
        """The end of a load of ccproxy that has gone on for so long that events are late, when analyticsd gives way to
        nobody. CPU is that of the whole load."""
        load = self.load_of(shape)
        before = self.cpu_seconds(PROCESS["ccproxy"])
        earlier = load.run(self.urls["ccproxy"], shape.connections, SECONDS_UNTIL_LATE)
        result = load.run(self.urls["ccproxy"], shape.connections, seconds)
        self.wait_until_drained()
        requests = earlier["requests"] + result["requests"]
        result["cpu_us"] = (self.cpu_seconds(PROCESS["ccproxy"]) - before) / requests * 1e6
        return result

    def load_both(self, shape, seconds):
        """Both proxies at the same time, each with half of the connections: what else the machine and its host do falls
        on both at any moment. CPU as of load()."""
        load = self.load_of(shape)
        before = {way: self.cpu_seconds(name) for way, name in PROCESS.items()}
        with concurrent.futures.ThreadPoolExecutor(len(PROCESS)) as pool:
            running = {way: pool.submit(load.run, self.urls[way], shape.connections // 2, seconds) for way in PROCESS}
            results = {way: future.result() for way, future in running.items()}
        self.wait_until_drained()
        for way, result in results.items():
            result["cpu_us"] = (self.cpu_seconds(PROCESS[way]) - before[way]) / result["requests"] * 1e6
        return results

    def load_of(self, shape):
        if shape.name not in self.loads:
            self.loads[shape.name] = Load(self, shape, self.keys[shape.keeps_conversations])
        return self.loads[shape.name]
