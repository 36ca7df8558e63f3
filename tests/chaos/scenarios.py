"""The scenarios in which programs are killed, frozen, parted, joined, or told a wrong time."""

import asyncio
import signal

from check import Expect, settle
from faults import Chaos
from forwarder import Forwarder
from stack import Skip, free_port

# Small segments, so that some are closed and deleted in each run.
SMALL_JOURNAL = {"max_bytes": "8MiB"}


async def start(chaos, proxies=("p1",), journal=None):
    stack = await chaos.make_stack().start(proxies, journal or SMALL_JOURNAL)
    chaos.arm_all()
    await stack.up()
    return stack


async def proxy_kill(chaos: Chaos, kills=5):
    """The proxy is killed under load and started again."""
    stack = await start(chaos)
    load = chaos.load(clients=8)
    for _ in range(kills):
        await load.progress(chaos.rng.randrange(20, 120))
        await chaos.kill(stack.proxies["p1"])
        await chaos.restart(stack.proxies["p1"])
    await load.progress(30)
    await load.stop()
    return Expect()


async def analytics_kill(chaos: Chaos, kills=5):
    """analyticsd is killed under load and started again; no request notices."""
    stack = await start(chaos)
    load = chaos.load(clients=8)
    for _ in range(kills):
        await load.progress(chaos.rng.randrange(20, 120))
        await chaos.kill(stack.analytics)
        await load.progress(chaos.rng.randrange(1, 60))
        await chaos.restart(stack.analytics)
    await load.progress(30)
    await load.stop()
    return Expect(proxy_dies=False)


async def both_kill(chaos: Chaos, kills=3):
    """Both are killed, in any order, and come back in any order."""
    stack = await start(chaos)
    load = chaos.load(clients=8)
    for _ in range(kills):
        await load.progress(chaos.rng.randrange(20, 120))
        programs = [stack.proxies["p1"], stack.analytics]
        chaos.rng.shuffle(programs)
        if chaos.rng.random() < 0.5:
            await asyncio.gather(*(chaos.kill(program) for program in programs))
        else:
            await chaos.kill(programs[0])
            await asyncio.sleep(chaos.rng.uniform(0, 0.3))
            await chaos.kill(programs[1])
        chaos.rng.shuffle(programs)
        for program in programs:
            await chaos.restart(program)
            await asyncio.sleep(chaos.rng.uniform(0, 0.3))
    await load.progress(30)
    await load.stop()
    return Expect()


async def freeze(chaos: Chaos):
    """analyticsd stands still for longer than any patience on the bus, and goes on."""
    stack = await start(chaos)
    load = chaos.load(clients=6)
    await load.progress(50)
    await chaos.freeze(stack.analytics, chaos.rng.uniform(12, 15))
    await load.progress(50)
    await chaos.freeze(stack.analytics, chaos.rng.uniform(0.5, 6))
    await load.progress(50)
    await load.stop()
    return Expect(proxy_dies=False)


async def network(chaos: Chaos):
    """The bus goes over TCP through a forwarder that loses, delays, cuts and doubles connections."""
    bus, forwarders = {}, {}
    proxy_bus = {}
    for name in ("events", "control"):
        forwarders[name] = Forwarder(free_port(), free_port())
        bus[name] = f"tcp://127.0.0.1:{forwarders[name].target_port}"
        proxy_bus[name] = f"tcp://127.0.0.1:{forwarders[name].port}"
        await forwarders[name].start()
        chaos.at_end.append(forwarders[name].stop)
    stack = chaos.make_stack(bus)
    stack.proxy_bus = proxy_bus
    await stack.start(("p1",), SMALL_JOURNAL)
    await stack.up()
    load = chaos.load(clients=6)
    faults = ["reset", "refuse", "stall", "half-close", "delay", "double"]
    chaos.rng.shuffle(faults)
    for fault in faults:
        await load.progress(chaos.rng.randrange(20, 80))
        names = chaos.rng.choice((["events"], ["control"], ["events", "control"]))
        if fault == "delay" and chaos.rng.random() < 0.5:
            names = ["control"]  # An answer that comes late, and what it leads to at once.
        await part(chaos, fault, names, [forwarders[name] for name in names])
    await load.progress(30)
    await load.stop()
    return Expect(proxy_dies=False)


async def part(chaos, fault, names, forwarders):
    lasts_s = chaos.rng.uniform(0.5, 2.5)
    if fault == "stall" and chaos.rng.random() < 0.5:
        lasts_s = chaos.rng.uniform(5.5, 7)
    delay_s = chaos.rng.uniform(0.05, 0.9)
    if fault == "delay":
        lasts_s += 8 * delay_s  # Time to connect, to ask and to be answered.
    chaos.note(f"network: {fault} of {' and '.join(names)} for {lasts_s:.1f} s"
               + (f", {delay_s * 1000:.0f} ms late" if fault == "delay" else ""))
    for forwarder in forwarders:
        if fault == "refuse":
            forwarder.refusing = True
        elif fault == "stall":
            forwarder.stalled = True
        elif fault == "delay":
            forwarder.delay_s = delay_s
        elif fault == "double":
            forwarder.doubled = True
        if fault == "half-close":
            forwarder.half_close(chaos.rng)
        elif fault in ("reset", "refuse", "double", "delay") or chaos.rng.random() < 0.3:
            forwarder.cut()
    await asyncio.sleep(lasts_s)
    for forwarder in forwarders:
        forwarder.heal()
        if fault in ("half-close", "double"):
            forwarder.cut()


async def join_leave(chaos: Chaos):
    """Two proxies serve; a third joins, leaves, comes back, is killed, leaves again."""
    stack = await start(chaos, ("p1", "p2"))
    load = chaos.load(clients=6, proxies={"p1", "p2"})
    await load.progress(40)
    third = stack.add_proxy("p3", SMALL_JOURNAL)
    chaos.note("p3 joins")
    await third.start()
    await stack.until_ready(third)
    extra = chaos.load(clients=4, proxies={"p3"})
    await extra.progress(40)
    chaos.note("p3 is told to stop, under load")
    code = await third.end(signal.SIGTERM)
    if code != 0:
        raise AssertionError(f"a proxy that was told to stop ended with {code}")
    await load.progress(40)
    await third.start()
    await extra.progress(40)
    await chaos.kill(third)
    await chaos.kill(stack.proxies["p2"])
    await stack.proxies["p2"].start()
    await third.start()
    await extra.progress(40)
    await extra.stop()
    await third.end(signal.SIGTERM)
    chaos.note("p3 has left")
    if chaos.rng.random() < 0.5:
        await chaos.kill(stack.analytics)
        await stack.analytics.start()
    await load.progress(40)
    await load.stop()
    return Expect(gone=("p3",))


async def clock_back(chaos: Chaos):
    """The wall clock of both machines is stepped back by an hour, and forward again."""
    if chaos.tools["shim"] is None:
        raise Skip("needs a C compiler for the shim")
    stack = await start(chaos, journal={"max_bytes": "1MiB"})
    programs = [stack.proxies["p1"], stack.analytics]
    load = chaos.load(clients=6, padding="a" * 250)
    await load.progress(250)
    chaos.rng.shuffle(programs)
    for program in programs:
        chaos.note(f"the clock of {program.name} goes back by an hour")
        program.control.step_clock(-3600)
        await load.progress(150)
    await chaos.kill(programs[0])
    await programs[0].start()
    await load.progress(100)
    for program in programs:
        chaos.note(f"the clock of {program.name} goes forward by two hours")
        program.control.step_clock(3600)
        await load.progress(50)
    await load.stop()
    await settle(stack)
    segments = await stack.metric(stack.proxies["p1"], "ccproxy_journal_bytes")
    chaos.notes["journal bytes left"] = segments
    return Expect()
