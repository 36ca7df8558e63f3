// What passes through the proxy is what was sent: bodies in every framing, both ways.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';

import { Stack, accountKey, test } from './harness.mjs';
import {
  messageBody,
  messageHeaders,
  messageRequest,
  readEvents,
  streamedText,
} from './support/messages.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';
import { Tee } from './support/upstreams.mjs';

let stack;
let tee;
before(async () => {
  stack = new Stack();
  await stack.startSim();
  await stack.startAnalytics();
  tee = await Tee.start(stack.sim.port);
  stack.proxy = await stack.addProxy({ accounts: [stack.account(tee.url)] });
  stack.token = await stack.api.generate('main');
  await stack.untilKnown(stack.proxy, stack.token.token);
});
after(async () => {
  tee?.close();
  await stack?.stop();
});

const it = (name, body) => test(name, () => stack, body);
const request = (steering, more) => messageRequest(stack.token.token, steering, more);
const rowOf = (response) => stack.api.row(response.get('x-ccproxy-request-id'));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A normal request, to show that the proxy goes on. */
async function goesOn() {
  const response = await roundTrip(stack.proxy.port, request(''));
  assert.equal(response.status, 200);
}

const framings = {
  'chunks of events': 'events=20; flush',
  'one chunk': 'events=20; one_chunk',
  'chunks of 7 bytes': 'events=20; chunk_bytes=7',
  'chunk extensions': 'events=20; chunk_ext',
  'trailer fields': 'events=20; trailers',
  'a Content-Length': 'events=20; content_length',
  'the end of the connection': 'events=20; close_delimited',
  'HTTP/1.0': 'events=20; http10',
  'one byte at a time': 'events=5; byte_by_byte',
  'one byte at a time, with extensions and trailers': 'events=5; byte_by_byte; chunk_ext; trailers',
  'CR LF in the stream': 'events=20; crlf',
  gzip: 'events=20; gzip',
  'gzip, one byte at a time': 'events=5; gzip; byte_by_byte',
  'gzip with a Content-Length': 'events=20; gzip; content_length',
  'interim answers': 'events=20; continue_100',
  'a large body': 'events=300; delta_bytes=20000',
  'a large body of odd chunks': 'events=100; delta_bytes=20000; chunk_bytes=4099',
  'a connection that closes': 'events=20; no_keepalive',
};

for (const [name, steering] of Object.entries(framings)) {
  for (const stream of [true, false]) {
    it(`${stream ? 'streamed' : 'plain'}: ${name}`, async () => {
      const response = await roundTrip(stack.proxy.port, request(steering, { stream }));
      const sent = tee.lastResponse();
      assert.equal(response.status, 200);
      assert.ok(response.complete);
      assert.equal(sha256(response.body), sha256(sent.body), 'the body');
      assert.equal(response.framing, sent.framing === 'length' ? 'length' : 'chunked');
      for (const field of ['content-type', 'content-encoding', 'request-id', 'via']) {
        assert.equal(response.get(field), sent.get(field), field);
      }
      const inflated = sent.get('content-encoding') ? gunzipSync(response.body) : response.body;
      const said = stream
        ? readEvents(inflated).findLast(({ data }) => data.usage).data.usage
        : JSON.parse(inflated).usage;
      assertRow(await rowOf(response), {
        success: true,
        stream,
        usage_source: 'final',
        completion_tokens: said.output_tokens,
        upstream_request_id: sent.get('request-id'),
      });
    });
  }
}

it('a client of HTTP/1.0 gets no chunks, and the end of the connection', async () => {
  for (const stream of [true, false]) {
    const response = await roundTrip(
      stack.proxy.port,
      request('events=20', { stream, version: '1.0' }),
    );
    assert.equal(response.framing, stream ? 'close' : 'length');
    assert.equal(sha256(response.body), sha256(tee.lastResponse().body));
    assertRow(await rowOf(response), { success: true, stream });
  }
});

it('HEAD and bodiless statuses have no body and keep the connection', async () => {
  const client = await RawClient.connect(stack.proxy.port);
  const headers = messageHeaders(stack.token.token);
  await client.send(requestBytes({ method: 'HEAD', target: '/v1/models', headers }));
  const head = await client.response({ method: 'HEAD' });
  assert.equal(head.status, 200);
  await client.send(requestBytes(request('status=204')));
  const empty = await client.response();
  assert.equal(empty.status, 204);
  assert.equal(empty.get('content-length'), undefined);
  assert.equal(empty.get('transfer-encoding'), undefined);
  assertRow(await rowOf(empty), { status_code: 204, usage_source: 'none' });
  await client.send(requestBytes(request('')));
  assert.equal((await client.response()).status, 200);
  client.close();
});

it('many requests, pipelined, over one connection', async () => {
  const client = await RawClient.connect(stack.proxy.port);
  const all = [];
  for (let i = 0; i < 30; ++i) {
    all.push(requestBytes(request(`text=answer-${i}`, { stream: i % 2 === 0 })));
  }
  await client.send(Buffer.concat(all));
  for (let i = 0; i < 30; ++i) {
    const response = await client.response();
    assert.equal(response.status, 200);
    const text =
      i % 2 === 0 ? streamedText(response.body) : JSON.parse(response.body).content[0].text;
    assert.equal(text, `answer-${i}`);
    assertRow(await rowOf(response), { success: true });
  }
  client.close();
});

it('Expect: 100-continue is answered before the body is sent', async () => {
  const client = await RawClient.connect(stack.proxy.port);
  const whole = request('', { headers: { expect: '100-continue' } });
  whole.headers['x-sim-tag'] = 'expects';
  whole.headers['content-length'] = whole.body.length;
  await client.send(requestBytes({ ...whole, body: '' }));
  assert.equal((await client.response()).status, 100);
  await client.send(whole.body);
  assert.equal((await client.response()).status, 200);
  assert.equal((await stack.ledgerEntry('expects')).headers.expect, undefined);
  client.close();
});

it('bodies of requests reach the upstream byte for byte', async () => {
  const text = messageBody('', { padding: 'ü'.repeat(300_000) });
  const chunked = (bytes, size) => {
    const chunks = [];
    for (let at = 0; at < bytes.length; at += size) {
      const part = bytes.subarray(at, at + size);
      chunks.push(Buffer.from(`${part.length.toString(16)};a="b"\r\n`), part, Buffer.from('\r\n'));
    }
    return Buffer.concat([...chunks, Buffer.from('0\r\nx-trailer: 1\r\n\r\n')]);
  };
  const encodings = {
    plain: [{}, Buffer.from(text)],
    gzip: [{ 'content-encoding': 'gzip' }, gzipSync(text)],
    chunked: [{ 'transfer-encoding': 'chunked' }, chunked(Buffer.from(text), 997)],
    'gzip-chunked': [
      { 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' },
      chunked(gzipSync(text), 3),
    ],
  };
  for (const [tag, [headers, body]] of Object.entries(encodings)) {
    const all = messageHeaders(stack.token.token, { ...headers, 'x-sim-tag': tag });
    const response = await roundTrip(stack.proxy.port, { headers: all, body });
    assert.equal(response.status, 200, tag);
    const entry = await stack.ledgerEntry(tag);
    assert.equal(entry.body_sha256, sha256(text), tag);
    assert.equal(entry.headers['content-encoding'], headers['content-encoding']);
    assert.equal(entry.headers['transfer-encoding'], undefined);
    assertRow(await rowOf(response), { success: true, model: 'claude-sonnet-4-20250514' });
  }
});

it('targets: doubled /v1, absolute form, queries', async () => {
  const targets = {
    '/v1/v1/messages': '/v1/messages',
    'http://api.anthropic.com/v1/messages?beta=true': '/v1/messages?beta=true',
    'HTTPS://api.anthropic.com/v1/v1/messages?a=%20b&c': '/v1/messages?a=%20b&c',
  };
  for (const [target, expected] of Object.entries(targets)) {
    const response = await roundTrip(
      stack.proxy.port,
      request('', { target, headers: { 'x-sim-tag': target } }),
    );
    assert.equal(response.status, 200, target);
    assert.equal((await stack.ledgerEntry(target)).target, expected);
    assertRow(await rowOf(response), { success: true });
  }
});

it('the probes and telemetry of clients need no key and are not recorded', async () => {
  const { total } = await stack.api.logs();
  const client = await RawClient.connect(stack.proxy.port);
  for (const [method, target] of [
    ['HEAD', '/'],
    ['HEAD', '/api/hello'],
    ['GET', '/api/hello'],
  ]) {
    await client.send(requestBytes({ method, target }));
    assert.equal((await client.response({ method })).status, 200, target);
  }
  const events = { target: '/api/event_logging/batch', body: '{"events":[]}' };
  await client.send(requestBytes(events));
  assert.equal((await client.response()).status, 200);
  await client.send(requestBytes(request('')));
  await rowOf(await client.response());
  assert.equal((await stack.api.logs()).total, total + 1);
  client.close();
});

it('no other spelling of a path is a way past the log', async () => {
  const passed = [];
  const targets = ['/v1/%6dessages', '/v1//messages', '/v1/messages/', '/v1/messages;a=b'];
  for (const target of targets) {
    const before = (await stack.ledger()).length;
    const response = await roundTrip(stack.proxy.port, request('', { target }));
    const id = response.get('x-ccproxy-request-id');
    const { status } = await stack.api.call('GET', `/api/logs/requests/${id}`);
    if ((await stack.ledger()).length > before && status !== 200) passed.push(target);
  }
  assert.deepEqual(passed, [], 'forwarded as messages might be, and not recorded');
});

it('the time to the first token is that of the first delta, not of the head', async () => {
  const steering = 'events=3; first_delay_ms=50; ttft_delay_ms=150; delay_ms=40';
  const client = await RawClient.connect(stack.proxy.port);
  const sentAt = performance.now();
  await client.send(requestBytes(request(steering, { stream: true })));
  await client.received('content_block_delta');
  const seenMs = performance.now() - sentAt;
  const row = await rowOf(await client.response());
  client.close();
  assertRow(row, { success: true, ttft_ms: (ms) => ms >= 195, duration_ms: (ms) => ms >= 270 });
  assert.ok(row.ttft_ms <= seenMs + 1, 'what follows the first delta is not part of it');
});

it('no key crosses the proxy', async () => {
  const key = stack.token.token;
  const credentials = [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }];
  credentials.push({ 'x-api-key': 'other', authorization: `bearer ${key}`, cookie: `k=${key}` });
  for (const [i, credential] of credentials.entries()) {
    const headers = { 'anthropic-version': '2023-06-01', 'x-sim-tag': `keys-${i}`, ...credential };
    const client = await RawClient.connect(stack.proxy.port);
    await client.send(requestBytes({ headers, body: messageBody('') }));
    const response = await client.response();
    assert.equal(response.status, 200);
    const entry = await stack.ledgerEntry(`keys-${i}`);
    assert.ok(!JSON.stringify(entry).includes(key), 'the key of the client');
    assert.equal(entry.headers['x-api-key'], accountKey);
    const seen = JSON.stringify(response.headers) + response.body;
    assert.ok(!seen.includes(accountKey), 'the key of the account');
    client.close();
  }
  assert.ok(!stack.logs().includes(key) && !stack.logs().includes(accountKey), 'the logs');
  await goesOn();
});
