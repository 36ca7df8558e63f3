"""The scenarios in which the power of a machine is cut: all that was not synced may be gone."""

import os
import sqlite3

from check import Expect, journal_id, segment_records, settle
from faults import Chaos
from powercut import Disk, numbers
from scenarios import SMALL_JOURNAL

CUTS = 4


def sure_events(disk, which):
    """{seq: id} of the journal's events: of those that are `sure`, or of all that were written (`now`)."""
    names = disk.sure_names if which == "sure" else disk.names
    events = {}
    for name, file in names.items():
        if name.endswith(".seg"):
            content = file.sure if which == "sure" else file.now()
            events.update((seq, event["id"]) for seq, event, _ in segment_records(bytes(content)))
    return events


def database_watermark(stack, proxy_id):
    connection = sqlite3.connect(f"file:{stack.database}?mode=ro", uri=True, timeout=30)
    try:
        sql = "SELECT ifnull(max(watermark), 0) FROM proxies WHERE proxy_id = ?"
        return connection.execute(sql, (proxy_id,)).fetchone()[0]
    finally:
        connection.close()


class SentSeqs:
    """Checks at each send of the publisher that the events in it had been synced before."""

    def __init__(self):
        self.highest = self.early = self.sends = 0
        self.example = None

    def __call__(self, disk, data):
        seqs = numbers(rb'"seq":(\d+)\}', data)
        if not seqs:
            return
        self.sends += 1
        self.highest = max(self.highest, *seqs)
        last = self.last_sure(disk)
        if max(seqs) > last:
            self.early += 1
            self.example = (max(seqs), last)

    @staticmethod
    def last_sure(disk):
        """Of the newest segment that has a record which is sure."""
        for name in sorted((name for name in disk.sure_names if name.endswith(".seg")), reverse=True):
            file = disk.sure_names[name]
            # Events are only ever added to a segment, so that its records need not be read again.
            known, size = getattr(file, "walked", (0, 8))
            for known, _, size in segment_records(file.sure, size):
                pass
            file.walked = (known, size)
            if known:
                return known
        return 0


async def power_loss_proxy(chaos: Chaos):
    """Power cuts of the proxy's machine: only events that were not synced are lost, and none of those was sent."""
    stack = await chaos.make_stack().start(("p1",), {**SMALL_JOURNAL, "max_bytes": "1MiB", "sync_interval": "100ms"})
    proxy = stack.proxies["p1"]
    stack.watch(proxy, proxy.state, sent='"proxy_id"')
    disk = Disk(proxy.state, sent := SentSeqs())
    await stack.up()
    load = chaos.load(clients=6, padding="a" * 250)
    lost, lost_seqs = set(), set()
    for number in range(CUTS):
        await load.progress(chaos.rng.randrange(50, 250))
        if number and chaos.rng.random() < 0.5:
            chaos.note("SIGKILL p1 first: what it had not synced is its next process's to sync")
            Chaos.kills += 1
            await proxy.end()
            await proxy.start()
            await load.progress(chaos.rng.randrange(1, 20))
        await chaos.kill(proxy)
        disk.replay(proxy.oplog)
        sure, written = sure_events(disk, "sure"), sure_events(disk, "now")
        proxy_id = journal_id(proxy.state)
        watermark = database_watermark(stack, proxy_id)
        unsynced = {seq: event for seq, event in written.items() if seq not in sure}
        chaos.note(f"power cut: {len(written)} events in the journal, {len(unsynced)} of them not synced, "
                   f"sent up to {sent.highest}, stored up to {watermark}")
        if sent.early:
            raise AssertionError(f"{sent.early} of {sent.sends} sends were of events not synced yet: "
                                 f"{sent.example[0]} when {sent.example[1]} was the last sure one")
        if unsynced and watermark >= min(unsynced):
            raise AssertionError(f"analyticsd has {watermark}, but {min(unsynced)} was not synced")
        lost |= set(unsynced.values())
        lost_seqs |= {(proxy_id, seq) for seq in unsynced}
        disk.cut(chaos.rng)
        os.unlink(proxy.oplog)
        disk = Disk(proxy.state, sent := SentSeqs())
        await proxy.start()
    await load.progress(50)
    await load.stop()
    await settle(stack)
    return Expect(lost_ids=frozenset(lost), lost_seqs=frozenset(lost_seqs))


class Acks:
    """Counts the syncs of the database's files that went before each ack that says more than the one before."""

    def __init__(self, watermark=0):
        self.highest = watermark  # What is acknowledged anew after a start needs no further sync.
        self.raised = 0
        self.early = []

    def __call__(self, disk, data):
        for seq in numbers(rb'"type":"ack","seq":(\d+)', data):
            if seq <= self.highest:
                continue
            self.highest = seq
            self.raised += 1
            wal = next((file for name, file in disk.names.items() if name.endswith("-wal")), None)
            synced = sum(count for name, count in disk.syncs.items() if name.endswith(("-wal", ".db")))
            if wal is None or synced < self.raised:
                self.early.append(seq)


async def power_loss_analytics(chaos: Chaos):
    """Power cuts of analyticsd's machine: what was acknowledged is there, and all else comes again."""
    stack = await chaos.make_stack().start(("p1",), SMALL_JOURNAL)
    folder = os.path.dirname(stack.database)
    stack.watch(stack.analytics, folder, sent='"ack"')
    disk = Disk(folder, acks := Acks())
    await stack.up()
    load = chaos.load(clients=6)
    raised = syncs = 0
    for _ in range(CUTS):
        await load.progress(chaos.rng.randrange(50, 250))
        await chaos.kill(stack.analytics)
        disk.replay(stack.analytics.oplog)
        raised, syncs = raised + acks.raised, syncs + sum(disk.syncs.values())
        disk.cut(chaos.rng)
        os.unlink(stack.analytics.oplog)
        watermark = database_watermark(stack, journal_id(stack.proxies["p1"].state))
        chaos.note(f"power cut: {acks.raised} acks up to {acks.highest}, {sum(disk.syncs.values())} syncs; "
                   f"the database has all up to {watermark}")
        if acks.early:
            raise AssertionError(f"acks went out before a sync of the log: {acks.early[:10]}")
        if watermark < acks.highest:
            raise AssertionError(f"{acks.highest} was acknowledged, and the power cut left {watermark}")
        disk = Disk(folder, acks := Acks(watermark))
        start = len(stack.analytics.log())
        await stack.analytics.start()
        await chaos.until_logged(stack.analytics, "sends from", start)
    await load.progress(50)
    await load.stop()
    chaos.notes.update({"acks that raised the mark": raised, "syncs": syncs})
    return Expect(proxy_dies=False)
