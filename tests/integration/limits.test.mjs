// What a key's limits refuse, at one proxy and at two.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import { Stack, test } from './harness.mjs';
import { messageRequest, model } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRefusal } from './support/refusals.mjs';
import { assertRow } from './support/rows.mjs';

let stack;
let second;
before(async () => {
  stack = await Stack.start();
  second = await stack.addProxy();
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);

/** Sets limits, which are in force at both proxies afterwards. */
async function limit(key, limits) {
  await stack.api.ask('PUT', `/api/token/${key.id}/settings`, { body: limits });
  // Changes reach a proxy one after the other.
  const later = await stack.api.generate('later');
  for (const proxy of [stack.proxy, second]) await stack.untilKnown(proxy, later.token);
}

async function limitedKey(limits) {
  const key = await stack.api.generate('limited');
  await limit(key, limits);
  return key;
}

const send = (key, { proxy = stack.proxy, ...more } = {}) =>
  roundTrip(proxy.port, messageRequest(key.token, '', more));

/** The row of a request that was refused. */
async function assertLimited(response, message) {
  const id = assertRefusal(response, 429, message);
  assertRow(await stack.api.row(id), { status_code: 429, success: false, error_message: message });
}

it('requests a minute: the next is refused, with the time to wait', async () => {
  const key = await limitedKey({ requests_per_minute: 1000 });
  assert.equal((await send(key)).status, 200);
  await limit(key, { requests_per_minute: 1 });
  const refused = await send(key);
  await assertLimited(refused, /1 requests a minute/);
  const seconds = Number(refused.get('retry-after'));
  assert.ok(seconds >= 1 && seconds <= 60, refused.get('retry-after'));
  assert.equal(refused.get('x-should-retry'), 'true');
  assert.equal((await send(stack.token)).status, 200, 'other keys go on');
  await limit(key, { requests_per_minute: null });
  assert.equal((await send(key)).status, 200);
});

it('concurrent requests: a place is free again when a stream has ended or its client left', async () => {
  const key = await limitedKey({ max_concurrent_requests: 2 });
  const open = async () => {
    const client = await RawClient.connect(stack.proxy.port);
    const steering = 'stall_after=1';
    await client.send(requestBytes(messageRequest(key.token, steering, { stream: true })));
    await client.received('content_block_delta');
    return client;
  };
  const first = await open();
  const other = await open();
  const refused = await send(key);
  await assertLimited(refused, /2 requests under way/);
  assert.equal(refused.get('retry-after'), '1');
  first.close();
  await eventually('a place', async () => (await send(key)).status === 200);
  other.close();
});

it('tokens a day: two proxies together keep to it, and the client is told not to try again', async () => {
  const key = await limitedKey({ tokens_per_day: 1_000_000 });
  const one = await send(key);
  const { total_tokens: tokens } = await stack.api.row(one.get('x-ccproxy-request-id'));
  assert.ok(tokens > 0);
  // Room for three more: two at one proxy and one at the other.
  await limit(key, { tokens_per_day: 4 * tokens });
  for (const proxy of [stack.proxy, stack.proxy, second]) {
    assert.equal((await send(key, { proxy })).status, 200);
  }
  for (const proxy of [stack.proxy, second]) {
    const refused = await eventually(`${proxy.name} refuses`, async () => {
      const response = await send(key, { proxy });
      return response.status === 429 ? response : null;
    });
    await assertLimited(refused, /tokens that it has for a day; the next day begins at \d{4}-/);
    assert.equal(refused.get('retry-after'), undefined);
    assert.equal(refused.get('x-should-retry'), 'false');
  }
  const { logs } = await stack.api.logs({ token_id: key.id, limit: 1000 });
  const used = logs.reduce((sum, row) => sum + (row.total_tokens ?? 0), 0);
  assert.ok(used >= 4 * tokens, `${used} of ${4 * tokens}`);

  const restarted = await restart(second);
  second = restarted;
  const after = await eventually('the new process knows the day', async () => {
    const response = await send(key, { proxy: restarted });
    return response.status === 429 ? response : null;
  });
  assertRefusal(after, 429, /for a day/);
});

async function restart(proxy) {
  await proxy.stop();
  return stack.restartProxy(proxy);
}

it('the SDK stops at once at the limit of a day', async () => {
  const key = await limitedKey({ tokens_per_day: 1 });
  assert.equal((await send(key)).status, 200);
  let requests = 0;
  const client = new Anthropic({
    apiKey: key.token,
    baseURL: stack.proxy.url,
    maxRetries: 5,
    fetch: (...args) => {
      requests += 1;
      return fetch(...args);
    },
  });
  const messages = [{ role: 'user', content: 'Hello' }];
  await assert.rejects(client.messages.create({ model, max_tokens: 8, messages }), (error) => {
    assert.ok(error instanceof Anthropic.RateLimitError);
    assert.match(error.message, /has used the 1 tokens that it has for a day/);
    return true;
  });
  assert.equal(requests, 1);
});
