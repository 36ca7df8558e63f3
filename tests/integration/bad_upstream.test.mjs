// Upstreams that break off, lie or fall silent: what the client is told, and what is recorded.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageHeaders, messageBody, messageRequest } from './support/messages.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRefusal } from './support/refusals.mjs';
import { assertRow } from './support/rows.mjs';

let stack;
before(async () => {
  stack = await Stack.start({
    proxy: { timeouts: { first_byte: '400ms', upstream_idle: '400ms', upstream_send: '400ms' } },
  });
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (steering, more) => messageRequest(stack.token.token, steering, more);
const rowOf = (response) => stack.api.row(response.get('x-ccproxy-request-id'));

async function goesOn(proxy = stack.proxy) {
  const response = await roundTrip(proxy.port, request('events=3', { stream: true }));
  assert.equal(response.status, 200);
  assert.ok(response.complete);
  assertRow(await rowOf(response), { success: true });
}

const beforeTheHead = {
  cut_before_head: [502, /without an answer/],
  reset_before_head: [502, /without an answer/],
  cut_in_head: [502, /without an answer/],
  'garbage=head': [502, /./],
  'garbage=both_framings': [502, /malformed/],
  'garbage=dup_length': [502, /malformed/],
  'garbage=bad_te': [502, /malformed/],
  'garbage=nonsense_status': [502, /malformed/],
  'big_head=70000': [502, /head/],
  'big_head=200000': [502, /head/],
  silent: [504, /in time/],
};

for (const [steering, [status, message]] of Object.entries(beforeTheHead)) {
  it(`before the head: ${steering}`, async () => {
    for (const stream of [false, true]) {
      const client = await RawClient.connect(stack.proxy.port);
      await client.send(requestBytes(request(steering, { stream })));
      const response = await client.response();
      const id = assertRefusal(response, status, message);
      assertRow(await stack.api.row(id), {
        status_code: status,
        success: false,
        usage_source: 'none',
        account_id: 'acc-1',
        stream,
        ttft_ms: null,
        error_message: message,
        attempts: 1,
      });
      if (status === 502) {
        // The connection to the client is as good as before.
        assert.equal(response.get('connection'), undefined);
        await client.send(requestBytes(request('')));
        assert.equal((await client.response()).status, 200);
      }
      client.close();
    }
    await goesOn();
  });
}

const twenty = 'events=20; delta_bytes=35; input=50; cache_read=8; output=400';
const closed = /closed the connection|broke off/;
const inMidStream = {
  'cut_after=10': [closed, 100],
  'reset_after=10; flush': [closed, (count) => count <= 100 && count >= 1],
  'cut_at=message_stop': [closed, 400],
  'garbage=chunk': [/malformed/, (count) => count >= 1],
  'stall_after=10': [/silent/, 100],
  'cut_after=10; close_delimited': [/before its last event/, 100],
  'cut_after=10; content_length': [closed, 100],
  'reset_after=10; flush; close_delimited': [/./, (count) => count <= 100 && count >= 1],
  'cut_after=10; gzip': [closed, 100],
};

for (const [fault, [message, output]] of Object.entries(inMidStream)) {
  it(`in mid-stream: ${fault}`, async () => {
    const whole = request(`${twenty}; ${fault}`, { stream: true });
    const response = await roundTrip(stack.proxy.port, whole);
    assert.equal(response.status, 200);
    const ends = fault.startsWith('cut') && fault.includes('close_delimited');
    assert.equal(response.complete, ends, 'only an end by closing cannot be told from a cut');
    assertRow(await rowOf(response), {
      status_code: 200,
      success: false,
      stream: true,
      usage_source: 'partial',
      prompt_tokens: 58,
      cache_read_tokens: 8,
      completion_tokens: output,
      error_message: message,
    });
    await goesOn();
  });
}

it('a stream without its last chunk is whole to those who read events', async () => {
  const whole = request(`${twenty}; cut_at=last_chunk`, { stream: true });
  const response = await roundTrip(stack.proxy.port, whole);
  assert.equal(response.complete, false);
  assert.match(response.body.toString(), /message_stop/);
  assertRow(await rowOf(response), { usage_source: 'final', completion_tokens: 400 });
  await goesOn();
});

it('in the middle of a plain body', async () => {
  for (const fault of ['cut_after=1', 'reset_after=1', 'short_length', 'stall_after=1']) {
    const response = await roundTrip(stack.proxy.port, request(`body_bytes=3000; ${fault}`));
    assert.equal(response.status, 200, fault);
    assert.equal(response.complete, false, fault);
    const expected = { status_code: 200, success: false, stream: false, usage_source: 'none' };
    assertRow(await rowOf(response), { ...expected, error_message: /closed|broke off|silent/ });
    await goesOn();
  }
});

it('half a JSON body is passed on as it is, its usage unknown', async () => {
  for (const stream of [false, true]) {
    const response = await roundTrip(stack.proxy.port, request('garbage=json', { stream }));
    assert.equal(response.status, 200);
    assert.throws(() => JSON.parse(response.body));
    assertRow(await rowOf(response), { status_code: 200, usage_source: 'none' });
  }
  await goesOn();
});

it('an upstream that refuses connections is 502', async () => {
  const gone = await stack.startSim([], 'gone');
  await gone.kill();
  const proxy = await stack.addProxy({ accounts: [stack.account(gone.url)] });
  await stack.untilKnown(proxy, stack.token.token);
  for (let i = 0; i < 2; ++i) {
    const id = assertRefusal(await roundTrip(proxy.port, request('')), 502, /refused/i);
    assertRow(await stack.api.row(id), { status_code: 502, success: false, attempts: 1 });
  }
  // It comes back at the same address.
  const back = stack.launch('back', gone.child.spawnfile, ['--listen', `127.0.0.1:${gone.port}`]);
  await back.logged(/listening on/);
  await goesOn(proxy);
});

it('an answer that comes before a large request was sent reaches the client', async () => {
  const headers = messageHeaders(stack.token.token, { 'x-sim': 'early_response; status=413' });
  const large = messageBody('', { padding: 'p'.repeat(20_000_000) });
  for (let i = 0; i < 5; ++i) {
    const response = await roundTrip(stack.proxy.port, { headers, body: large });
    assert.equal(response.status, 413);
    assert.equal(JSON.parse(response.body).error.type, 'request_too_large');
    assertRow(await rowOf(response), { status_code: 413, success: false, attempts: 1 });
  }
  await goesOn();
});

it('the errors of the upstream are passed on as they are', async () => {
  for (const status of [400, 401, 403, 404, 413, 429, 500, 502, 503, 504, 529]) {
    const response = await roundTrip(stack.proxy.port, request(`status=${status}`));
    assert.equal(response.status, status);
    const body = JSON.parse(response.body);
    assert.equal(body.type, 'error');
    assert.equal(body.request_id, response.get('request-id'));
    const row = await rowOf(response);
    assertRow(row, { status_code: status, success: false, usage_source: 'none' });
    assertRow(row, { upstream_request_id: body.request_id });
    assert.ok(row.error_message.includes(body.error.type), row.error_message);
  }
  await goesOn();
});
