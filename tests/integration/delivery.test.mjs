// Recorded exactly once, whatever is killed, and in whatever order it comes back.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { Load } from './support/load.mjs';
import { messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRefusal } from './support/refusals.mjs';
import { assertRow, assertSound } from './support/rows.mjs';

let stack;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (key = stack.token.token) => messageRequest(key, '');

/** Awaits that all that `load` saw complete has its row, and that none stands twice. */
async function assertRecordedOnce(load) {
  const rows = await eventually('all rows have arrived', async () => {
    const bySession = new Map();
    for (const row of await stack.api.allLogs()) {
      if (!row.conversation_id) continue;
      const same = bySession.get(row.conversation_id) ?? [];
      bySession.set(row.conversation_id, [...same, row]);
    }
    return [...load.complete.keys()].every((session) => bySession.has(session)) ? bySession : null;
  });
  for (const [session, id] of load.complete) {
    const found = rows.get(session);
    assert.equal(found.length, 1, `${session} is recorded once`);
    assert.equal(found[0].id, id);
    assertRow(found[0], { status_code: 200, success: true, usage_source: 'final' });
  }
  for (const session of load.cut) {
    const found = rows.get(session) ?? [];
    assert.ok(found.length <= 1, `${session} is recorded at most once`);
    found.forEach(assertSound);
  }
  return rows;
}

async function delivery() {
  const { proxies } = await stack.api.ask('GET', '/api/system/status');
  return proxies.find(({ proxy_id }) => proxy_id.startsWith(`${stack.proxy.name}-`));
}

it('analyticsd away for 1,000 requests: they wait, and arrive once', async () => {
  await stack.analytics.stop();
  const load = new Load(() => stack.proxy, stack.token.token);
  await load.send(1000);
  assert.equal(load.complete.size, 1000, 'no request is refused or slowed to death');
  await stack.startAnalytics();
  await assertRecordedOnce(load);
  const status = await eventually('no lag', async () => {
    const now = await delivery();
    return now.lag === 0 ? now : null;
  });
  assert.equal(status.received, 1000);
  assert.equal(status.dropped, 0);
  assert.equal(status.quarantined, 0);
  assert.equal(status.lost, 0);
});

it('the proxy killed under load: what a client saw whole is recorded once', async () => {
  const load = new Load(() => stack.proxy, stack.token.token).start(8);
  for (let i = 0; i < 3; ++i) {
    await load.progress(150);
    const old = stack.proxy;
    await old.kill();
    await stack.restartProxy(old);
  }
  await load.progress(50);
  await load.stop();
  await assertRecordedOnce(load);
});

it('analyticsd killed under load: no request notices, no row is lost or doubled', async () => {
  const load = new Load(() => stack.proxy, stack.token.token).start(8);
  for (let i = 0; i < 3; ++i) {
    await load.progress(150);
    await stack.analytics.kill();
    await load.progress(100);
    await stack.startAnalytics();
  }
  await load.progress(50);
  await load.stop();
  assert.equal(load.cut.size, 0);
  await assertRecordedOnce(load);
});

it('both killed at once', async () => {
  const load = new Load(() => stack.proxy, stack.token.token).start(4);
  await load.progress(200);
  const old = stack.proxy;
  await Promise.all([old.kill(), stack.analytics.kill()]);
  await stack.restartProxy(old);
  await load.progress(50);
  await stack.startAnalytics();
  await load.progress(50);
  await load.stop();
  await assertRecordedOnce(load);
});

it('two proxies deliver side by side, each in its own sequence', async () => {
  const second = await stack.addProxy();
  await stack.untilKnown(second, stack.token.token);
  let turn = 0;
  const load = new Load(() => (turn++ % 2 ? second : stack.proxy), stack.token.token);
  await load.send(400, 6);
  const rows = await assertRecordedOnce(load);
  const ids = new Set([...load.complete.keys()].map((session) => rows.get(session)[0].proxy_id));
  assert.equal(ids.size, 2);
  await second.stop();
});

/** Awaits the proxy's word that it does not take `key` any more. */
const untilRefused = (proxy, key, ms) =>
  eventually(
    'the revoked key is refused',
    async () => (await roundTrip(proxy.port, request(key))).status === 401,
    ms,
  );

it('a revoked key is refused at once, also by a proxy that was stopped meanwhile', async () => {
  const [first, second] = [await stack.api.generate('first'), await stack.api.generate('second')];
  for (const { token } of [first, second]) await stack.untilKnown(stack.proxy, token);
  await stack.api.revoke(first.id);
  // Less than the ten seconds after which a proxy asks by itself.
  await untilRefused(stack.proxy, first.token, 5000);
  stack.proxy.signal('SIGSTOP');
  await stack.api.revoke(second.id);
  stack.proxy.signal('SIGCONT');
  await untilRefused(stack.proxy, second.token, 5000);
});

it('a key revoked while the proxy was down is refused as soon as it is linked', async () => {
  const third = await stack.api.generate('third');
  await stack.untilKnown(stack.proxy, third.token);
  const old = stack.proxy;
  await old.kill();
  await stack.api.revoke(third.id);
  await stack.restartProxy(old);
  await untilRefused(stack.proxy, third.token, 10_000);
});

it('a proxy that starts while analyticsd is down knows its keys', async () => {
  const revoked = await stack.api.generate('revoked before');
  await stack.untilKnown(stack.proxy, revoked.token);
  await stack.api.revoke(revoked.id);
  await untilRefused(stack.proxy, revoked.token);
  await stack.analytics.stop();
  const old = stack.proxy;
  assert.equal((await old.stop()).code, 0);
  await stack.restartProxy(old);
  const response = await roundTrip(stack.proxy.port, request());
  assert.equal(response.status, 200);
  assertRefusal(await roundTrip(stack.proxy.port, request(revoked.token)), 401);
  const ready = await fetch(`${stack.proxy.url}/readyz`);
  assert.equal(ready.status, 200);
  await stack.startAnalytics();
  assertRow(await stack.api.row(response.get('x-ccproxy-request-id')), { success: true });
});

it('a proxy that has never heard of any key says 503 until it has', async () => {
  await stack.analytics.stop();
  const fresh = await stack.addProxy();
  const response = await roundTrip(fresh.port, request());
  assertRefusal(response, 503);
  assert.ok(Number(response.get('retry-after')) > 0);
  assert.equal((await fetch(`${fresh.url}/readyz`)).status, 503);
  assert.equal((await fetch(`${fresh.url}/healthz`)).status, 200);
  await stack.startAnalytics();
  await stack.untilKnown(fresh, stack.token.token);
  assert.equal((await fetch(`${fresh.url}/readyz`)).status, 200);
  await fresh.stop();
});
