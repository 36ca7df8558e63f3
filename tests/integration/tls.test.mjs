// TLS at the proxy's own listener: the same service, seen through it by the real SDK and by clients
// that misbehave.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Stack, test } from './harness.mjs';
import { textOf } from './support/exports.mjs';
import { messageBody, messageHeaders, messageRequest } from './support/messages.mjs';
import { eventually, runToEnd } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRefusal } from './support/refusals.mjs';
import { assertRow } from './support/rows.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
let stack;
let proxy;
let tls; // Options of a client that trusts the tests' authority.
before(async () => {
  stack = await Stack.start();
  const certs = stack.makeCerts();
  tls = { ca: readFileSync(certs('ca.pem')) };
  proxy = await addTlsProxy('shared', { timeouts: { client_head: '700ms' } });
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (steering, more) => messageRequest(stack.token.token, steering, more);
const send = (what, port = proxy.port) => roundTrip(port, what, tls);
const rowOf = (response) => stack.api.row(response.get('x-ccproxy-request-id'));
const cert = (name) => path.join(stack.dir, 'certs', name);

/** A proxy with a certificate and a key of its own to change: `files`. */
async function addTlsProxy(name, config = {}) {
  const files = {
    certificate_file: path.join(stack.dir, `${name}.pem`),
    key_file: path.join(stack.dir, `${name}.key`),
  };
  copyFileSync(cert('server.pem'), files.certificate_file);
  copyFileSync(cert('server.key'), files.key_file);
  const started = await stack.addProxy({ tls: files, ...config }, name);
  Object.assign(started, { files, url: `https://localhost:${started.port}` });
  const probe = { method: 'GET', target: '/readyz' };
  await eventually('it is ready', async () => (await send(probe, started.port)).status === 200);
  return started;
}

async function metric(name, port = proxy.port) {
  const { body } = await send({ method: 'GET', target: '/metrics' }, port);
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(body)[1]);
}

/** Runs the SDK as a program that trusts the authority, and gives what it printed. */
async function sdk(name, what) {
  const script = path.join(here, 'support/sdk_client.mjs');
  const args = [script, name, proxy.url, stack.token.token, what];
  const env = { NODE_EXTRA_CA_CERTS: cert('ca.pem') };
  const { code, output } = await runToEnd(process.execPath, args, env);
  assert.equal(code, 0, output);
  return JSON.parse(output);
}

for (const name of ['@anthropic-ai/sdk', 'anthropic-sdk-0x']) {
  it(`${name}: a message and a stream over https`, async () => {
    for (const what of ['message', 'stream']) {
      const { id, text, output } = await sdk(name, what);
      assert.ok(text.length > 0);
      const row = await stack.api.row(id);
      assertRow(row, { success: true, usage_source: 'final', completion_tokens: output });
    }
  });

  it(`${name}: a stream that its program aborts is a row with 499`, async () => {
    const { id, text } = await sdk(name, 'abort');
    const row = await stack.api.row(id);
    assertRow(row, { status_code: 499, success: false, usage_source: 'partial' });
    assert.ok(row.completion_tokens * 4 >= text.length - 4, `${row.completion_tokens} for ${text}`);
  });
}

it('TLS 1.2 and 1.3 with HTTP/1.1, nothing older', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const options = { ...tls, minVersion: version, maxVersion: version };
    const client = await RawClient.connect(proxy.port, { ...options, ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(client.socket.alpnProtocol, 'http/1.1');
    await client.send(requestBytes(request('')));
    assert.equal((await client.response()).status, 200);
    client.close();
  }
  const old = { ...tls, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
  await assert.rejects(RawClient.connect(proxy.port, old), /alert|protocol/);
  await assert.rejects(RawClient.connect(proxy.port, { ...tls, ALPNProtocols: ['h2'] }), /alert/);
});

it('one connection serves request after request, also such that come at once', async () => {
  const client = await RawClient.connect(proxy.port, tls);
  for (let i = 0; i < 20; ++i) {
    await client.send(requestBytes(request(`events=${i + 1}`, { stream: i % 2 === 0 })));
    const response = await client.response();
    assert.equal(response.status, 200);
    assert.ok(response.complete);
  }
  await client.send(Buffer.concat(Array.from({ length: 10 }, () => requestBytes(request('')))));
  for (let i = 0; i < 10; ++i) assertRow(await rowOf(await client.response()), { success: true });
  client.close();
});

/** The answer's head; textOf() reads on. */
async function post(body, headers = {}) {
  const all = messageHeaders(stack.token.token, headers);
  const sent = https.request(`${proxy.url}/v1/messages`, { ...tls, method: 'POST', headers: all });
  sent.end(body);
  const [response] = await once(sent, 'response');
  assert.equal(response.statusCode, 200);
  return response;
}

it('large bodies pass whole in both directions', async () => {
  const tag = 'large-over-tls';
  const body = messageBody('body_bytes=10000000', { padding: 'z'.repeat(10_000_000) });
  const text = await textOf(await post(body, { 'x-sim-tag': tag }));
  assert.equal(JSON.parse(text).content[0].text.length, 10_000_000);
  assert.equal((await stack.ledgerEntry(tag)).request_bytes, Buffer.byteLength(body));
});

it('a client that reads slowly slows its upstream, and loses nothing', async () => {
  const tag = 'slow-over-tls';
  const steering = 'events=1500; delta_bytes=20000';
  const response = await post(messageBody(steering, { stream: true }), { 'x-sim-tag': tag });
  // 30 MB, more than all the socket buffers hold: the simulator cannot have ended.
  assert.equal((await stack.ledger()).filter((entry) => entry.tag === tag).length, 0);
  const text = await textOf(response);
  assert.equal(text.match(/"type":"text_delta"/g).length, 1500);
  assert.match(text, /message_stop/);
  assert.equal((await stack.ledgerEntry(tag)).outcome, 'complete');
  const row = await stack.api.row(response.headers['x-ccproxy-request-id']);
  assertRow(row, { success: true, usage_source: 'final' });
});

it('a client that leaves is noticed, however it goes', async () => {
  const ways = {
    'close_notify and FIN': (client) => client.close(),
    'close_notify alone': (client) => client.socket.end(),
    FIN: (client) => client.below.end(),
    RST: (client) => client.reset(),
  };
  // The question itself is one of them.
  const asked = (count) =>
    eventually(`${count} are asked`, async () => (await stack.simStats()).in_flight === count + 1);
  for (const [way, leave] of Object.entries(ways)) {
    for (const begun of [true, false]) {
      await asked(0);
      const client = await RawClient.connect(proxy.port, tls);
      const session = `${way} ${begun}`;
      const headers = { 'x-claude-code-session-id': session, 'x-sim-tag': session };
      const steering = begun ? 'events=2000; delay_ms=20' : 'silent';
      await client.send(requestBytes(request(steering, { stream: true, headers })));
      if (begun) await client.received('text_delta');
      else await asked(1);
      leave(client);
      const [row] = await stack.api.rows({ conversation_id: session }, 1);
      assertRow(row, { status_code: 499, success: false, error_message: /client left/ });
      assert.equal((await stack.ledgerEntry(session)).outcome, 'client_gone');
      client.close();
    }
  }
});

it('an answer that ends with its connection ends with close_notify, a cut one with a reset', async () => {
  const old = (steering) => request(steering, { stream: true, version: '1.0' });
  const whole = await RawClient.connect(proxy.port, tls);
  await whole.send(requestBytes(old('events=5')));
  const response = await whole.response();
  assert.equal(response.framing, 'close');
  assert.ok(response.complete);
  assert.match(response.body.toString(), /message_stop/);
  const cut = await RawClient.connect(proxy.port, tls);
  await cut.send(requestBytes(old('events=9; delay_ms=20; cut_after=5')));
  assert.equal(await cut.closed(), 'ECONNRESET');
});

it('a handshake that does not come, or not to its end, is cut by the deadline', async () => {
  const failed = await metric('ccproxy_tls_failed_handshakes_total');
  const silent = await RawClient.connect(proxy.port);
  const half = await RawClient.connect(proxy.port);
  // The head of a record that announces 512 bytes of a ClientHello.
  await half.send(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
  const shaken = await RawClient.connect(proxy.port, tls);
  for (const client of [silent, half, shaken]) assert.equal(await client.closed(), 'end');
  assert.equal(silent.bytes.length + shaken.bytes.length, 0);
  assert.equal(await metric('ccproxy_tls_failed_handshakes_total'), failed + 2);
});

it('noise instead of a handshake ends the connection and harms nobody', async () => {
  const noise = [Buffer.from([0]), Buffer.alloc(70_000, 0xff), Buffer.from('SSH-2.0-x\r\n')];
  for (const bytes of noise) {
    const client = await RawClient.connect(proxy.port);
    await client.send(bytes);
    assert.ok(['end', 'ECONNRESET', 'EPIPE'].includes(await client.closed()));
    client.close();
  }
  assert.equal((await send(request(''))).status, 200);
});

it('plain HTTP at the port of TLS is told so in the clear', async () => {
  const response = await roundTrip(proxy.port, request(''));
  assertRefusal(response, 400, /https/);
  assert.equal(response.get('connection'), 'close');
});

it('SIGHUP takes a new certificate for new connections; what goes on goes on', async () => {
  const { files, port, ...renewing } = await addTlsProxy('renewing');
  const serial = async () => {
    const client = await RawClient.connect(port, { ...tls, rejectUnauthorized: false });
    const { serialNumber } = client.socket.getPeerCertificate();
    client.close();
    return serialNumber;
  };
  const program = stack.programs.find(({ name }) => name === 'renewing');
  const reload = async (pattern) => {
    const from = program.log.length;
    program.signal('SIGHUP');
    await program.logged(pattern, from);
    return program.log.slice(from);
  };
  const install = (name) => {
    copyFileSync(cert(`${name}.pem`), files.certificate_file);
    copyFileSync(cert(`${name}.key`), files.key_file);
  };
  assert.equal(renewing.url, `https://localhost:${port}`);
  const first = await serial();
  const expiry = await metric('ccproxy_tls_certificate_expires_seconds', port);
  assert.equal(expiry, Date.UTC(2049, 11, 31) / 1000);
  const stream = await RawClient.connect(port, tls);
  await stream.send(requestBytes(request('events=150; delay_ms=10', { stream: true })));
  await stream.received('text_delta');

  install('wrong_host');
  await reload(/reload: done/);
  const second = await serial();
  assert.notEqual(second, first);

  copyFileSync(cert('server.key'), files.key_file);
  const refused = await reload(/reload: refused/);
  assert.match(refused, /tls\.key_file: .*renewing\.key is not the key of the certificate in/);
  assert.equal(await serial(), second, 'the old one stays');

  install('expired');
  assert.match(await reload(/reload: done/), /warning .*renewing\.pem has expired on 2021-01-01T/);

  const response = await stream.response();
  assert.ok(response.complete);
  assertRow(await rowOf(response), { success: true, usage_source: 'final' });
  stream.close();
});

it('SIGTERM lets a stream end and closes idle connections', async () => {
  const stopping = await addTlsProxy('stopping');
  const idle = await RawClient.connect(stopping.port, tls);
  const stream = await RawClient.connect(stopping.port, tls);
  await stream.send(requestBytes(request('events=60; delay_ms=10', { stream: true })));
  await stream.received('text_delta');
  const program = stack.programs.find(({ name }) => name === 'stopping');
  const ended = program.stop();
  assert.equal(await idle.closed(), 'end');
  const response = await stream.response();
  assert.ok(response.complete);
  assertRow(await rowOf(response), { success: true });
  stream.close();
  assert.deepEqual(await ended, { code: 0, signal: null });
});

it('connections beyond the limit are closed before they cost a handshake', async () => {
  const small = await addTlsProxy('small', { limits: { max_connections: 2 } });
  await eventually('there is room for two', async () => {
    const open = [await RawClient.connect(small.port, tls), await RawClient.connect(small.port, tls)];
    const third = net.connect(small.port, '127.0.0.1');
    const more = new RawClient(third);
    const ending = await more.closed();
    for (const client of [...open, more]) client.close();
    return ending === 'end' && more.bytes.length === 0;
  });
});
