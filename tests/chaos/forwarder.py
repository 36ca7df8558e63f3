"""A network between the programs: a TCP forwarder that can be told to lose, delay, cut and double connections."""

import asyncio


class Forwarder:
    """Forwards `port` to `target_port` on loopback. A fault acts on connections that stand and on new ones."""

    def __init__(self, port, target_port):
        self.port, self.target_port = port, target_port
        self.refusing = False  # New connections are closed at once.
        self.stalled = False  # Nothing passes, and nobody is told.
        self.delay_s = 0.0
        self.doubled = False  # New connections go to the target twice; the answers of the second are lost.
        self.links = set()
        self.server = None

    async def start(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)

    async def stop(self):
        self.server.close()
        for link in self.links:
            link.task.cancel()
        await asyncio.gather(*(link.task for link in self.links), return_exceptions=True)

    def heal(self):
        self.refusing = self.stalled = self.doubled = False
        self.delay_s = 0.0

    def cut(self):
        """Resets all connections."""
        for link in list(self.links):
            link.abort()

    def half_close(self, rng):
        """Ends one direction of each connection, now; the other stays."""
        for link in list(self.links):
            link.half_close(rng.randrange(2))

    async def accept(self, reader, writer):
        if self.refusing:
            writer.transport.abort()
            return
        link = Link(self)
        link.task = asyncio.create_task(link.run(reader, writer))
        self.links.add(link)
        link.task.add_done_callback(lambda _: self.links.discard(link))


class Link:
    def __init__(self, forwarder):
        self.forwarder = forwarder
        self.writers = []
        self.closed = [False, False]

    def abort(self):
        for writer in self.writers:
            writer.transport.abort()

    def half_close(self, direction):
        self.closed[direction] = True
        writer = self.writers[direction] if direction < len(self.writers) else None
        if writer and not writer.transport.is_closing():
            writer.write_eof()

    async def run(self, reader, writer):
        self.writers = [writer]
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.forwarder.target_port)
            self.writers.insert(0, upstream[1])
            targets = [upstream[1]]
            pumps = [self.pump(upstream[0], [writer], 1)]
            if self.forwarder.doubled:
                second = await asyncio.open_connection("127.0.0.1", self.forwarder.target_port)
                self.writers.append(second[1])
                targets.append(second[1])
                pumps.append(self.pump(second[0], [], 2))
            await asyncio.gather(self.pump(reader, targets, 0), *pumps)
        except OSError:
            pass  # The target is not there.
        finally:
            self.abort()

    async def pump(self, reader, writers, direction):
        """One direction, up to its end. The delay keeps the order and does not slow the sender."""
        queue = asyncio.Queue()
        loop = asyncio.get_running_loop()
        sender = asyncio.create_task(self.deliver(queue, writers, direction))
        try:
            while not sender.done():
                while self.forwarder.stalled:
                    await asyncio.sleep(0.02)
                try:
                    data = await reader.read(65536)
                except OSError:
                    data = None
                queue.put_nowait((loop.time() + self.forwarder.delay_s, data))
                if not data:
                    await sender
        finally:
            sender.cancel()

    async def deliver(self, queue, writers, direction):
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if data is None:
                self.abort()
                return
            try:
                for writer in writers:
                    if direction < 2 and self.closed[direction]:
                        continue
                    if writer.transport.is_closing():
                        raise ConnectionResetError
                    if data:
                        writer.write(data)
                        await writer.drain()
                    else:
                        writer.write_eof()
            except OSError:
                self.abort()
                return
            if not data:
                return
