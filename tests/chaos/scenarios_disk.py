"""The scenarios in which a disk fills up and has room again. Each small disk is a tmpfs, whose mount needs root."""

import os
import re

from check import Expect, settle
from clients import ONLY_COMPLETE
from faults import Chaos
from stack import eventually

# Larger events, so that disks are full sooner.
PADDING = "a" * 250


async def journal_full(chaos: Chaos):
    """The proxy's disk is full: requests go on, what is not recorded is counted, and the count outlives a SIGKILL."""
    state = os.path.join(chaos.make_stack().dir, "p1")
    chaos.stack.mount(state, "1m")
    stack = await chaos.stack.start(("p1",), {"max_bytes": chaos.rng.choice(("2MiB", "16MiB"))})
    await stack.up()
    proxy = stack.proxies["p1"]
    # With analyticsd away the journal keeps what it has.
    is_away = chaos.rng.random() < 0.5
    load = chaos.load(mix=ONLY_COMPLETE, clients=6, pause_ms=6, padding=PADDING)
    await load.progress(100)
    if is_away:
        chaos.note("analyticsd is killed")
        Chaos.kills += 1
        await stack.analytics.end()
    chaos.fill(state)
    await load.progress(300)
    await until_dropped(chaos, proxy, 1)
    if not is_away:
        chaos.note("a token is made while the disk is full")
        await stack.api("POST", "/api/token/generate", {"name": "while full"})
    await load.progress(200)
    # The count is exact only when nothing is under way: what is cut off by a kill may be a drop that no client misses.
    await load.stop()
    await kill_while_full(chaos, proxy, load)
    chaos.free(state)
    before = await stack.metric(proxy, "ccproxy_events_dropped")
    await load.progress(100)
    if is_away:
        await stack.analytics.start()
    await load.progress(50)
    await load.stop()
    await settle(stack)
    after = await stack.metric(proxy, "ccproxy_events_dropped")
    chaos.notes["dropped"] = after
    chaos.notes["dropped after room was made"] = after - before
    chaos.note("SIGKILL p1 and analyticsd once more: the count must come back")
    Chaos.kills += 2
    await proxy.end()
    await stack.analytics.end()
    await stack.analytics.start()
    await proxy.start()
    return Expect(drops=True)


async def kill_while_full(chaos, proxy, load):
    counted = await until_dropped(chaos, proxy, 1)
    for _ in range(2):
        chaos.note("SIGKILL p1 while its disk is full")
        Chaos.kills += 1
        await proxy.end()
        await proxy.start()
        if (after := await chaos.stack.metric(proxy, "ccproxy_events_dropped")) != counted:
            raise AssertionError(f"the count of drops was {counted} before the kill and is {after} after it")
    load.start()
    await load.progress(100)


async def until_dropped(chaos, proxy, count):
    async def enough():
        dropped = await chaos.stack.metric(proxy, "ccproxy_events_dropped")
        return dropped if dropped >= count else None
    return await eventually("drops are counted", enough)


async def database_full(chaos: Chaos):
    """The database's disk is full: events wait in the journals, and nothing is lost, also not by a kill."""
    stack = chaos.make_stack()
    folder = os.path.dirname(stack.database)
    stack.mount(folder, "6m")
    await stack.start(("p1",), {"max_bytes": "16MiB"}, {"buffer_size": 500})
    await stack.up()
    load = chaos.load(clients=6, pause_ms=6, padding=PADDING)
    await load.progress(100)
    for _ in range(2):
        chaos.fill(folder)
        await load.progress(200)
        await until_failing(chaos)
        await load.progress(chaos.rng.randrange(100, 300))
        if chaos.rng.random() < 0.6:
            chaos.note("SIGKILL analyticsd while its disk is full")
            Chaos.kills += 1
            await stack.analytics.end()
            await start_on_full_disk(chaos)
        chaos.free(folder)
        if not stack.analytics.running:
            await stack.analytics.start()
        await load.progress(50)
    await load.stop()
    return Expect(proxy_dies=False, failed_batches=True)


async def until_failing(chaos):
    async def failing():
        status = await chaos.stack.status()
        return status["ingest"]["last_error"] or None
    chaos.note(f"analyticsd says: {await eventually('a batch fails', failing)}")


async def start_on_full_disk(chaos):
    """It may refuse to start, with a reason, or serve."""
    analytics = chaos.stack.analytics
    start = analytics.launch()
    await eventually("analyticsd starts or refuses to",
                     lambda: re.search(analytics.ready, analytics.log(start)) or not analytics.running)
    if analytics.running:
        chaos.note("it starts on the full disk")
        await chaos.loads[0].progress(100)
    else:
        chaos.note(f"it does not start on the full disk: {analytics.log(start).strip()[-200:]}")
        if analytics.process.returncode != 1:
            raise AssertionError(f"analyticsd ended with {analytics.process.returncode} on a full disk")
