"""A stack of real processes in a folder of its own: the upstream simulator, proxies, analyticsd."""

import asyncio
import ctypes
import http.client
import json
import mmap
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

DEADLINE_S = 90.0
ADMIN_KEY = "chaos-admin-key-0123456789"
HERE = os.path.dirname(os.path.abspath(__file__))
BINARIES = {"ccproxy": "proxy/ccproxy", "analyticsd": "analytics/analyticsd",
            "upstream_sim": "tests/support/upstream_sim"}


class Skip(Exception):
    """The scenario cannot run here; says why."""


async def eventually(what, probe, deadline_s=DEADLINE_S, pause_s=0.02):
    """Awaits that `probe` gives something truthy and returns it. The last failure tells what was missing."""
    end = asyncio.get_running_loop().time() + deadline_s
    last = None
    while True:
        try:
            found = probe()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
        except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
            last = error
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError(f"never came true: {what} ({last})")
        await asyncio.sleep(pause_s)


def free_port():
    """Below the ports that the kernel gives to outgoing connections, so that it stays free between two starts."""
    while True:
        port = random.SystemRandom().randrange(15000, 31000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def die_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Control:
    """What the preloaded shim is told while its program runs; see struct control in shim.c."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(64))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 64)

    def step_clock(self, seconds):
        self.map[0:8] = struct.pack("<q", seconds)

    def kill_after(self, operations, manner):
        self.map[16:24] = struct.pack("<q", manner)
        self.map[8:16] = struct.pack("<q", operations)


class Program:
    """One program over its restarts. `env` and `args` may be changed between them."""

    def __init__(self, name, args, folder, ready):
        self.name, self.args, self.ready = name, args, ready
        self.log_path = os.path.join(folder, f"{name}.log")
        self.env = {}
        self.control = None
        self.process = None
        self.expects_refusal = False

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def log(self, start=0):
        try:
            with open(self.log_path, "rb") as file:
                file.seek(start)
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def launch(self):
        """Starts it and returns where its new log begins."""
        start = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.env},
                preexec_fn=die_with_parent)
        return start

    async def start(self):
        """Starts it and awaits that it says it is ready; returns the match."""
        start = self.launch()

        def probe():
            match = re.search(self.ready, self.log(start))
            if not match and not self.running:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode} instead of starting:\n"
                                   f"{self.log(start)[-2000:]}")
            return match
        return await eventually(f"{self.name} is ready", probe)

    async def end(self, signal_number=signal.SIGKILL):
        """Sends the signal and awaits the end; returns the exit code."""
        if self.running:
            self.process.send_signal(signal_number)
            if signal_number != signal.SIGKILL:
                await eventually(f"{self.name} ends", lambda: not self.running)
        return await self.ended()

    async def ended(self):
        while self.process.poll() is None:
            await asyncio.sleep(0.002)
        return self.process.returncode


class Stack:
    """Start with start(); stop() ends all. Paths are short, since that of a UNIX socket must be."""

    def __init__(self, binaries, shim, bus=None):
        self.binaries, self.shim = binaries, shim
        self.dir = tempfile.mkdtemp(prefix="chaos-")
        self.bus = bus or {"events": f"ipc://{self.dir}/e.sock", "control": f"ipc://{self.dir}/c.sock"}
        self.proxy_bus = self.bus
        self.database = os.path.join(self.dir, "db", "ccproxy.db")
        os.mkdir(os.path.dirname(self.database), 0o700)
        self.proxies = {}
        self.sim = self.analytics = None
        self.mounts = []
        self.token = None
        self.ledger_path = os.path.join(self.dir, "ledger.jsonl")
        self.admin_key_file = self.write("admin.key", ADMIN_KEY)
        self.account_key_file = self.write("account.key", "sk-ant-chaos-account-0123456789")

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def watch(self, program, root, sent=None):
        """From its next start on the program runs with the shim, which logs what it does under `root`."""
        if self.shim is None:
            raise Skip("needs a C compiler for the shim")
        program.control = program.control or Control(os.path.join(self.dir, f"{program.name}.ctl"))
        program.oplog = os.path.join(self.dir, f"{program.name}.ops")
        program.env = {"LD_PRELOAD": self.shim, "CHAOS_CONTROL": program.control.path, "CHAOS_ROOT": root}
        if sent:
            program.env.update(CHAOS_LOG=program.oplog, CHAOS_SENT=sent)

    async def start_sim(self):
        self.sim = Program("sim", [self.binaries["upstream_sim"], "--ledger", self.ledger_path],
                           self.dir, r"listening on (http://\S+)")
        self.sim_url = (await self.sim.start())[1]

    def add_analytics(self, logging=None):
        self.api_port = free_port()
        config = {"server": {"listen": f"127.0.0.1:{self.api_port}", "threads": 2},
                  "admin": {"key_file": self.admin_key_file}, "database": {"path": self.database},
                  "bus": self.bus, "logging": {"flush_interval": "20ms", **(logging or {})}}
        path = self.write("analyticsd.yaml", json.dumps(config))
        self.analytics = Program("analyticsd", [self.binaries["analyticsd"], "--config", path],
                                 self.dir, r"serves its API on")

    def add_proxy(self, name, journal=None, state=None):
        port = free_port()
        state = state or os.path.join(self.dir, name)
        os.makedirs(state, 0o700, exist_ok=True)
        config = {"listen": f"127.0.0.1:{port}", "name": name, "state_dir": state, "workers": 2,
                  "admin": {"listen": ""}, "accounts": [{"id": "acc-1", "base_url": self.sim_url, "api_key_file": self.account_key_file}],
                  "journal": {"sync_interval": "20ms", **(journal or {})}, "bus": self.proxy_bus,
                  "shutdown_grace": "10s"}
        path = self.write(f"{name}.yaml", json.dumps(config))
        proxy = Program(name, [self.binaries["ccproxy"], "--config", path], self.dir, r"listening on")
        proxy.port, proxy.state = port, state
        self.proxies[name] = proxy
        return proxy

    async def start(self, proxies=("p1",), journal=None, logging=None):
        """The usual stack: everything runs and the proxies know the clients' key."""
        await self.start_sim()
        self.add_analytics(logging)
        for name in proxies:
            self.add_proxy(name, journal)
        return self

    async def up(self):
        if not self.analytics.running:
            await self.analytics.start()
        if self.token is None:
            self.token = (await self.api("POST", "/api/token/generate", {"name": "chaos"}))["token"]
        for proxy in self.proxies.values():
            if not proxy.running:
                await proxy.start()
            await self.until_ready(proxy)

    async def until_ready(self, proxy):
        await eventually(f"{proxy.name} knows its keys",
                         lambda: self.get(proxy.port, "/v1/models", {"x-api-key": self.token})[0] == 200)

    @staticmethod
    def get(port, path, headers=None, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    async def api(self, method, path, body=None):
        headers = {"x-admin-key": ADMIN_KEY}
        status, text = await asyncio.to_thread(
            self.get, self.api_port, path, headers, method, None if body is None else json.dumps(body))
        if status != 200:
            raise ValueError(f"{method} {path}: {status} {text[:300]!r}")
        return json.loads(text)

    async def status(self):
        return await self.api("GET", "/api/system/status")

    async def metric(self, proxy, name):
        _, text = await asyncio.to_thread(self.get, proxy.port, "/metrics")
        return int(float(re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", text.decode(), re.M)[1]))

    def mount(self, path, size):
        """A small disk of its own at `path`; needs root."""
        os.makedirs(path, 0o700, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "chaos", path],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
        self.mounts.append(path)

    def programs(self):
        return [program for program in (self.sim, self.analytics, *self.proxies.values()) if program]

    async def stop(self, keep):
        for program in self.programs():
            if program.process:
                if program.running:
                    program.process.send_signal(signal.SIGCONT)
                await program.end()
        for path in self.mounts:
            if keep:
                shutil.copytree(path, f"{path}.kept", dirs_exist_ok=True)
            subprocess.run(["umount", path], check=False)
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)
