// SIGTERM: what runs may end, what does not end in time is cut, and both are recorded.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';

let stack;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (steering) => messageRequest(stack.token.token, steering, { stream: true });

/** A proxy of its own with one stream under way: {proxy, client, id}. */
async function streaming(config, steering) {
  const proxy = await stack.addProxy(config);
  await stack.untilKnown(proxy, stack.token.token);
  const client = await RawClient.connect(proxy.port);
  await client.send(requestBytes(request(steering)));
  await client.received('text_delta');
  const id = /x-ccproxy-request-id: (\S+)/.exec(client.bytes.toString())[1];
  return { proxy, client, id };
}

async function untilClosedToNew(proxy) {
  await eventually('no new connection is taken', async () => {
    const client = await RawClient.connect(proxy.port).catch(() => null);
    client?.close();
    return client === null || client.ending === 'ECONNREFUSED';
  });
}

/** Lets a process that stands still find a SIGTERM when it goes on. */
function wakeToStop(proxy) {
  proxy.signal('SIGTERM');
  proxy.signal('SIGCONT');
  return proxy.ended;
}

it('a running stream ends, idle connections are closed, then the proxy exits', async () => {
  const { proxy, client, id } = await streaming({}, 'events=60; delay_ms=10');
  const idle = await RawClient.connect(proxy.port);
  const ended = proxy.stop();
  assert.equal(await idle.closed(), 'end');
  await untilClosedToNew(proxy);
  const response = await client.response();
  assert.equal(response.status, 200);
  assert.ok(response.complete);
  assert.match(response.body.toString(), /message_stop/);
  assert.deepEqual(await ended, { code: 0, signal: null });
  assertRow(await stack.api.row(id), { success: true, usage_source: 'final' });
});

it('clients that have connected but were not taken yet are not reset', async () => {
  const proxy = await stack.addProxy();
  await stack.untilKnown(proxy, stack.token.token);
  // While the process stands still, the kernel takes connections and requests for it.
  proxy.signal('SIGSTOP');
  const clients = await Promise.all(Array.from({ length: 400 }, () => RawClient.connect(proxy.port)));
  const asking = clients.filter((_, i) => i % 4 === 0);
  const bytes = requestBytes(messageRequest(stack.token.token, 'events=3'));
  await Promise.all(asking.map((client) => client.send(bytes)));
  const exited = wakeToStop(proxy);
  for (const client of clients) {
    if (asking.includes(client)) continue;
    assert.equal(await client.closed(), 'end');
    assert.equal(client.bytes.length, 0);
  }
  for (const client of asking) {
    const response = await client.response();
    assert.equal(response.status, 200);
    assert.ok(response.complete);
    assert.equal(await client.closed(), 'end');
    client.close();
  }
  assert.deepEqual(await exited, { code: 0, signal: null });
});

it('a request that reaches an idle connection with the signal is answered', async () => {
  const proxy = await stack.addProxy();
  await stack.untilKnown(proxy, stack.token.token);
  const client = await RawClient.connect(proxy.port);
  const bytes = requestBytes(messageRequest(stack.token.token, 'events=3'));
  await client.send(bytes);
  assert.equal((await client.response()).status, 200);
  proxy.signal('SIGSTOP');
  await client.send(bytes);
  const exited = wakeToStop(proxy);
  const response = await client.response();
  assert.equal(response.status, 200);
  assert.ok(response.complete);
  assert.equal(await client.closed(), 'end');
  client.close();
  assert.deepEqual(await exited, { code: 0, signal: null });
});

it('a stream that takes longer than the grace is cut and recorded', async () => {
  const started = await streaming(
    { shutdown_grace: '100ms' },
    'events=4; delta_bytes=70; stall_after=3',
  );
  const exited = await started.proxy.stop();
  const response = await started.client.response();
  assert.equal(response.complete, false);
  assert.deepEqual(exited, { code: 0, signal: null });
  assertRow(await stack.api.row(started.id), {
    status_code: 200,
    success: false,
    usage_source: 'partial',
    completion_tokens: 60,
    error_message: /shutdown/,
  });
});

it('a second signal cuts at once', async () => {
  const { proxy, client, id } = await streaming(
    { shutdown_grace: '1h' },
    'events=2; stall_after=1',
  );
  proxy.signal('SIGTERM');
  await proxy.logged(/stopping/);
  assert.deepEqual(await proxy.stop('SIGINT'), { code: 0, signal: null });
  assert.equal((await client.response()).complete, false);
  assertRow(await stack.api.row(id), { success: false, error_message: /shutdown/ });
});

it('a request whose answer has not begun is recorded when it is cut', async () => {
  const proxy = await stack.addProxy({ shutdown_grace: '100ms' });
  await stack.untilKnown(proxy, stack.token.token);
  const token = await stack.api.generate('waits for nothing');
  await stack.untilKnown(proxy, token.token);
  const client = await RawClient.connect(proxy.port);
  await client.send(requestBytes(messageRequest(token.token, 'silent')));
  await eventually('the upstream has it', async () => (await stack.simStats()).in_flight > 1);
  assert.deepEqual(await proxy.stop(), { code: 0, signal: null });
  await client.closed();
  const [row] = await stack.api.rows({ token_id: token.id }, 1);
  assertRow(row, { status_code: 503, success: false, usage_source: 'none', attempts: 1 });
});

it('without analyticsd the proxy exits all the same, and delivers after its next start', async () => {
  const { proxy, client, id } = await streaming({}, 'events=30; delay_ms=2');
  await stack.analytics.stop();
  assert.deepEqual(await proxy.stop(), { code: 0, signal: null });
  assert.ok((await client.response()).complete);
  await stack.startAnalytics();
  await stack.restartProxy(proxy);
  assertRow(await stack.api.row(id), { success: true, usage_source: 'final' });
});

it('analyticsd writes what it has taken before it exits', async () => {
  const { client, id } = await streaming({}, 'events=3');
  assert.ok((await client.response()).complete);
  assert.deepEqual(await stack.analytics.stop(), { code: 0, signal: null });
  await stack.startAnalytics();
  assertRow(await stack.api.row(id), { success: true });
});
