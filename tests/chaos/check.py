"""Compares what stands in the database with what clients saw, with what the upstream served, and with itself."""

import dataclasses
import glob
import json
import os
import re
import sqlite3
import struct

from packing import event_of
from stack import eventually

STATUS_COUNTS = ("lost", "dropped")
MAX_SEQ_STEP = 1 << 24  # A run has fewer events.
# What rows add up to in usage_stats_daily.
SUMS = """SELECT date(request_at / 1000, 'unixepoch'), token_id, ifnull(account_id, ''), ifnull(mode, ''),
 ifnull(model, ''), count(*), sum(success), sum(1 - success), ifnull(sum(prompt_tokens), 0),
 ifnull(sum(completion_tokens), 0), ifnull(sum(total_tokens), 0), ifnull(sum(cache_creation_5m_tokens), 0),
 ifnull(sum(cache_creation_1h_tokens), 0), ifnull(sum(cache_read_tokens), 0), count(total_tokens),
 ifnull(sum(cost_nano_usd), 0), count(cost_nano_usd), sum(duration_ms), count(duration_ms),
 ifnull(sum(ttft_ms), 0), count(ttft_ms) FROM request_logs GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""
DAILY = """SELECT stat_date, token_id, account_id, mode, model, request_count, success_count, error_count,
 prompt_tokens, completion_tokens, total_tokens, cache_creation_5m_tokens, cache_creation_1h_tokens,
 cache_read_tokens, usage_count, cost_nano_usd, cost_count, duration_sum_ms, duration_count, ttft_sum_ms, ttft_count
 FROM usage_stats_daily ORDER BY 1, 2, 3, 4, 5"""
# Lines that no fault of these scenarios excuses.
BAD_LINES = r"has gone back from|no longer holds the events|holds back|terminate called|Assertion"


@dataclasses.dataclass
class Expect:
    """What a scenario's faults excuse."""

    drops: bool = False  # Complete answers may lack a row: exactly as many as the status says were dropped.
    lost_ids: frozenset = frozenset()  # Events that a power cut took before they were synced. Where it took one
    lost_seqs: frozenset = frozenset()  # and left a later one, its seq stands empty in the quarantine: (proxy_id, seq).
    proxy_dies: bool = True  # Else each answer whose head was seen has a row, broken ones too.
    failed_batches: bool = False
    gone: tuple = ()  # Proxies that are stopped now.


@dataclasses.dataclass
class Verdict:
    violations: list
    counts: dict


def journal_records(state):
    """The records of a proxy's journal, in order, by a reader of our own."""
    for path in sorted(glob.glob(os.path.join(state, "journal", "*.seg"))):
        with open(path, "rb") as file:
            yield from segment_records(file.read())


def segment_records(data, at=8):
    """(seq, event, offset of its end) of each intact record; passes over what a power cut has damaged."""
    last = 0
    while at + 16 <= len(data):
        size, _, seq = struct.unpack_from("<IIQ", data, at)
        end = at + 16 + size
        try:
            if not last < seq < last + MAX_SEQ_STEP or end > len(data):
                raise ValueError
            event = event_of(data[at + 16:end])
        except ValueError:
            at += 1
            continue
        yield seq, event, end
        last, at = seq, end


def journal_id(state):
    """The proxy_id of the journal as it stands; it gets a new one when it has lost all segments."""
    with open(os.path.join(state, "journal", "id"), encoding="utf-8") as file:
        return file.read()


async def settle(stack, gone=()):
    """Awaits that all is back and nothing is on its way any more; returns the status."""
    async def settled():
        status = await stack.status()
        if not status["ready"] or status["ingest"]["queue_events"]:
            return None
        shown = {proxy["proxy_id"]: proxy for proxy in status["proxies"]}
        for name, proxy in stack.proxies.items():
            if name in gone:
                continue
            next_seq = await stack.metric(proxy, "ccproxy_journal_next_seq")
            dropped = await stack.metric(proxy, "ccproxy_events_dropped")
            there = shown[journal_id(proxy.state)]
            if (not there["connected"] or there["lag"] or there["next_seq"] != next_seq
                    or there["dropped"] != dropped or there["watermark"] != next_seq - 1):
                return None
            if await stack.metric(proxy, "ccproxy_journal_acked_seq") != next_seq - 1:
                return None
        return status
    return await eventually("all is delivered and the lag is 0", settled, pause_s=0.1)


def read_ledger(path):
    entries = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            entries[entry["request_id"]] = entry
    return entries


def counts_of(row):
    given = (row["prompt_tokens"] - row["cache_creation_5m_tokens"] - row["cache_creation_1h_tokens"]
             - row["cache_read_tokens"])
    return {"input_tokens": given, "cache_creation_5m_tokens": row["cache_creation_5m_tokens"],
            "cache_creation_1h_tokens": row["cache_creation_1h_tokens"],
            "cache_read_tokens": row["cache_read_tokens"], "output_tokens": row["completion_tokens"]}


def check_attempts(attempts, rows, expect):
    """Each complete answer has its row, as the client saw it; nothing stands twice. Returns (bad, without a row)."""
    bad, without = [], []
    by_session = {}
    for row in rows.values():
        by_session.setdefault(row["conversation_id"], []).append(row)
    for attempt in attempts:
        own = by_session.pop(attempt.session, [])
        if attempt.why == "hung":
            bad.append(f"{attempt} hung")
        if len(own) > 1:
            bad.append(f"DOUBLE: {attempt} has {len(own)} rows: {[row['id'] for row in own]}")
        if attempt.status not in (0, 200) and attempt.kind != "error":
            bad.append(f"REFUSED: {attempt}")
        if attempt.complete and not attempt.id:
            bad.append(f"a complete answer has no x-ccproxy-request-id: {attempt}")
        if own and attempt.id and own[0]["id"] != attempt.id:
            bad.append(f"{attempt} has a row of another id: {own[0]['id']}")
        must = attempt.complete or (attempt.id and not expect.proxy_dies)
        if must and not own:
            without.append(attempt)
        if not own or not attempt.complete:
            continue
        row = own[0]
        if row["status_code"] != attempt.status:
            bad.append(f"{attempt} has a row with status {row['status_code']}")
        if attempt.status == 200 and (row["usage_source"] != "final" or counts_of(row) != attempt.usage):
            bad.append(f"WRONG FIGURES: {attempt} has {row['usage_source']} {counts_of(row)}")
    bad += [f"UNEXPLAINED: rows of a session that no client sent: {session}" for session in by_session]
    return bad, without


def check_upstream(rows, ledger):
    """Each row that names a request of the upstream agrees with the upstream's ledger."""
    bad, seen = [], {}
    for row in rows.values():
        upstream = row["upstream_request_id"]
        if upstream is None:
            if row["success"]:
                bad.append(f"UNEXPLAINED: {row['id']} is a success without an upstream request")
            continue
        if seen.setdefault(upstream, row["id"]) != row["id"]:
            bad.append(f"DOUBLE: {row['id']} and {seen[upstream]} are one upstream request, {upstream}")
        entry = ledger.get(upstream)
        if entry is None:
            bad.append(f"UNEXPLAINED: the upstream never served {upstream} of row {row['id']}")
        elif row["success"] and any(entry[name] != count for name, count in counts_of(row).items()):
            bad.append(f"WRONG FIGURES: row {row['id']} has {counts_of(row)}, the upstream served {entry}")
    return bad


def check_quarantine(connection, expect):
    """Only places of events that a power cut took. Returns (bad, the number of them)."""
    held = [tuple(row) for row in connection.execute("SELECT proxy_id, seq, length(payload), reason FROM quarantine")]
    odd = [row for row in held if row[2] or (row[0], row[1]) not in expect.lost_seqs]
    return [f"QUARANTINE: {len(odd)} events: {odd[:3]} … {odd[-1]}"] if odd else [], len(held)


def check_database(connection, stack):
    """The database agrees with itself and with the journals."""
    bad = []
    one = connection.execute
    if one("PRAGMA integrity_check").fetchone()[0] != "ok":
        bad.append("the database is damaged")
    sums, daily = ([tuple(row) for row in one(sql)] for sql in (SUMS, DAILY))
    if sums != daily:
        bad.append(f"usage_stats_daily is not the sum of request_logs: {sums} and {daily}")
    rows = one("SELECT count(*) FROM request_logs").fetchone()[0]
    if rows != one("SELECT value FROM counters WHERE name = 'request_logs'").fetchone()[0]:
        bad.append("the counter of rows is wrong")
    for token in one("SELECT t.id, t.total_requests, t.total_tokens, count(l.id), ifnull(sum(l.total_tokens), 0) "
                     "FROM tokens t LEFT JOIN request_logs l ON l.token_id = t.id GROUP BY t.id"):
        if tuple(token)[1:3] != tuple(token)[3:5]:
            bad.append(f"the totals of a token are wrong: {tuple(token)}")
    for proxy_id, watermark, received, stored, aside in one(
            "SELECT p.proxy_id, watermark, received, (SELECT count(*) FROM request_logs l WHERE l.proxy_id = "
            "p.proxy_id), (SELECT count(*) FROM quarantine q WHERE q.proxy_id = p.proxy_id) FROM proxies p"):
        if not watermark == received == stored + aside:
            bad.append(f"SEQUENCE: {proxy_id} has watermark {watermark}, {received} received, {stored} rows, "
                       f"{aside} in quarantine")
        state = stack.proxies[proxy_id.rsplit("-", 1)[0]].state
        seqs = [seq for seq, _, _ in journal_records(state)]
        # A power cut may leave holes, whose places are in the quarantine.
        whole = seqs == sorted(set(seqs)) if aside else seqs == list(range(seqs[0] if seqs else 0, watermark + 1))
        if journal_id(state) == proxy_id and seqs and not (whole and seqs[-1] == watermark):
            bad.append(f"SEQUENCE: the journal of {proxy_id} holds {seqs[0]} to {seqs[-1]} in {len(seqs)} records, "
                       f"watermark {watermark}")
    return bad


def check_status(status, without, expect, quarantined):
    bad = []
    if (shown := sum(proxy["quarantined"] for proxy in status["proxies"])) > quarantined:
        bad.append(f"the status says {shown} are in quarantine, there are {quarantined}")
    dropped = sum(proxy["dropped"] for proxy in status["proxies"])
    if expect.drops and dropped != len(without):
        bad.append(f"DROPS: the status says {dropped}, but {len(without)} complete answers have no row: {without[:5]}")
    for proxy in status["proxies"]:
        wrong = {name: proxy[name] for name in STATUS_COUNTS
                 if proxy[name] and not (expect.drops and name == "dropped")}
        if wrong:
            bad.append(f"the status of {proxy['proxy_id']} says {wrong}")
    if status["malformed_messages"]:
        bad.append(f"{status['malformed_messages']} messages on the bus were malformed")
    if status["ingest"]["failed_batches"] and not expect.failed_batches:
        bad.append(f"batches have failed: {status['ingest']}")
    return bad


def check_logs(stack):
    return [f"{program.name} logged: {line}" for program in stack.programs()
            for line in program.log().splitlines() if re.search(BAD_LINES, line)]


async def check(stack, attempts, expect=None):
    """Awaits that all is delivered, then compares. The stack runs, and no client is at work."""
    expect = expect or Expect()
    try:
        status = await settle(stack, expect.gone)
        late = []
    except TimeoutError as error:
        status = await stack.status()
        late = [f"NOT DELIVERED: {error}; status {json.dumps(status)}"]
    connection = sqlite3.connect(f"file:{stack.database}?mode=ro", uri=True, timeout=30)
    try:
        connection.row_factory = sqlite3.Row
        rows = {row["id"]: row for row in connection.execute("SELECT * FROM request_logs")}
        bad, without = check_attempts(attempts, rows, expect)
        bad += check_database(connection, stack)
        unreadable, quarantined = check_quarantine(connection, expect)
    finally:
        connection.close()
    ledger = read_ledger(stack.ledger_path)
    bad = late + bad + check_upstream(rows, ledger) + unreadable + check_logs(stack)
    bad += check_status(status, without, expect, quarantined)
    if not expect.drops:
        bad += [f"MISSING: {attempt}" for attempt in without if attempt.id not in expect.lost_ids]
    counts = {"requests": len(attempts), "complete": sum(attempt.complete for attempt in attempts), "rows": len(rows),
              "served": len(ledger), "dropped": sum(proxy["dropped"] for proxy in status["proxies"]),
              "lost unsynced": sum(attempt.id in expect.lost_ids for attempt in without),
              "quarantined": quarantined,
              "duplicates ignored": sum(proxy["duplicates"] for proxy in status["proxies"])}
    return Verdict(bad, {name: count for name, count in counts.items() if count})
