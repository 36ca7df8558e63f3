// on_client_abort: drain. The answer of a client that left is read to its end, up to the limits.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes } from './support/raw_http.mjs';
import { assertRow, tokensOf } from './support/rows.mjs';
import { HandPlayedUpstream } from './support/upstreams.mjs';

let stack;
let upstream;
before(async () => {
  upstream = await HandPlayedUpstream.start();
  stack = await Stack.start({ proxy: { on_client_abort: 'drain' } });
  const accounts = [stack.account(upstream.url)];
  const drain = { max_time: '2s', max_bytes: '4KiB' };
  stack.byHand = await stack.addProxy({ accounts, on_client_abort: 'drain' });
  stack.limited = await stack.addProxy({ accounts, on_client_abort: 'drain', drain });
  for (const { name, url } of [stack.byHand, stack.limited]) {
    await eventually(`${name} knows the keys`, async () => (await fetch(`${url}/readyz`)).ok);
  }
});
after(async () => {
  upstream?.close();
  await stack?.stop();
});

const it = (name, body) => test(name, () => stack, body);

const sse = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const start = sse({
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', usage: { input_tokens: 7 } },
});
const delta = (text) =>
  sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const end =
  sse({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 42 } }) +
  sse({ type: 'message_stop' });
const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';

/** A request that has reached the upstream played by hand: {client, connection}. */
async function ask(proxy, tag, { stream = true } = {}) {
  const client = await RawClient.connect(proxy.port);
  const headers = { 'x-claude-code-session-id': tag };
  await client.send(requestBytes(messageRequest(stack.token.token, '', { stream, headers })));
  const connection = await upstream.connection();
  await upstream.request(connection);
  return { client, connection };
}

/** Resolves when the proxy has noticed that the client is gone. */
async function leave(proxy, client, how = 'close') {
  client[how]();
  await client.closed();
  await eventually('the proxy drains', async () => {
    const text = await (await fetch(`${proxy.url}/metrics`)).text();
    return /^ccproxy_requests_draining 1$/m.test(text);
  });
}

const rowOf = async (tag) => (await stack.api.rows({ conversation_id: tag }, 1))[0];

const abandoned = { status_code: 499, success: false, error_message: 'the client left' };

it('a stream whose client left is counted to its end', async () => {
  const { client, connection } = await ask(stack.byHand, 'stream');
  connection.socket.write(head + start + delta('one'));
  await client.received('one');
  await leave(stack.byHand, client);
  connection.socket.write(delta('two'.repeat(1000)) + end);
  connection.socket.end();
  assertRow(await rowOf('stream'), {
    ...abandoned,
    prompt_tokens: 7,
    completion_tokens: 42,
    usage_source: 'final',
    stop_reason: 'end_turn',
  });
});

it('so is an answer that had not begun', async () => {
  const { client, connection } = await ask(stack.byHand, 'plain', { stream: false });
  await leave(stack.byHand, client, 'reset');
  const usage = { input_tokens: 11, output_tokens: 5 };
  const body = JSON.stringify({ type: 'message', role: 'assistant', content: [], usage });
  connection.socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  connection.socket.write(body);
  assertRow(await rowOf('plain'), { ...abandoned, ...tokensOf(usage), usage_source: 'final' });
});

it('an answer that goes on for too long is cancelled', async () => {
  const { client, connection } = await ask(stack.limited, 'long');
  connection.socket.write(head + start + delta('one'));
  await client.received('one');
  client.close();
  await upstream.closed(connection);
  assertRow(await rowOf('long'), { ...abandoned, prompt_tokens: 7, usage_source: 'partial' });
});

it('so is one that is too large', async () => {
  const { client, connection } = await ask(stack.limited, 'large');
  connection.socket.write(head + start + delta('one'));
  await client.received('one');
  await leave(stack.limited, client);
  connection.socket.write(delta('x'.repeat(8192)));
  await upstream.closed(connection);
  assertRow(await rowOf('large'), { ...abandoned, prompt_tokens: 7, usage_source: 'partial' });
});

it('no other account is asked for a client that left', async () => {
  const { client, connection } = await ask(stack.byHand, 'failed');
  await leave(stack.byHand, client);
  connection.socket.write('HTTP/1.1 529 Overloaded\r\ncontent-length: 2\r\n\r\n{}');
  assertRow(await rowOf('failed'), { ...abandoned, attempts: 1, usage_source: 'none' });
});

it('the row has what the upstream counted', async () => {
  const client = await RawClient.connect(stack.proxy.port);
  const headers = { 'x-claude-code-session-id': 'sim', 'x-sim-tag': 'sim' };
  const request = messageRequest(stack.token.token, 'events=100; delay_ms=5', {
    stream: true,
    headers,
  });
  await client.send(requestBytes(request));
  await client.received('content_block_delta');
  client.close();
  const row = await rowOf('sim');
  const served = await stack.ledgerEntry('sim');
  assert.equal(served.outcome, 'complete');
  assertRow(row, {
    ...abandoned,
    completion_tokens: served.output_tokens,
    cache_read_tokens: served.cache_read_tokens,
    usage_source: 'final',
  });
});
