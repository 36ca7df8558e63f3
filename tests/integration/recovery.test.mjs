// Delivery when more than a process is lost: a full journal, a frozen analyticsd, old copies of
// state put back, texts that are poison.
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach } from 'node:test';

import { Stack, test } from './harness.mjs';
import { Load } from './support/load.mjs';
import { messageBody, messageHeaders, messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';

let stack;
beforeEach(async () => {
  stack = await Stack.start({ proxy: { workers: 2 } });
});
afterEach(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const load = () => new Load(() => stack.proxy, stack.token.token);
const status = () => stack.api.ask('GET', '/api/system/status');

async function metric(name, proxy = stack.proxy) {
  const text = await (await fetch(`${proxy.url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)[1]);
}

/** Awaits the rows of all that was seen complete, each once. */
async function assertAllRecorded(sent) {
  const rows = await eventually('all rows', async () => {
    const all = await stack.api.allLogs();
    const ids = new Set(all.map(({ id }) => id));
    return [...sent.complete.values()].every((id) => ids.has(id)) ? all : null;
  });
  const sessions = rows.map((row) => row.conversation_id).filter(Boolean);
  assert.equal(new Set(sessions).size, sessions.length, 'none twice');
  return rows;
}

it('a full journal refuses no request, and what it could not take is counted and shown', async () => {
  const proxy = await stack.addProxy({ journal: { max_bytes: '1MiB' } });
  await stack.untilKnown(proxy, stack.token.token);
  await stack.analytics.stop();
  const client = await RawClient.connect(proxy.port);
  // Large rows, so that it is full soon.
  const more = {
    'x-claude-code-session-id': 's'.repeat(250),
    'x-claude-code-agent-id': 'a'.repeat(250),
  };
  const headers = messageHeaders(stack.token.token, more);
  const whole = requestBytes({ headers, body: messageBody('', { model: 'm'.repeat(250) }) });
  let served = 0;
  let dropped = 0;
  while (dropped < 50) {
    for (let i = 0; i < 100; ++i) {
      await client.send(whole);
      assert.equal((await client.response()).status, 200);
      ++served;
    }
    dropped = await metric('ccproxy_events_dropped', proxy);
    assert.ok(served < 20_000, 'the journal is bounded');
  }
  client.close();
  assert.ok((await metric('ccproxy_journal_bytes', proxy)) <= 1 << 20);
  await stack.startAnalytics();
  await eventually('all that was kept is there', async () => {
    const { proxies } = await status();
    const shown = proxies.find(({ proxy_id }) => proxy_id.startsWith(proxy.name));
    return shown?.lag === 0 && shown.dropped === dropped;
  });
  assert.equal((await stack.api.logs()).total, served - dropped);
  // There is room again.
  const next = await roundTrip(proxy.port, messageRequest(stack.token.token));
  assertRow(await stack.api.row(next.get('x-ccproxy-request-id')), { success: true });
});

it('analyticsd frozen until it is given up: traffic goes on, nothing is lost or doubled', async () => {
  const sent = load().start(4, 'events=3; delay_ms=3');
  await sent.progress(50);
  stack.analytics.signal('SIGSTOP');
  await stack.proxy.logged(/analyticsd is silent/);
  await sent.progress(50);
  stack.analytics.signal('SIGCONT');
  await sent.progress(50);
  await sent.stop();
  assert.equal(sent.cut.size, 0);
  await assertAllRecorded(sent);
});

it('an old copy of the database put back: the rows it lacks are said to be lost, new ones come', async () => {
  const database = path.join(stack.dir, 'ccproxy.db');
  const first = load();
  await first.send(40);
  await assertAllRecorded(first);
  await stack.analytics.stop();
  cpSync(database, `${database}.copy`);
  await stack.startAnalytics();
  const second = load();
  await second.send(30);
  await assertAllRecorded(second);
  // Only what the database has for good is let go of by the journal.
  await eventually(
    'all is acknowledged',
    async () => (await metric('ccproxy_journal_acked_seq')) === 70,
  );
  await stack.analytics.stop();
  for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true });
  cpSync(`${database}.copy`, database);
  await stack.startAnalytics();
  const third = load();
  await third.send(20);
  const rows = await assertAllRecorded(third);
  const { proxies } = await status();
  const again = rows.filter(({ id }) => [...second.complete.values()].includes(id)).length;
  assert.equal(again + proxies[0].lost, 30, 'what was after the copy came again or is counted');
  assert.equal(rows.length, 40 + again + 20);
});

it('with journal.retain, an old copy of the database gets again what it lacks', async () => {
  const database = path.join(stack.dir, 'ccproxy.db');
  // Segments of 128 KiB: what is sent fills several, and without retain all but the last would be gone.
  const proxy = await stack.addProxy({ journal: { max_bytes: '1MiB', retain: '1h' } });
  await stack.untilKnown(proxy, stack.token.token);
  await stack.analytics.stop();
  cpSync(database, `${database}.copy`);
  await stack.startAnalytics();
  const sent = new Load(() => proxy, stack.token.token);
  await sent.send(900);
  await assertAllRecorded(sent);
  await eventually(
    'all is acknowledged',
    async () => (await metric('ccproxy_journal_acked_seq', proxy)) === 900,
  );
  await stack.analytics.stop();
  for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true });
  cpSync(`${database}.copy`, database);
  await stack.startAnalytics();
  assert.equal((await assertAllRecorded(sent)).length, 900);
  const { proxies } = await status();
  assert.equal(proxies.find(({ proxy_id }) => proxy_id.startsWith(proxy.name)).lost, 0);
});

it('an old copy of the journal put back: nothing new is taken for something old', async () => {
  const state = path.join(stack.dir, stack.proxy.name);
  const first = load();
  await first.send(20);
  await assertAllRecorded(first);
  assert.equal((await stack.proxy.stop()).code, 0);
  cpSync(state, `${state}.copy`, { recursive: true });
  await stack.restartProxy(stack.proxy);
  const second = load();
  await second.send(30);
  await assertAllRecorded(second);
  await stack.proxy.stop();
  rmSync(state, { recursive: true });
  cpSync(`${state}.copy`, state, { recursive: true });
  await stack.restartProxy(stack.proxy);
  const third = load();
  await third.send(25);
  const rows = await assertAllRecorded(third);
  assert.equal(rows.length, 75);
});

it('texts that are poison: each row comes, and those after it', async () => {
  const client = await RawClient.connect(stack.proxy.port);
  const texts = [
    '\xff\xfe\x80',
    '\xed\xa0\x80',
    'x'.repeat(5000),
    "'; DROP TABLE request_logs; --",
    '\xf0\x9f\x92',
  ];
  for (const text of texts) {
    const more = { 'x-claude-code-session-id': text, 'x-claude-code-agent-id': text };
    const headers = messageHeaders(stack.token.token, more);
    await client.send(requestBytes({ headers, body: messageBody('') }));
    const response = await client.response();
    assert.equal(response.status, 200);
    const row = await stack.api.row(response.get('x-ccproxy-request-id'));
    assertRow(row, { success: true, conversation_id: /./, agent_id: /./ });
  }
  for (const model of ['a\0b', '\ud800', 'ü'.repeat(500), '', '\u202e']) {
    const body = messageBody('', { model });
    await client.send(requestBytes({ headers: messageHeaders(stack.token.token), body }));
    const response = await client.response();
    const row = await stack.api.row(response.get('x-ccproxy-request-id'));
    assertRow(row, { status_code: response.status });
  }
  const { ingest } = await status();
  assert.equal(ingest.quarantined, 0);
  assert.equal(ingest.failed_batches, 0);
  client.close();
});
