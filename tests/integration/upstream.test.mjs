// The proxy's side towards its upstreams: pieces pass on as they come, connections are used again,
// TLS is checked.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageBody, messageRequest } from './support/messages.mjs';
import { within } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';
import { HandPlayedUpstream } from './support/upstreams.mjs';

let stack;
let certs;
const upstreams = [];
before(async () => {
  stack = await Stack.start();
  certs = stack.makeCerts();
});
after(async () => {
  for (const upstream of upstreams) upstream.close();
  await stack?.stop();
});

const it = (name, body) => test(name, () => stack, body);
const request = (steering, more) => messageRequest(stack.token.token, steering, more);
const rowOf = (response) => stack.api.row(response.get('x-ccproxy-request-id'));

/** An upstream that the test plays, and a proxy in front of it. */
async function played({ tlsOptions, account, proxy = {} } = {}) {
  const upstream = await HandPlayedUpstream.start(tlsOptions);
  upstreams.push(upstream);
  const accounts = [stack.account(upstream.url, account)];
  const started = await stack.addProxy({ ...proxy, accounts });
  // Not through the upstream, which has no answer yet: a known key is refused with 405, others 401.
  const { token } = stack.token;
  for (let known = false; !known;) {
    const trace = { method: 'POST', headers: { 'x-api-key': token, 'x-proxy-mode': 'none' } };
    known = (await roundTrip(started.port, trace)).status === 400;
  }
  return { upstream, proxy: started };
}

const sse = (type, more = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const start = sse('message_start', { message: { usage: { input_tokens: 9, output_tokens: 1 } } });
const delta = (text) =>
  sse('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
const end =
  sse('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } }) +
  sse('message_stop');
const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const streamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

// By hand, since Node reports an end instead of a reset that comes together with the last bytes: here
// the client has them all before the upstream breaks off.
it('a client of HTTP/1.0 is reset when its answer is cut', async () => {
  const { upstream, proxy } = await played();
  const client = await RawClient.connect(proxy.port);
  await client.send(requestBytes(request('', { stream: true, version: '1.0' })));
  const connection = await upstream.connection();
  await upstream.request(connection);
  connection.socket.write(streamHead + chunk(start) + chunk(delta('half a word')));
  await client.received('half a word');
  connection.socket.destroy();
  assert.equal(await client.closed(), 'ECONNRESET');
});

it('each event is with the client before the upstream sends the next', async () => {
  const { upstream, proxy } = await played();
  const client = await RawClient.connect(proxy.port);
  await client.send(requestBytes(request('', { stream: true })));
  const connection = await upstream.connection();
  await upstream.request(connection);
  connection.socket.write(streamHead);
  await client.received('text/event-stream');
  connection.socket.write(chunk(start));
  await client.received('message_start');
  for (let i = 0; i < 20; ++i) {
    connection.socket.write(chunk(delta(`word-${i}.`)));
    await client.received(`word-${i}.`);
  }
  // Also when an event comes in halves, and a chunk in pieces.
  const whole = chunk(delta('halved'));
  connection.socket.write(whole.slice(0, whole.indexOf('hal') + 3));
  await client.received('hal');
  connection.socket.write(whole.slice(whole.indexOf('hal') + 3));
  await client.received('ved');
  connection.socket.write(`${chunk(end)}0\r\n\r\n`);
  const response = await client.response();
  assert.ok(response.complete);
  assertRow(await rowOf(response), { success: true, prompt_tokens: 9, completion_tokens: 4 });
  client.close();
});

it('the row stands in the journal before the client sees the last event', async () => {
  const { upstream, proxy } = await played();
  const client = await RawClient.connect(proxy.port);
  await client.send(requestBytes(request('', { stream: true })));
  const connection = await upstream.connection();
  await upstream.request(connection);
  // The last chunk never comes; message_stop alone tells the client that all is there.
  connection.socket.write(streamHead + chunk(start + delta('all of it') + end));
  await client.received('message_stop');
  await proxy.kill();
  const id = /x-ccproxy-request-id: (\S+)/.exec(client.bytes.toString())[1];
  await stack.restartProxy(proxy);
  assertRow(await stack.api.row(id), {
    success: true,
    usage_source: 'final',
    completion_tokens: 4,
  });
});

it('connections are used again, and not after an answer that was cut', async () => {
  const { upstream, proxy } = await played();
  const client = await RawClient.connect(proxy.port);
  const json = '{"type":"message","usage":{"input_tokens":1,"output_tokens":2}}';
  const answer = (length) =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${json}`;
  await client.send(requestBytes(request('')));
  const connection = await upstream.connection();
  for (let i = 0; i < 5; ++i) {
    await upstream.request(connection);
    connection.socket.write(answer(json.length));
    assertRow(await rowOf(await client.response()), { success: true, attempts: 1 });
    await client.send(requestBytes(request('')));
  }
  assert.equal(upstream.connections.length, 1, 'one connection serves all');
  await upstream.request(connection);
  connection.socket.end(answer(json.length + 10));
  const cut = await client.response();
  assert.equal(cut.complete, false);
  assertRow(await rowOf(cut), { status_code: 200, success: false, error_message: /closed/ });
  const next = await RawClient.connect(proxy.port);
  await next.send(requestBytes(request('')));
  const fresh = await upstream.connection();
  await upstream.request(fresh);
  fresh.socket.write(answer(json.length));
  assert.equal((await next.response()).status, 200);
  next.close();
});

it('a kept connection that the upstream has closed is replaced', async () => {
  const { upstream, proxy } = await played();
  const client = await RawClient.connect(proxy.port);
  const answer = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
  for (let i = 0; i < 4; ++i) {
    await client.send(requestBytes(request('')));
    const connection = await upstream.connection();
    await upstream.request(connection);
    // The end is on its way before the answer can be seen: they are sent together.
    connection.socket.end(answer);
    assert.equal((await client.response()).status, 200);
  }
  client.close();
});

it('an upstream that is left by its client is left by the proxy', async () => {
  const { upstream, proxy } = await played();
  const leave = { reset: (client) => client.reset(), end: (client) => client.socket.end() };
  for (const [how, go] of Object.entries(leave)) {
    for (const begun of [true, false]) {
      const client = await RawClient.connect(proxy.port);
      const session = `left-${how}-${begun}`;
      const headers = { 'x-claude-code-session-id': session };
      await client.send(requestBytes(request('', { stream: true, headers })));
      const connection = await upstream.connection();
      await upstream.request(connection);
      if (begun) {
        connection.socket.write(streamHead + chunk(start + delta('x'.repeat(350))));
        await client.received('xxx');
      }
      go(client);
      await upstream.closed(connection);
      const [row] = await stack.api.rows({ conversation_id: session }, 1);
      assertRow(row, { status_code: 499, success: false, error_message: /client left/ });
      assertRow(
        row,
        begun
          ? { usage_source: 'partial', prompt_tokens: 9, completion_tokens: 100 }
          : { usage_source: 'none' },
      );
    }
  }
});

it('a slow client slows its upstream and loses nothing', async () => {
  const { upstream, proxy } = await played();
  const client = await RawClient.connect(proxy.port);
  client.socket.pause();
  await client.send(requestBytes(request('', { stream: true })));
  const connection = await upstream.connection();
  await upstream.request(connection);
  const piece = delta('y'.repeat(64 * 1024));
  connection.socket.write(streamHead + chunk(start));
  const count = 600; // 38 MB, more than all the socket buffers hold
  for (let i = 0; i < count; ++i) connection.socket.write(chunk(piece));
  connection.socket.write(`${chunk(end)}0\r\n\r\n`);
  assert.ok(connection.socket.writableLength > 0, 'the upstream has not been drained');
  let bytes = 0;
  let tail = '';
  client.socket.removeAllListeners('data').on('data', (data) => {
    bytes += data.length;
    tail = (tail + data.toString('latin1')).slice(-64);
    if (tail.endsWith('0\r\n\r\n')) client.socket.emit('whole');
  });
  const whole = once(client.socket, 'whole');
  client.socket.resume();
  await within('the rest of the body', whole);
  assert.ok(bytes > count * piece.length);
  client.close();
});

it('TLS: a trusted certificate for the right name', async () => {
  const sim = await stack.startSim(
    ['--tls-cert', certs('server.pem'), '--tls-key', certs('server.key')],
    'tls-sim',
  );
  for (const host of ['localhost', '127.0.0.1']) {
    const account = stack.account(`https://${host}:${sim.port}`, { ca_file: certs('ca.pem') });
    const proxy = await stack.addProxy({ accounts: [account] });
    await stack.untilKnown(proxy, stack.token.token);
    for (const steering of [
      'events=50',
      'events=10; close_delimited',
      'events=500; delta_bytes=9000',
    ]) {
      const response = await roundTrip(proxy.port, request(steering, { stream: true }));
      assert.equal(response.status, 200);
      assert.ok(response.complete);
      assertRow(await rowOf(response), { success: true, usage_source: 'final' });
    }
    const big = { ...request(''), body: messageBody('', { padding: 'z'.repeat(8_000_000) }) };
    assert.equal((await roundTrip(proxy.port, big)).status, 200);
    // An end without close_notify is no end.
    const cut = await roundTrip(
      proxy.port,
      request('events=9; close_delimited; tls_truncate; cut_after=5', { stream: true }),
    );
    assert.equal(cut.complete, false);
    assertRow(await rowOf(cut), { success: false, usage_source: 'partial' });
  }
  const { accepted } = await stack.simStats(sim).catch(() => ({}));
  assert.ok(accepted === undefined || accepted < 20);
});

it('TLS: what cannot be trusted is 502, and a row', async () => {
  const bad = {
    'wrong_host.pem': [certs('ca.pem'), /mismatch|host/i],
    'expired.pem': [certs('ca.pem'), /expired/i],
    'server.pem': [undefined, /issuer|self.signed|unable to get/i],
  };
  for (const [name, [ca_file, reason]] of Object.entries(bad)) {
    const key = certs(name.replace('.pem', '.key'));
    const sim = await stack.startSim(['--tls-cert', certs(name), '--tls-key', key], name);
    const account = stack.account(`https://localhost:${sim.port}`, ca_file ? { ca_file } : {});
    const proxy = await stack.addProxy({ accounts: [account] });
    await stack.untilKnown(proxy, stack.token.token);
    const response = await roundTrip(proxy.port, request(''));
    assert.equal(response.status, 502, name);
    assert.match(JSON.parse(response.body).error.message, reason);
    assertRow(await rowOf(response), { status_code: 502, success: false, usage_source: 'none' });
  }
});

it('TLS: a later connection resumes the session of an earlier one', async () => {
  const key = readFileSync(certs('server.key'));
  const cert = readFileSync(certs('server.pem'));
  for (const earlier of ['open', 'closed']) {
    const { upstream, proxy } = await played({
      tlsOptions: { key, cert },
      account: { ca_file: certs('ca.pem') },
    });
    const answer = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n';
    const client = await RawClient.connect(proxy.port);
    await client.send(requestBytes(request('')));
    const first = await upstream.connection();
    await upstream.request(first);
    if (earlier === 'closed') {
      first.socket.end(`${answer}connection: close\r\n\r\n{}`);
    } else {
      first.socket.write(`${answer}\r\n{}`);
    }
    assert.equal((await client.response()).status, 200);
    if (earlier === 'closed') {
      await client.send(requestBytes(request('')));
    } else {
      // One request keeps the first connection busy while the next asks for a second one.
      await client.send(requestBytes(request('')));
      await upstream.request(first);
      await (await RawClient.connect(proxy.port)).send(requestBytes(request('')));
    }
    const second = await upstream.connection();
    await upstream.request(second);
    second.socket.write(`${answer}\r\n{}`);
    assert.equal(first.resumed, false);
    assert.equal(second.resumed, true, `the earlier connection is ${earlier}`);
    client.close();
  }
});
