// Who may use the proxy, who may not, and clients that take their time.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageBody, messageHeaders, messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRefusal } from './support/refusals.mjs';
import { assertRow } from './support/rows.mjs';

let stack;
before(async () => {
  stack = await Stack.start({
    proxy: { timeouts: { client_head: '400ms', client_body: '400ms', client_idle: '600ms' } },
  });
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (steering, more) => messageRequest(stack.token.token, steering, more);
const send = (headers) =>
  roundTrip(stack.proxy.port, {
    headers: { 'anthropic-version': '2023-06-01', ...headers },
    body: messageBody(''),
  });

async function goesOn(unrecorded = []) {
  const response = await roundTrip(stack.proxy.port, request(''));
  assert.equal(response.status, 200);
  assertRow(await stack.api.row(response.get('x-ccproxy-request-id')), { success: true });
  for (const id of unrecorded) {
    assert.equal((await stack.api.call('GET', `/api/logs/requests/${id}`)).status, 404);
  }
}

it('an absent or unknown key is 401, closes, and is not recorded', async () => {
  const { token } = stack.token;
  const ids = [];
  const wrong = [
    {},
    { 'x-api-key': '' },
    { authorization: 'Bearer ' },
    { authorization: `Basic ${token}` },
    { 'x-api-key': 'sk-ccp-unknown' },
    { 'x-api-key': `${token}x` },
    { 'x-api-key': token.slice(0, -1) },
    { 'x-api-key': token, authorization: 'Bearer sk-ccp-unknown' },
  ];
  for (const headers of wrong) {
    const response = await send(headers);
    ids.push(assertRefusal(response, 401));
    assert.equal(response.get('connection'), 'close', JSON.stringify(headers));
  }
  await goesOn(ids);
});

it('of two keys that disagree the Bearer counts', async () => {
  const right = { 'x-api-key': 'sk-ccp-unknown', authorization: `Bearer ${stack.token.token}` };
  assert.equal((await send(right)).status, 200);
});

it('a revoked and an expired key are 401', async () => {
  const revoked = await stack.api.generate('revoked');
  await stack.untilKnown(stack.proxy, revoked.token);
  await stack.api.revoke(revoked.id);
  const refused = async (key, message) => {
    const response = await eventually('the key is refused', async () => {
      const answer = await send({ 'x-api-key': key });
      return answer.status === 401 && message.test(answer.body) ? answer : null;
    });
    return assertRefusal(response, 401, message);
  };
  const expired = await stack.api.generate('expired', { expires_in: '1ms' });
  for (const [token, message] of [
    [revoked, /revoked/],
    [expired, /expired/],
  ]) {
    // Known, if not valid any more: what is tried with such a key stands in its log.
    const id = await refused(token.token, message);
    const row = await stack.api.row(id);
    assertRow(row, { token_id: token.id, status_code: 401, success: false, attempts: 0 });
    assertRow(row, { error_message: message, usage_source: 'none' });
  }
  await goesOn();
});

it('the mode: only one that exists, that the key allows and an account serves', async () => {
  const headers = (mode, key) => messageHeaders(key ?? stack.token.token, { 'x-proxy-mode': mode });
  const web = await stack.api.generate('web only', { mode: 'web' });
  await stack.untilKnown(stack.proxy, web.token);
  const cases = [
    [400, headers('telepathy')],
    [403, headers('web')],
    [403, headers('api', web.token)],
    [403, messageHeaders(web.token)],
  ];
  for (const [status, fields] of cases) {
    const id = assertRefusal(await send(fields), status);
    assertRow(await stack.api.row(id), { status_code: status, success: false, attempts: 0 });
  }
  assert.equal((await send(headers('api'))).status, 200);
});

it('unknown paths are 404, wrong methods 405', async () => {
  const ids = [];
  for (const target of ['/nothing', '/v2/messages', '/api/logs/requests']) {
    ids.push(assertRefusal(await roundTrip(stack.proxy.port, { method: 'GET', target }), 404));
  }
  for (const [method, target] of [
    ['DELETE', '/healthz'],
    ['POST', '/metrics'],
    ['TRACE', '/v1/x'],
  ]) {
    ids.push(assertRefusal(await roundTrip(stack.proxy.port, { method, target }), 405));
  }
  await goesOn(ids);
});

it('a head that never ends is 408, however often a byte of it comes', async () => {
  for (const trickles of [false, true]) {
    const client = await RawClient.connect(stack.proxy.port);
    await client.send('POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-slow: ');
    const trickle = trickles ? setInterval(() => client.socket.write('s'), 40) : null;
    const response = await client.response().finally(() => clearInterval(trickle));
    assertRefusal(response, 408);
    await client.closed();
    client.close();
  }
  await goesOn();
});

it('a body that never ends is 408 and a row', async () => {
  for (const framing of ['content-length: 1000', 'transfer-encoding: chunked']) {
    const client = await RawClient.connect(stack.proxy.port);
    await client.send(
      `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: ${stack.token.token}\r\n${framing}\r\n\r\n3\r\n{`,
    );
    const id = assertRefusal(await client.response(), 408, /body/);
    assertRow(await stack.api.row(id), { status_code: 408, success: false, attempts: 0 });
    await client.closed();
    client.close();
  }
  await goesOn();
});

it('a client that leaves in the middle of its body is a row with 499', async () => {
  for (const leave of ['reset', 'close']) {
    const token = await stack.api.generate(`leaves by ${leave}`);
    await stack.untilKnown(stack.proxy, token.token);
    const client = await RawClient.connect(stack.proxy.port);
    const headers = { ...messageHeaders(token.token), 'content-length': 100_000 };
    await client.send(requestBytes({ headers, body: '{"model":' }));
    client[leave]();
    const [row] = await stack.api.rows({ token_id: token.id }, 1);
    assertRow(row, { status_code: 499, success: false, usage_source: 'none', attempts: 0 });
  }
  await goesOn();
});

it('the session stands in the row of a request that was refused for its body', async () => {
  const headers = messageHeaders(stack.token.token, { 'x-claude-code-session-id': 'in-the-head' });
  headers['content-length'] = 10;
  const client = await RawClient.connect(stack.proxy.port);
  await client.send(requestBytes({ headers, body: '{' }));
  const id = assertRefusal(await client.response(), 408);
  assertRow(await stack.api.row(id), { conversation_id: 'in-the-head' });
  client.close();
});

it('a connection that says nothing, or nothing more, is closed without an answer', async () => {
  const silent = await RawClient.connect(stack.proxy.port);
  const used = await RawClient.connect(stack.proxy.port);
  await used.send(requestBytes(request('')));
  assert.equal((await used.response()).status, 200);
  for (const client of [silent, used]) {
    assert.equal(await client.closed(), 'end');
    assert.equal(client.bytes.length, 0);
    client.close();
  }
});

it('more connections than may be are told so, and served when others have gone', async () => {
  const proxy = await stack.addProxy({ limits: { max_connections: 3 } });
  await stack.untilKnown(proxy, stack.token.token);
  const open = [];
  const refused = await eventually('the limit is reached', async () => {
    const client = await RawClient.connect(proxy.port);
    await client.send(requestBytes(request('')));
    const response = await client.response();
    if (response.status === 200) open.push(client);
    else client.close();
    return response.status === 200 ? null : response;
  });
  assertRefusal(refused, 503, /connections/);
  assert.ok(open.length <= 3);
  for (const client of open) client.close();
  await eventually(
    'there is room',
    async () => (await roundTrip(proxy.port, request(''))).status === 200,
  );
});

it('bodies are held up to a limit over all connections', async () => {
  const proxy = await stack.addProxy({ limits: { max_buffered_bytes: '1MiB' } });
  await stack.untilKnown(proxy, stack.token.token);
  const large = {
    headers: messageHeaders(stack.token.token),
    body: messageBody('', { pad: 'p'.repeat(2e6) }),
  };
  for (let i = 0; i < 3; ++i) {
    const id = assertRefusal(await roundTrip(proxy.port, large), 503, /bodies/);
    assertRow(await stack.api.row(id), { status_code: 503, success: false, attempts: 0 });
  }
  const small = { ...large, body: messageBody('', { pad: 'p'.repeat(6e5) }) };
  for (let i = 0; i < 5; ++i) assert.equal((await roundTrip(proxy.port, small)).status, 200);
});
