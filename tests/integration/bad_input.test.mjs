// Requests that are wrong, hostile or slow: each is refused in the API's own words, reaches no
// upstream, and leaves the proxy serving.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';

import { Stack, test } from './harness.mjs';
import { messageBody, messageHeaders, messageRequest, model } from './support/messages.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRefusal } from './support/refusals.mjs';
import { assertRow } from './support/rows.mjs';

const maxHeadBytes = 8192;
const maxBodyBytes = 256 * 1024;
let stack;
before(async () => {
  stack = await Stack.start({
    proxy: {
      limits: { max_head_bytes: maxHeadBytes, max_body_bytes: maxBodyBytes },
      timeouts: { client_head: '400ms', client_body: '400ms', client_idle: '5s' },
    },
  });
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (steering, more) => messageRequest(stack.token.token, steering, more);

/** A normal request works, has its row, and of what came before `unrecorded` has none. */
async function goesOn(unrecorded = []) {
  const response = await roundTrip(stack.proxy.port, request('', { stream: true }));
  assert.equal(response.status, 200);
  const row = await stack.api.row(response.get('x-ccproxy-request-id'));
  assertRow(row, { success: true });
  // Rows come in order, so that what would precede this one is there by now.
  for (const id of unrecorded) {
    assert.equal((await stack.api.call('GET', `/api/logs/requests/${id}`)).status, 404);
  }
}

const body = messageBody('');
const length = Buffer.byteLength(body);
const smuggled = 'GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n';
const chunks = `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
/** A head with the key; what `lines` say comes behind it. */
const head = (lines, start = 'POST /v1/messages HTTP/1.1') =>
  `${start}\r\nx-api-key: ${stack.token.token}\r\nanthropic-version: 2023-06-01\r\n${lines}`;
const host = 'host: x\r\n';

const attacks = {
  'Transfer-Encoding: gzip': () => head(`${host}transfer-encoding: gzip\r\n\r\n${body}`),
  'Transfer-Encoding: xchunked': () => head(`${host}transfer-encoding: xchunked\r\n\r\n${chunks}`),
  'Transfer-Encoding: chunked, gzip': () =>
    head(`${host}transfer-encoding: chunked, gzip\r\n\r\n${chunks}`),
  'Transfer-Encoding: gzip, chunked': () =>
    head(`${host}transfer-encoding: gzip, chunked\r\n\r\n${chunks}`),
  'Transfer-Encoding: identity': () =>
    head(`${host}transfer-encoding: identity\r\ncontent-length: ${length}\r\n\r\n${body}`),
  'an empty Transfer-Encoding': () => head(`${host}transfer-encoding: \r\n\r\n${chunks}`),
  'two Transfer-Encodings': () =>
    head(`${host}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`),
  'Transfer-Encoding beside Content-Length': () =>
    head(`${host}content-length: ${length}\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`),
  'Transfer-Encoding in HTTP/1.0': () =>
    head(`${host}transfer-encoding: chunked\r\n\r\n${chunks}`, 'POST /v1/messages HTTP/1.0'),
  'two equal Content-Lengths': () =>
    head(`${host}content-length: ${length}\r\ncontent-length: ${length}\r\n\r\n${body}`),
  'two different Content-Lengths': () =>
    head(`${host}content-length: ${length}\r\ncontent-length: 3\r\n\r\n${body}`),
  'a list as Content-Length': () =>
    head(`${host}content-length: ${length}, ${length}\r\n\r\n${body}`),
  'a negative Content-Length': () => head(`${host}content-length: -1\r\n\r\n`),
  'a signed Content-Length': () => head(`${host}content-length: +${length}\r\n\r\n${body}`),
  'a hexadecimal Content-Length': () => head(`${host}content-length: 0x10\r\n\r\n${body}`),
  'an empty Content-Length': () => head(`${host}content-length: \r\n\r\n${body}`),
  'a Content-Length beyond 64 bits': () =>
    head(`${host}content-length: 99999999999999999999999\r\n\r\n${body}`),
  'no Host': () => head(`content-length: ${length}\r\n\r\n${body}`),
  'two Hosts': () => head(`${host}host: y\r\ncontent-length: ${length}\r\n\r\n${body}`),
  'a folded line': () => head(`${host}x-a: b\r\n c\r\ncontent-length: ${length}\r\n\r\n${body}`),
  'a folded first line': () => head(`${host}\r\n\r\n`, 'POST /v1/messages HTTP/1.1\r\n x: y'),
  'a bare LF': () => head(`${host}x-a: b\ncontent-length: ${length}\r\n\r\n${body}`),
  'a bare CR': () => head(`${host}x-a: b\rc: d\r\ncontent-length: ${length}\r\n\r\n${body}`),
  'a NUL in a value': () => head(`${host}x-a: b\0c\r\ncontent-length: ${length}\r\n\r\n${body}`),
  'a control character': () =>
    head(`${host}x-a: b\x01\r\ncontent-length: ${length}\r\n\r\n${body}`),
  'a space before a colon': () => head(`${host}content-length : ${length}\r\n\r\n${body}`),
  'a header without a colon': () => head(`${host}nonsense\r\n\r\n`),
  'an empty header name': () => head(`${host}: x\r\n\r\n`),
  'a target with a space': () => head(`${host}\r\n`, 'GET /v1/mod els HTTP/1.1'),
  'a target that is not ASCII': () => head(`${host}\r\n`, 'GET /v1/modéls HTTP/1.1'),
  'dot segments': () => head(`${host}\r\n`, 'GET /v1/../admin HTTP/1.1'),
  'encoded dot segments': () => head(`${host}\r\n`, 'GET /v1/%2e%2E/admin HTTP/1.1'),
  'a backslash': () => head(`${host}\r\n`, 'GET /v1/..\\admin HTTP/1.1'),
  'a fragment': () => head(`${host}\r\n`, 'GET /v1/models#x HTTP/1.1'),
  'an authority as target': () => head(`${host}\r\n`, 'CONNECT example.com:443 HTTP/1.1'),
  'an asterisk as target': () => head(`${host}\r\n`, 'OPTIONS * HTTP/1.1'),
  'HTTP/2.0': () => head(`${host}\r\n`, 'GET /v1/models HTTP/2.0'),
  'HTTP/0.9': () => 'GET /v1/models\r\n\r\n',
  'a TLS handshake': () => Buffer.from('16030100f4010000f00303', 'hex') + '\r\n\r\n',
};

it('every framing attack is refused, its connection closed, nothing forwarded', async () => {
  const { length: known } = await stack.ledger();
  const ids = [];
  for (const [name, bytes] of Object.entries(attacks)) {
    const client = await RawClient.connect(stack.proxy.port);
    await client.send(bytes() + smuggled);
    const response = await client.response();
    try {
      ids.push(assertRefusal(response, 400));
      assert.equal(response.get('connection'), 'close');
      await client.until('the end', () => client.ending);
      assert.equal(client.bytes.length, 0, 'nothing is answered behind the refusal');
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
    client.close();
  }
  assert.equal((await stack.ledger()).length, known, 'nothing reached the upstream');
  assert.equal((await stack.simStats()).malformed, 0);
  await goesOn(ids);
});

it('malformed chunks are refused, and recorded since the token is known', async () => {
  const bad = {
    'a size beyond 64 bits': 'fffffffffffffffff\r\n',
    'a size of 2^64 - 1': 'ffffffffffffffff\r\n',
    'no size': '\r\nx',
    'a negative size': '-1\r\n',
    'a size with 0x': '0x5\r\nhello\r\n0\r\n\r\n',
    'a bare LF': '5\nhello\n0\n\n',
    'data beyond its size': '3\r\nhello\r\n0\r\n\r\n',
    'an endless extension': `5;${'x'.repeat(40_000)}`,
    'endless trailers': `0\r\n${'x-y: z\r\n'.repeat(8000)}`,
    'a LF in an extension': '5;a\nb\r\nhello\r\n0\r\n\r\n',
  };
  for (const [name, bytes] of Object.entries(bad)) {
    const client = await RawClient.connect(stack.proxy.port);
    await client.send(head(`${host}transfer-encoding: chunked\r\n\r\n${bytes}${smuggled}`));
    const response = await client.response();
    assert.equal(response.get('connection'), 'close', name);
    const id = assertRefusal(response, 400, /chunks/);
    const expected = { status_code: 400, success: false, usage_source: 'none', attempts: 0 };
    assertRow(await stack.api.row(id), { ...expected, error_message: /chunks/, account_id: null });
    client.close();
  }
  await goesOn();
});

it('a head or a body that is too large', async () => {
  const { token } = stack.token;
  const large = requestBytes(request('', { headers: { 'x-pad': 'p'.repeat(maxHeadBytes) } }));
  const unrecorded = [assertRefusal(await roundTrip(stack.proxy.port, large), 431)];
  const endless = await RawClient.connect(stack.proxy.port);
  await endless.send(`GET /${'x'.repeat(maxHeadBytes + 1)}`);
  unrecorded.push(assertRefusal(await endless.response(), 431));
  endless.close();

  const tooLong = Buffer.alloc(maxBodyBytes + 1, ' ');
  const asChunks = Buffer.concat([
    Buffer.from(`${tooLong.length.toString(16)}\r\n`),
    tooLong,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  const bomb = gzipSync(Buffer.alloc(maxBodyBytes * 20, ' '));
  const refused = [
    [413, {}, tooLong],
    [413, { 'transfer-encoding': 'chunked' }, asChunks],
    [400, { 'content-encoding': 'gzip' }, bomb],
    [400, { 'content-encoding': 'gzip' }, Buffer.from('not gzip')],
    [415, { 'content-encoding': 'br' }, Buffer.from('xx')],
  ];
  for (const [status, headers, bytes] of refused) {
    const whole = { headers: messageHeaders(token, headers), body: bytes };
    const id = assertRefusal(await roundTrip(stack.proxy.port, whole), status);
    assertRow(await stack.api.row(id), { status_code: status, success: false, attempts: 0 });
  }
  // A body that is announced is refused before it is sent.
  const announced = await RawClient.connect(stack.proxy.port);
  await announced.send(head(`${host}expect: 100-continue\r\ncontent-length: 5000000\r\n\r\n`));
  assertRefusal(await announced.response(), 413);
  assert.equal(await announced.closed(), 'end');
  await goesOn(unrecorded);
});

it('a field that is larger than a parser takes is answered', async () => {
  const lenient = await stack.addProxy({ limits: { max_head_bytes: '256KiB' } });
  await stack.untilKnown(lenient, stack.token.token);
  const headers = messageHeaders(stack.token.token, { 'x-pad': 'p'.repeat(100_000) });
  const answer = await roundTrip(lenient.port, { headers, body });
  assert.ok([200, 400, 431].includes(answer.status), `the status is ${answer.status}`);
});

it('a body that is not a JSON object is refused and keeps the connection', async () => {
  const client = await RawClient.connect(stack.proxy.port);
  const headers = messageHeaders(stack.token.token);
  for (const text of ['', 'nonsense', '[1,2]', '"text"', '{"model":', `${body}}`, '{"a":"\xff"']) {
    await client.send(
      requestBytes({
        headers: { ...headers, 'content-length': Buffer.byteLength(text) },
        body: text,
      }),
    );
    const response = await client.response();
    const id = assertRefusal(response, 400, /JSON/);
    assert.equal(response.get('connection'), undefined, text);
    assertRow(await stack.api.row(id), { status_code: 400, success: false, model: null });
  }
  await client.send(requestBytes(request('')));
  assert.equal((await client.response()).status, 200);
  client.close();
});

it('deep nesting costs no stack', async () => {
  const depth = 100_000;
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ]) {
    const nested = open.repeat(depth / open.length) + '1' + close.repeat(depth / open.length);
    const text = `{"model":"${model}","metadata":{"user_id":"x"},"messages":${nested}}`;
    const whole = { headers: messageHeaders(stack.token.token), body: text };
    const response = await roundTrip(stack.proxy.port, whole);
    assert.equal(response.status, 400, 'the upstream refuses it');
    const row = await stack.api.row(response.get('x-ccproxy-request-id'));
    assertRow(row, { status_code: 400, success: false, model });
  }
  const userId = { metadata: { user_id: '{"a":'.repeat(20_000) } };
  const text = messageBody('', userId);
  const response = await roundTrip(stack.proxy.port, {
    headers: messageHeaders(stack.token.token),
    body: text,
  });
  assert.equal(response.status, 200);
  await goesOn();
});
