"""What goes wrong in a scenario, each fault chosen by its seed and told as it happens."""

import asyncio
import os
import random
import signal

from clients import Load
from stack import Stack, eventually

KILL_MANNERS = ("before", "after", "in the middle of")


class Chaos:
    """One run of one scenario: its choices, its stack, its clients."""

    kills = 0  # Over all scenarios.

    def __init__(self, name, seed, tools):
        self.name, self.seed, self.tools = name, seed, tools
        self.rng = random.Random(f"{seed}/{name}")
        self.stack = None
        self.loads = []
        self.notes = {}  # Told with the verdict.
        self.at_end = []

    def note(self, text):
        print(f"    {text}", flush=True)

    def make_stack(self, bus=None):
        self.stack = Stack(self.tools["binaries"], self.tools["shim"], bus)
        return self.stack

    def load(self, **options):
        load = Load(self.stack, f"{self.seed}/{self.name}/{len(self.loads)}", **options)
        self.loads.append(load)
        return load.start()

    @property
    def attempts(self):
        return [attempt for load in self.loads for attempt in load.attempts]

    def arm_all(self):
        """From their next start on, programs can be killed at a system call of their own."""
        if self.stack.shim:
            for proxy in self.stack.proxies.values():
                self.stack.watch(proxy, proxy.state)
            self.stack.watch(self.stack.analytics, os.path.dirname(self.stack.database))

    async def kill(self, program):
        """SIGKILL, at a random moment or at a random one of the program's file operations."""
        if program.control and self.rng.random() < 0.5:
            await self.kill_at_call(program, self.rng.randrange(1, 80))
            return
        delay_s = self.rng.uniform(0, 0.05)
        await asyncio.sleep(delay_s)
        self.note(f"SIGKILL {program.name} after {delay_s * 1000:.1f} ms")
        Chaos.kills += 1
        await program.end()

    async def kill_at_call(self, program, operations):
        manner = self.rng.randrange(3)
        self.note(f"SIGKILL {program.name} {KILL_MANNERS[manner]} its file operation {operations} from now")
        program.control.kill_after(operations, manner)
        try:
            await asyncio.wait_for(program.ended(), 3)
        except TimeoutError:
            self.note("it made too few; killed now")
            await program.end()
        Chaos.kills += 1
        program.control.kill_after(0, 0)

    async def restart(self, program):
        """Starts it, sometimes only to kill it while it still recovers."""
        while program.control and self.rng.random() < 0.25:
            operations, manner = self.rng.randrange(1, 16), self.rng.randrange(3)
            program.control.kill_after(operations, manner)
            program.launch()
            try:
                await asyncio.wait_for(program.ended(), 0.5)
                self.note(f"SIGKILL {program.name} while it started, {KILL_MANNERS[manner]} its file operation "
                          f"{operations}")
            except TimeoutError:
                self.note(f"SIGKILL {program.name} just after it started")
                await program.end()
            program.control.kill_after(0, 0)
            Chaos.kills += 1
        start = len(self.stack.analytics.log())
        await program.start()
        # Else it is killed before the two have found each other again.
        waits = self.rng.random() < 0.7
        if waits and all(program.running for program in self.stack.programs()):
            await self.until_logged(self.stack.analytics, "sends from", start)

    async def freeze(self, program, seconds):
        self.note(f"SIGSTOP {program.name} for {seconds:.1f} s")
        program.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        program.process.send_signal(signal.SIGCONT)
        self.note(f"SIGCONT {program.name}")

    def fill(self, folder):
        """Takes all room of the disk at `folder`, to the last block."""
        size = 0
        with open(os.path.join(folder, "filler"), "ab", buffering=0) as file:
            for block in (1 << 16, 4096, 512):
                try:
                    while True:
                        size += file.write(bytes(block))
                except OSError:
                    pass
        self.note(f"disk full: {size} bytes of filler in {os.path.basename(folder)}")

    def free(self, folder):
        os.unlink(os.path.join(folder, "filler"))
        self.note(f"room again in {os.path.basename(folder)}")

    async def until_logged(self, program, text, start=0):
        await eventually(f"{program.name} logs «{text}»", lambda: text in program.log()[start:])
