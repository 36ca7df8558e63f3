// Web mode where something goes wrong: at the backend, on the way, or in what is asked of the proxy.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { test } from './harness.mjs';
import { messageRequest, model } from './support/messages.mjs';
import { failureOf } from './support/openai.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';
import { HandPlayedUpstream } from './support/upstreams.mjs';
import { WebStack, ask, sessionKey, tokens } from './support/web.mjs';

let web;
before(async () => {
  web = await WebStack.start();
});
after(async () => {
  // Whatever went wrong above: the credential stands in no log.
  const logs = web?.stack?.logs() ?? '';
  await web?.stop();
  assert.ok(!logs.includes(sessionKey), 'a session key was logged');
});

const it = (what, body) => test(`web: ${what}`, () => web?.stack, body);
const rowOf = (response) => web.stack.api.row(response.get('x-ccproxy-request-id'));
const request = (steering, more) => messageRequest(web.token.token, steering, more);
const closedPort = 'http://127.0.0.1:1'; // Nothing listens there.

/** Two accounts; without sessions, the first is asked first. */
const pair = (over = {}) => [
  web.account('first', { weight: 1000, ...over }),
  web.account('second', { weight: 1 }),
];
const at = (steering) => `for_key=first; ${steering}`;

// What the first account does: to a completion, or to the calls before it. `status` is what the client gets, `tried`
// lists the row's attempts as account and status.
const moved = (error) => ({ status: 200, success: true, tried: [`first ${error}`, 'second 200'] });
const faults = [
  ['429', { steering: 'status=429', ...moved(429) }],
  ['429 that tells when the limit ends', { steering: 'status=429; resets_in=90', ...moved(429) }],
  ['500', { steering: 'status=500', ...moved(500) }],
  ['529', { steering: 'status=529', ...moved(529) }],
  ['401', { steering: 'status=401', ...moved(401) }],
  ['a page with 403', { steering: 'status=403; html', ...moved(403) }],
  ['a redirect', { steering: 'status=302', ...moved(502) }],
  ['400', { steering: 'status=400', status: 400 }],
  ['connection refused', { over: { base_url: closedPort }, ...moved('-') }],
  ['reset after the whole request', { steering: 'reset_before_head', status: 502, tried: ['first -'] }],
  ['closed after the whole request', { steering: 'cut_before_head', status: 502, tried: ['first -'] }],
  ['silence after the whole request', { steering: 'silent', status: 504, tried: ['first -'] }],
  ['no event stream', { steering: 'garbage=json', status: 502, tried: ['first -'] }],
  ['not HTTP', { steering: 'garbage=head', status: 502, tried: ['first -'] }],
  ['creation: 500', { call: 'create', steering: 'status=500', ...moved(500) }],
  ['creation: 429', { call: 'create', steering: 'status=429; resets_in=90', ...moved(429) }],
  ['creation: 404', { call: 'create', steering: 'status=404', ...moved(502) }],
  ['creation: closed', { call: 'create', steering: 'cut_before_head', ...moved('-') }],
  ['creation: reset', { call: 'create', steering: 'reset_before_head', ...moved('-') }],
  ['creation: half an answer', { call: 'create', steering: 'cut_after=1', ...moved('-') }],
  ['creation: silence', { call: 'create', steering: 'silent', ...moved('-') }],
  ['organizations: a page', { call: 'organizations', steering: 'status=403; html', ...moved(403) }],
  ['organizations: nonsense', { call: 'organizations', steering: 'garbage=json', ...moved(502) }],
  ['organizations: too much', { call: 'organizations', steering: 'big_head=100000', ...moved('-') }],
];

for (const [fault, expected] of faults) {
  it(`failing over: ${fault}`, async () => {
    const timeouts = { first_byte: expected.steering === 'silent' ? '300ms' : '30s' };
    const proxy = await web.addProxy(pair(expected.over), { timeouts });
    if (expected.call) await web.steer(expected.call, at(expected.steering));
    const steering = expected.call || !expected.steering ? '' : at(expected.steering);
    for (const stream of [false, true]) {
      const headers = { 'x-proxy-mode': 'web' };
      const response = await roundTrip(proxy.port, request(steering, { stream, headers }));
      if (stream && expected.tried?.length === 2) {
        assert.equal(response.status, 200); // By the second alone, where the first is paused.
        continue;
      }
      assert.equal(response.status, expected.status, response.body.toString());
      const row = await rowOf(response);
      const tried = row.attempts_detail?.map((try_) => `${try_.account_id} ${try_.status ?? '-'}`);
      assert.deepEqual(tried ?? null, expected.tried ?? null);
      assertRow(row, {
        mode: 'web',
        status_code: expected.status,
        success: expected.success ?? false,
        usage_source: expected.success ? 'estimated' : 'none',
      });
    }
    if (expected.call) await web.steer(expected.call);
    await web.untilDeleted();
    await proxy.stop();
  });
}

it('what the client is told of an error, in the shape of its API', async () => {
  const cases = [
    ['status=429; resets_in=90', 429, /the account's limit is reached \(exceeded_limit\)/],
    ['status=529', 529, /Overloaded/],
    ['status=403; html', 403, /answered 403 with something that is no error/],
    ['status=400', 400, /Simulated invalid request/],
  ];
  for (const [steering, status, message] of cases) {
    const { messages } = ask(steering);
    for (const [client, asked] of [
      [Anthropic, (proxy) => web.anthropic(proxy).messages.create(ask(steering))],
      [OpenAI, (proxy) => web.openai(proxy).chat.completions.create({ model, messages })],
    ]) {
      const proxy = await web.addProxy([web.account()]);
      const failed = await failureOf(asked(proxy));
      assert.ok(failed instanceof client.APIError, failed);
      assert.equal(failed.status, status);
      assert.match(failed.message, message);
      assert.doesNotMatch(failed.message, /DOCTYPE/);
      if (status === 429) {
        const seconds = Number(failed.headers.get('retry-after'));
        assert.ok(seconds > 80 && seconds <= 90, `retry-after ${seconds}`);
      }
      assertRow(await web.row(failed.headers), {
        status_code: status,
        success: false,
        usage_source: 'none',
        error_message: message,
      });
      await proxy.stop();
    }
  }
  await web.untilDeleted();
});

it('errors in mid-stream', async () => {
  for (const dialect of ['messages', 'completion']) {
    const steering = `dialect=${dialect}; events=30; sse_error=overloaded_error; error_after=12`;
    const streamed = web.anthropic().messages.stream(ask(steering));
    const { response } = await streamed.withResponse();
    const failed = await failureOf(streamed.finalMessage());
    assert.ok(failed instanceof Anthropic.APIError, failed);
    assert.match(failed.message, /Overloaded/);
    const row = await web.row(response.headers);
    assertRow(row, { status_code: 200, success: false, usage_source: 'estimated' });
    assertRow(row, { error_message: /overloaded_error: Overloaded/, completion_tokens: (n) => n > 0 });

    const plain = await failureOf(web.anthropic().messages.create(ask(steering)));
    assert.equal(plain.status, 529);
    assert.match(plain.message, /Overloaded/);
    assertRow(await web.row(plain.headers), {
      status_code: 529,
      success: false,
      usage_source: 'estimated',
    });
  }
  await web.untilDeleted();
});

it('answers that break off are never taken for whole ones', async () => {
  for (const dialect of ['messages', 'completion']) {
    for (const fault of ['reset_after=5', 'cut_after=5', 'cut_after=5; close_delimited']) {
      const steering = `dialect=${dialect}; events=20; flush; delay_ms=1; ${fault}`;
      const streamed = web.anthropic().messages.stream(ask(steering));
      const { response } = await streamed.withResponse();
      await failureOf(streamed.finalMessage());
      const row = await web.row(response.headers);
      assertRow(row, { status_code: 200, success: false, usage_source: 'estimated' });
      assertRow(row, { error_message: /upstream/, completion_tokens: (n) => n > 0 });
      const plain = await failureOf(web.anthropic().messages.create(ask(steering)));
      assert.equal(plain.status, 502, `${steering}: ${plain}`);
      const failed = await web.row(plain.headers);
      assertRow(failed, { status_code: 502, success: false, usage_source: 'estimated', attempts: 1 });
    }
  }
  await web.untilDeleted();
});

it('a backend that repeats the credential is not repeated', async () => {
  const upstream = await HandPlayedUpstream.start();
  const account = web.account('echoed', { base_url: upstream.url, organization_id: 'org' });
  const proxy = await web.addProxy([account]);
  const asked = roundTrip(proxy.port, request(''));
  const connection = await upstream.connection();
  await upstream.request(connection);
  const message = `the key ${sessionKey}-echoed is not known`;
  const body = JSON.stringify({ type: 'error', error: { type: 'permission_error', message } });
  connection.socket.write(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const response = await asked;
  assert.equal(response.status, 403);
  assert.match(response.body.toString(), /the key … is not known/);
  assert.ok(!(await rowOf(response)).error_message.includes(sessionKey));
  assert.ok(!proxy.log.includes(sessionKey));
  upstream.close();
  await proxy.stop();
});

it('a client that leaves while the conversation is being made', async () => {
  const upstream = await HandPlayedUpstream.start();
  const account = web.account('slow', { base_url: upstream.url, organization_id: 'org' });
  const proxy = await web.addProxy([account]);
  const client = await RawClient.connect(proxy.port);
  const headers = { 'x-claude-code-session-id': 'left-early' };
  await client.send(requestBytes(request('', { headers })));
  const connection = await upstream.connection();
  const created = await upstream.request(connection);
  client.reset();
  const [row] = await web.stack.api.rows({ conversation_id: 'left-early' }, 1);
  assertRow(row, { status_code: 499, success: false, usage_source: 'none', mode: 'web' });
  // It may have been made all the same.
  const made = JSON.parse(created.slice(created.indexOf('\r\n\r\n') + 4)).uuid;
  const deletion = await upstream.request(await upstream.connection());
  assert.ok(deletion.startsWith(`DELETE /api/organizations/org/chat_conversations/${made} `));
  upstream.close();
  await proxy.stop();
});

it('an answer that is drained for a client that left is counted to its end', async () => {
  const proxy = await web.addProxy([web.account()], { on_client_abort: 'drain' });
  const steering = 'events=40; delta_bytes=7; delay_ms=2';
  const client = await RawClient.connect(proxy.port);
  const headers = { 'x-claude-code-session-id': 'drained' };
  await client.send(requestBytes(request(steering, { stream: true, headers })));
  await client.received('content_block_delta');
  client.reset();
  const [row] = await web.stack.api.rows({ conversation_id: 'drained' }, 1);
  assertRow(row, { status_code: 499, usage_source: 'estimated', stop_reason: 'end_turn' });
  assertRow(row, { completion_tokens: tokens('x'.repeat(280)) });
  await web.untilDeleted();
  await proxy.stop();
});

it('a proxy that stops still deletes', async () => {
  const proxy = await web.addProxy([web.account()]);
  const client = await RawClient.connect(proxy.port);
  await client.send(requestBytes(request('events=30; delay_ms=5', { stream: true })));
  await client.received('content_block_delta');
  proxy.signal('SIGTERM');
  const response = await client.response();
  assert.ok(response.complete);
  assert.deepEqual(await proxy.ended, { code: 0, signal: null });
  assert.deepEqual(await web.conversations(), []);
  client.close();
});

// The mode of the key, the header, the modes of the accounts; the mode that serves, or why none does.
const modes = [
  ['both', null, 'api+web', 'api'],
  ['both', 'web', 'api+web', 'web'],
  ['both', 'api', 'api+web', 'api'],
  ['api', null, 'api+web', 'api'],
  ['web', null, 'api+web', 'web'],
  ['web', 'web', 'api+web', 'web'],
  ['api', 'web', 'api+web', /asks for the mode web, and this key allows the mode api only/],
  ['web', 'api', 'api+web', /asks for the mode api, and this key allows the mode web only/],
  ['both', null, 'web', 'web'],
  ['both', null, 'api', 'api'],
  ['both', 'api', 'web', /no account of the mode api, which X-Proxy-Mode asks for/],
  ['both', 'web', 'api', /no account of the mode web, which X-Proxy-Mode asks for/],
  ['api', null, 'web', /no account of the mode api, the only one that this key allows/],
  ['web', null, 'api', /no account of the mode web, the only one that this key allows/],
];

it('the key, the header and the accounts decide the mode together', async () => {
  const accounts = { web: [web.account()], api: [web.stack.account()] };
  accounts['api+web'] = [...accounts.api, ...accounts.web];
  const proxies = {};
  const keys = {};
  for (const mode of ['api', 'web', 'both']) {
    keys[mode] = await web.stack.api.generate(`allows-${mode}`, { mode });
  }
  for (const name of Object.keys(accounts)) {
    proxies[name] = await web.addProxy(accounts[name]);
    for (const key of Object.values(keys)) await web.untilTaken(key, proxies[name]);
  }
  for (const [mode, header, name, expected] of modes) {
    const what = `${mode}, ${header}, ${name}`;
    const headers = header ? { 'x-proxy-mode': header } : {};
    const response = await roundTrip(
      proxies[name].port,
      messageRequest(keys[mode].token, '', { headers }),
    );
    const row = await rowOf(response);
    if (expected instanceof RegExp) {
      assert.equal(response.status, 403, what);
      assert.match(JSON.parse(response.body).error.message, expected);
      assertRow(row, { status_code: 403, attempts: 0, error_message: expected });
    } else {
      assert.equal(response.status, 200, what);
      const usage_source = expected === 'web' ? 'estimated' : 'final';
      assertRow(row, { mode: expected, success: true, usage_source });
    }
  }
  // The same refusal for OpenAI's clients, and in a request that is not recorded.
  const client = web.openai(proxies.api, { apiKey: keys.web.token });
  const failed = await failureOf(client.chat.completions.create({ model, messages: ask().messages }));
  assert.ok(failed instanceof OpenAI.PermissionDeniedError, failed);
  assert.match(failed.message, /no account of the mode web/);
  await failureOf(web.anthropic(proxies.api, { apiKey: keys.web.token }).models.list());
  for (const proxy of Object.values(proxies)) await proxy.stop();
});

it('SIGHUP turns an API account into a web one', async () => {
  const proxy = await web.addProxy([web.stack.account(web.stack.sim.url, { id: 'turned' })]);
  assertRow((await web.create(ask(), { proxy })).row, { mode: 'api', account_id: 'turned' });
  const config = JSON.parse(readFileSync(proxy.file));
  config.accounts = [web.account('turned')];
  writeFileSync(proxy.file, JSON.stringify(config));
  const from = proxy.log.length;
  proxy.signal('SIGHUP');
  await proxy.logged(/reload: done/, from);
  await eventually('the account is a web one', async () => {
    const { row } = await web.create(ask(), { proxy });
    return row.mode === 'web' && row.success && row.account_id === 'turned';
  });
  await proxy.stop();
});
