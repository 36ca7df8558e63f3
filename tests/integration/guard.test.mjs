// Who may come, by address: connections, wrong keys, and what trusted proxies say of whom they
// speak for.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, adminKey, test } from './harness.mjs';
import { messageBody, messageHeaders, messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRefusal } from './support/refusals.mjs';
import { assertRow } from './support/rows.mjs';

let stack;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (headers = {}) => messageRequest(stack.token.token, '', { headers });
const withKey = (key, headers = {}) => ({
  headers: messageHeaders(key, headers),
  body: messageBody(''),
});
const from = (address) => ({ 'x-forwarded-for': address });

/** A proxy that knows the key, which a try by a wrong one would not tell without being counted. */
async function addProxy(config) {
  const proxy = await stack.addProxy(config);
  const probe = { method: 'GET', target: '/readyz' };
  await eventually('it is ready', async () => (await roundTrip(proxy.port, probe)).status === 200);
  return proxy;
}

async function metrics(port) {
  const { body } = await roundTrip(port, { method: 'GET', target: '/metrics' });
  return (name) => Number(body.toString().split(`\n${name} `)[1].split('\n')[0]);
}

it('beyond its limit an address gets 429 for unknown keys; known keys serve on', async () => {
  const proxy = await addProxy({ limits: { max_failed_keys_per_minute: 3 } });
  for (let i = 0; i < 3; ++i) {
    assertRefusal(await roundTrip(proxy.port, withKey('sk-ccp-unknown')), 401, /not known/);
    // No key is no guess.
    assertRefusal(await roundTrip(proxy.port, withKey('')), 401, /needed/);
  }
  for (let i = 0; i < 2; ++i) {
    const blocked = await roundTrip(proxy.port, withKey('sk-ccp-unknown'));
    assertRefusal(blocked, 429, /address/);
    assert.equal(blocked.get('x-should-retry'), 'false');
    const seconds = Number(blocked.get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 60, `${seconds}`);
  }
  const served = await roundTrip(proxy.port, request());
  assert.equal(served.status, 200);
  assertRow(await stack.api.row(served.get('x-ccproxy-request-id')), { success: true });
  const probe = { method: 'GET', target: '/healthz' };
  assert.equal((await roundTrip(proxy.port, probe)).status, 200);
  const metric = await metrics(proxy.port);
  assert.equal(metric('ccproxy_blocked_addresses_total'), 1);
  assert.equal(metric('ccproxy_blocked_requests_total'), 2);
  await proxy.logged(/warning 127\.0\.0\.1 has tried as many unknown keys/);
});

it('in the format of OpenAI, too', async () => {
  const proxy = await addProxy({ limits: { max_failed_keys_per_minute: 1 } });
  const headers = { authorization: 'Bearer sk-wrong', 'content-type': 'application/json' };
  const call = { target: '/v1/chat/completions', headers, body: '{}' };
  assert.equal((await roundTrip(proxy.port, call)).status, 401);
  const blocked = await roundTrip(proxy.port, call);
  assert.equal(blocked.status, 429);
  assert.match(JSON.parse(blocked.body).error.message, /address/);
});

it('X-Forwarded-For counts from a trusted proxy alone, and reaches no upstream', async () => {
  const limits = { max_failed_keys_per_minute: 1 };
  const trusting = await addProxy({ limits, trusted_proxies: ['127.0.0.0/8', '10.0.0.0/8'] });
  const wary = await addProxy({ limits, trusted_proxies: ['10.0.0.0/8'] });
  const status = async (proxy, headers) =>
    (await roundTrip(proxy.port, withKey('sk-ccp-unknown', headers))).status;

  assert.equal(await status(trusting, from('203.0.113.1')), 401);
  assert.equal(await status(trusting, from('203.0.113.1')), 429);
  assert.equal(await status(trusting, from('203.0.113.2')), 401, 'another client');
  // What the client itself has written stands to the left of what trusted proxies add.
  assert.equal(await status(trusting, from('198.51.100.7, 203.0.113.1')), 429);
  assert.equal(await status(trusting, from('203.0.113.1, 10.1.1.1')), 429);
  assert.equal(await status(trusting, from('::ffff:203.0.113.1')), 429);
  assert.equal(await status(trusting, from('2001:db8::1')), 401);
  assert.equal(await status(trusting, from('2001:db8::2')), 429, 'of the same /64');
  await trusting.logged(/warning 203\.0\.113\.1 has tried/);

  assert.equal(await status(wary, from('203.0.113.3')), 401);
  assert.equal(await status(wary, from('203.0.113.4')), 429, 'the peer is not trusted');

  const tag = 'forwarded';
  const hidden = { forwarded: 'for=203.0.113.1', 'x-real-ip': '203.0.113.1' };
  const headers = { ...from('203.0.113.1'), ...hidden, 'x-sim-tag': tag };
  assert.equal((await roundTrip(trusting.port, request(headers))).status, 200);
  const entry = await stack.ledgerEntry(tag);
  assert.ok(!JSON.stringify(entry.headers).includes('203.0.113.1'));
});

it('connections of an address are limited, and come back', async () => {
  const proxy = await addProxy({ limits: { max_connections_per_address: 3 } });
  const open = [];
  const refused = await eventually('the limit is reached', async () => {
    const client = await RawClient.connect(proxy.port);
    await client.send(requestBytes(request()));
    const response = await client.response();
    if (response.status === 200) open.push(client);
    else client.close();
    return response.status === 200 ? null : response;
  });
  assertRefusal(refused, 429, /address/);
  assert.ok(open.length <= 3);
  await proxy.logged(/warning 127\.0\.0\.1 has 3 connections/);
  open.pop().close();
  await eventually('a place has come back', async () => {
    const response = await roundTrip(proxy.port, { method: 'GET', target: '/metrics' });
    return (
      response.status === 200 &&
      /refused_connections_total\{limit="max_connections_per_address"\} [1-9]/.test(response.body)
    );
  });
  for (const client of open) client.close();
});

it('connections of a trusted proxy are not limited by address', async () => {
  const config = { limits: { max_connections_per_address: 1 }, trusted_proxies: ['127.0.0.1'] };
  const proxy = await addProxy(config);
  const clients = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(proxy.port)));
  for (const client of clients) {
    await client.send(requestBytes(request()));
    assert.equal((await client.response()).status, 200);
  }
  for (const client of clients) client.close();
});

it('analyticsd refuses all keys of an address that has tried too many wrong ones', async () => {
  const limits = { max_failed_keys_per_minute: 3, max_connections_per_address: 5 };
  await stack.analytics.stop();
  await stack.startAnalytics({ limits, trusted_proxies: ['127.0.0.1'] });
  const call = (key, address) =>
    roundTrip(stack.apiPort, {
      method: 'GET',
      target: '/api/token/list',
      headers: { 'x-admin-key': key, ...from(address) },
    });
  for (let i = 0; i < 3; ++i) assert.equal((await call('wrong', '203.0.113.1')).status, 401);
  for (const key of ['wrong', adminKey]) {
    const response = await call(key, '203.0.113.1');
    assert.equal(response.status, 429);
    assert.ok(Number(response.get('retry-after')) <= 60);
  }
  assert.equal((await call(adminKey, '203.0.113.2')).status, 200);
  assert.equal((await call(adminKey, '203.0.113.1, 203.0.113.2')).status, 200);
  const open = { method: 'GET', target: '/healthz', headers: from('203.0.113.1') };
  assert.equal((await roundTrip(stack.apiPort, open)).status, 200);
  await stack.analytics.logged(/warning 203\.0\.113\.1 has tried as many wrong keys/);
});

it('analyticsd limits the connections of an address', async () => {
  await stack.analytics.stop();
  await stack.startAnalytics({ limits: { max_connections_per_address: 3 } });
  const open = [];
  const probe = requestBytes({ method: 'GET', target: '/healthz' });
  const refused = await eventually('the limit is reached', async () => {
    const client = await RawClient.connect(stack.apiPort);
    await client.send(probe);
    const response = await client.response();
    if (response.status === 200) open.push(client);
    else client.close();
    return response.status === 200 ? null : response;
  });
  assert.equal(refused.status, 429);
  assert.match(JSON.parse(refused.body).error, /address/);
  for (const client of open) client.close();
  const answer = () => roundTrip(stack.apiPort, { method: 'GET', target: '/healthz' });
  await eventually('there is room', async () => (await answer()).status === 200);
});

it('both programs listen on IPv6, and take an IPv4 client there for the same', async () => {
  const limits = { max_failed_keys_per_minute: 1 };
  const proxy = await addProxy({ listen: '[::]:0', limits });
  assert.match(proxy.log, /listening on \[::\]:\d+ /);
  assert.equal((await roundTrip(proxy.port, withKey('sk-ccp-unknown'))).status, 401);
  assert.equal((await roundTrip(proxy.port, withKey('sk-ccp-unknown'))).status, 429);
  await proxy.logged(/warning 127\.0\.0\.1 has tried/);
  await stack.analytics.stop();
  await stack.startAnalytics({ server: { listen: `[::1]:${stack.apiPort}` } });
  const answer = await fetch(`http://[::1]:${stack.apiPort}/healthz`);
  assert.equal(answer.status, 200);
});
