"""Clients of the proxies that note what they saw: the first of the two ledgers that rows are checked against."""

import asyncio
import dataclasses
import json
import random

MODEL = "claude-sonnet-4-20250514"
COUNTS = ("input_tokens", "cache_creation_5m_tokens", "cache_creation_1h_tokens", "cache_read_tokens",
          "output_tokens")
# What a request asks of the upstream, and how often. `whole` and `stream` come to their end; `error` is an answer
# with an error; `cut` breaks off at the upstream; `leave` is a client that goes away in mid-stream.
MIX = {"whole": 45, "stream": 40, "error": 5, "cut": 5, "leave": 5}
ONLY_COMPLETE = {"whole": 50, "stream": 50}
HUNG_S = 120


class Broken(Exception):
    """The answer did not come to its end."""


@dataclasses.dataclass
class Attempt:
    """One request that was sent, and what its client saw of the answer."""

    session: str
    kind: str
    proxy: str
    status: int = 0  # 0: no head came.
    id: str = ""  # x-ccproxy-request-id
    complete: bool = False
    usage: dict = dataclasses.field(default_factory=dict)
    why: str = ""


def usage_counts(usage):
    """The API's usage object as the five counts."""
    split = usage.get("cache_creation") or {}
    return {"input_tokens": usage.get("input_tokens") or 0,
            "cache_creation_5m_tokens": split.get("ephemeral_5m_input_tokens") or 0,
            "cache_creation_1h_tokens": split.get("ephemeral_1h_input_tokens") or 0,
            "cache_read_tokens": usage.get("cache_read_input_tokens") or 0,
            "output_tokens": usage.get("output_tokens") or 0}


def request_bytes(attempt, key, steering, padding):
    steer = "; ".join(f"{name}={value}" for name, value in steering.items())
    body = {"model": MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": f"Hi [[sim {steer}]]"}]}
    if attempt.kind in ("stream", "cut", "leave"):
        body["stream"] = True
    body = json.dumps(body)
    agent = f"x-claude-code-agent-id: {padding}\r\n" if padding else ""
    return (f"POST /v1/messages HTTP/1.1\r\nhost: chaos\r\nx-api-key: {key}\r\nanthropic-version: 2023-06-01\r\n"
            f"content-type: application/json\r\nx-claude-code-session-id: {attempt.session}\r\n{agent}"
            f"content-length: {len(body)}\r\n\r\n{body}").encode()


class Load:
    """Some clients that send one request after another until stop(). The seed fixes what each of them asks for."""

    sessions = 0

    def __init__(self, stack, seed, mix=None, clients=8, pause_ms=12, padding="", proxies=None):
        self.stack, self.seed, self.mix = stack, seed, mix or MIX
        self.clients, self.pause_ms, self.padding = clients, pause_ms, padding
        self.proxies = proxies
        self.attempts = []
        self.completed = 0
        self.starts = 0
        self.stopping = False
        self.progressed = asyncio.Event()
        self.tasks = []

    def start(self):
        self.stopping = False
        self.starts += 1
        self.tasks = [asyncio.create_task(self.run(i)) for i in range(self.clients)]
        return self

    async def progress(self, count, deadline_s=90):
        """Awaits that `count` more answers have come whole."""
        goal = self.completed + count
        async with asyncio.timeout(deadline_s):
            while self.completed < goal:
                for task in self.tasks:
                    if task.done():
                        task.result()
                self.progressed.clear()
                try:
                    await asyncio.wait_for(self.progressed.wait(), 1)
                except TimeoutError:
                    pass

    async def stop(self):
        """Lets the requests under way end."""
        self.stopping = True
        await asyncio.gather(*self.tasks)
        self.tasks = []

    def target(self, rng):
        names = sorted(self.proxies or self.stack.proxies)
        return self.stack.proxies[rng.choice(names)]

    async def run(self, number):
        rng = random.Random(f"{self.seed}/{number}/{self.starts}")
        streams = None
        while not self.stopping:
            if streams is None:
                proxy = self.target(rng)
                try:
                    streams = await asyncio.open_connection("127.0.0.1", proxy.port, limit=1 << 20)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
            attempt = self.make_attempt(rng, proxy)
            whole = False
            try:
                async with asyncio.timeout(HUNG_S):
                    whole = await self.exchange(attempt, streams, rng)
            except TimeoutError:
                attempt.why = "hung"
            except (OSError, Broken, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                attempt.why = f"{type(error).__name__} {error}"
            if attempt.complete:
                self.completed += 1
                self.progressed.set()
            # Also moves about between proxies.
            if not whole or rng.random() < 0.1:
                streams[1].transport.abort()
                streams = None
            await asyncio.sleep(rng.uniform(0, 2 * self.pause_ms) / 1000)
        if streams:
            streams[1].transport.abort()

    def make_attempt(self, rng, proxy):
        Load.sessions += 1
        kind = rng.choices(list(self.mix), list(self.mix.values()))[0]
        attempt = Attempt(f"chaos-{Load.sessions}", kind, proxy.name)
        self.attempts.append(attempt)
        return attempt

    def steering(self, attempt, rng):
        if attempt.kind == "error":
            return {"status": rng.choice((400, 429, 500, 529))}
        steering = {"input": rng.randrange(1, 5000), "output": rng.randrange(1, 2000),
                    "cache_read": rng.choice((0, rng.randrange(9000))), "cache_5m": rng.choice((0, rng.randrange(900))),
                    "cache_1h": rng.choice((0, rng.randrange(900)))}
        if attempt.kind == "whole":
            if rng.random() < 0.3:
                steering["first_delay_ms"] = rng.randrange(1, 30)
        else:
            steering["events"] = rng.randrange(4, 16)
            steering["delay_ms"] = 10 if attempt.kind == "leave" else rng.choice((0, 0, 1, 4))
            if attempt.kind == "cut":
                steering[rng.choice(("cut_after", "reset_after"))] = rng.randrange(1, 4)
        return steering

    async def exchange(self, attempt, streams, rng):
        """Sends the request and reads the answer; True when the connection can be used again."""
        reader, writer = streams
        writer.write(request_bytes(attempt, self.stack.token, self.steering(attempt, rng), self.padding))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        attempt.status = int(head[0].split()[1])
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        attempt.id = fields.get("x-ccproxy-request-id", "")
        if "text/event-stream" in fields.get("content-type", ""):
            done = await self.read_stream(attempt, reader)
        else:
            length = int(fields.get("content-length", -1))
            body = await reader.readexactly(length) if length >= 0 else b"".join(
                [piece async for piece in chunks(reader)])
            attempt.complete = done = True
            if attempt.status == 200:
                attempt.usage = usage_counts(json.loads(body)["usage"])
        return done and fields.get("connection") != "close"

    @staticmethod
    async def read_stream(attempt, reader):
        """Complete is a stream once its message_stop is here, whatever becomes of the connection then."""
        text = b""
        async for piece in chunks(reader):
            *events, text = (text + piece).split(b"\n\n")
            for event in events:
                data = json.loads(event.split(b"data: ", 1)[1])
                usage = data.get("usage") or data.get("message", {}).get("usage")
                for name, count in usage_counts(usage or {}).items():
                    attempt.usage[name] = max(attempt.usage.get(name, 0), count)
                if data["type"] == "message_stop":
                    attempt.complete = True
                if data["type"] == "content_block_delta" and attempt.kind == "leave":
                    attempt.why = "left"
                    return False
        if not attempt.complete:
            raise Broken("a stream ended without message_stop")
        return True


async def chunks(reader):
    """The payloads of a chunked body, up to its last chunk."""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        data = await reader.readexactly(size + 2)
        if size == 0:
            return
        yield data[:-2]
