// A thousand slow streams at one time through one worker, every one intact, and what they cost.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageRequest, streamedText } from './support/messages.mjs';
import { RawClient, requestBytes } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';
import { HandPlayedUpstream } from './support/upstreams.mjs';

const count = 1000;
const rounds = 8;
const maxKibPerStream = 64; // generous: what is meant is that no buffer is held

let stack;
let upstream;
before(async () => {
  stack = new Stack();
  await stack.startSim();
  await stack.startAnalytics();
  upstream = await HandPlayedUpstream.start();
  stack.proxy = await stack.addProxy({ accounts: [stack.account(upstream.url)] });
  stack.token = await stack.api.generate('main');
});
after(async () => {
  upstream?.close();
  await stack?.stop();
});

function residentKib() {
  const text = readFileSync(`/proc/${stack.proxy.pid}/smaps_rollup`, 'utf8');
  return Number(/^Rss:\s+(\d+) kB/m.exec(text)[1]);
}

const sse = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const word = (tag, round) => `${tag}/${round}:${'é'.repeat((round * 37) % 300)};`;

/** Opens one stream: {client, connection, tag} once its request has reached the upstream. */
async function open(n) {
  const client = await RawClient.connect(stack.proxy.port);
  const headers = { 'x-sim-tag': `stream-${n}` };
  await client.send(requestBytes(messageRequest(stack.token.token, '', { stream: true, headers })));
  const connection = await upstream.connection();
  const request = await upstream.request(connection);
  return { client, connection, tag: /x-sim-tag: (\S+)/.exec(request)[1] };
}

async function untilKeyIsKnown() {
  const probe = { 'x-api-key': stack.token.token, 'x-proxy-mode': 'none' };
  for (let status = 0; status !== 400;) {
    const answer = await fetch(`${stack.proxy.url}/v1/messages`, {
      method: 'POST',
      headers: probe,
    });
    status = answer.status;
  }
}

test(
  `${count} streams at once`,
  () => stack,
  async (t) => {
    await untilKeyIsKnown();
    // One whole stream first, so that what every process needs once is not counted.
    const streams = [];
    for (let n = 0; n < 1; ++n) streams.push(await open(n));
    const idleKib = residentKib();
    for (let n = 1; n < count; ++n) streams.push(await open(n));

    const start = {
      type: 'message_start',
      message: { usage: { input_tokens: 5, output_tokens: 1 } },
    };
    const head =
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
    for (const { connection } of streams) connection.socket.write(head + chunk(sse(start)));
    await Promise.all(streams.map(({ client }) => client.received('message_start')));
    for (let round = 0; round < rounds; ++round) {
      // No stream gets its next event before every stream has this one.
      for (const { connection, tag } of streams) {
        const text = word(tag, round);
        const delta = {
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'text_delta', text },
        };
        connection.socket.write(chunk(sse(delta)));
      }
      await Promise.all(streams.map(({ client, tag }) => client.received(`${tag}/${round}:`)));
    }
    const openKib = residentKib();
    const perStream = (openKib - idleKib) / (count - 1);
    t.diagnostic(
      `RSS with 1 stream ${idleKib} kB, with ${count} open streams ${openKib} kB: ` +
        `${perStream.toFixed(1)} kB a stream`,
    );
    assert.ok(perStream < maxKibPerStream, `${perStream} kB a stream`);

    const delta = {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 99 },
    };
    const last = chunk(sse(delta) + sse({ type: 'message_stop' }));
    for (const { connection } of streams) connection.socket.write(`${last}0\r\n\r\n`);
    for (const { client, tag } of streams) {
      const response = await client.response();
      assert.ok(response.complete);
      const expected = Array.from({ length: rounds }, (_, round) => word(tag, round)).join('');
      assert.equal(streamedText(response.body), expected, tag);
      client.close();
    }
    const rows = await stack.api.rows({ token_id: stack.token.id, success: true }, count);
    assert.equal(rows.length, count);
    for (const row of rows)
      assertRow(row, { prompt_tokens: 5, completion_tokens: 99, usage_source: 'final' });
  },
);
