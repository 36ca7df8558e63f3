// Questions to analyticsd about real traffic: filters, pages, totals, delivery.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, adminKey, test } from './harness.mjs';
import { messageBody, messageHeaders } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';

const models = ['claude-sonnet-4-20250514', 'claude-3-5-haiku-20241022', 'my-model'];
const count = 60;
const sent = []; // what the clients know: {id, token, model, status, conversation, tokens}
let stack;
let second;
before(async () => {
  stack = await Stack.start();
  second = await stack.api.generate('second', { mode: 'api' });
  await stack.untilKnown(stack.proxy, second.token);
  const client = await RawClient.connect(stack.proxy.port);
  for (let i = 0; i < count; ++i) {
    const token = i % 3 === 0 ? second : stack.token;
    const model = models[i % models.length];
    const status = i % 10 === 9 ? 429 : 200;
    const conversation = `conversation-${i % 4}`;
    const output = (i * 7) % 50;
    const steering = `status=${status}; input=${i + 1}; output=${output}`;
    const headers = messageHeaders(token.token, { 'x-claude-code-session-id': conversation });
    await client.send(requestBytes({ headers, body: messageBody(steering, { model }) }));
    const id = (await client.response()).get('x-ccproxy-request-id');
    const tokens = status === 200 ? i + 1 + output : null;
    sent.push({ id, token, model, status, conversation, tokens });
  }
  client.close();
  await stack.api.row(sent.at(-1).id);
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const ids = (logs) => logs.map(({ id }) => id);

it('each filter gives exactly its rows, newest first', async () => {
  const filters = [
    [{}, () => true],
    [{ token_id: second.id }, ({ token }) => token === second],
    [{ user_name: 'main' }, ({ token }) => token !== second],
    [{ account_id: 'acc-1' }, () => true],
    [{ account_id: 'acc-2' }, () => false],
    [{ mode: 'api' }, () => true],
    [{ mode: 'web' }, () => false],
    [{ model: 'my-model' }, ({ model }) => model === 'my-model'],
    [{ model: 'my' }, () => false],
    [{ success: true }, ({ status }) => status === 200],
    [{ success: false }, ({ status }) => status !== 200],
    [{ status_code: 429 }, ({ status }) => status === 429],
    [
      { conversation_id: 'conversation-2' },
      ({ conversation }) => conversation === 'conversation-2',
    ],
    [
      { token_id: second.id, status_code: 200, conversation_id: 'conversation-1' },
      (s) => s.token === second && s.status === 200 && s.conversation === 'conversation-1',
    ],
  ];
  for (const [filter, fits] of filters) {
    const expected = ids(sent.filter(fits)).sort();
    const page = await stack.api.logs({ ...filter, limit: 1000 });
    assert.deepEqual(ids(page.logs).sort(), expected, JSON.stringify(filter));
    const moments = page.logs.map((row) => row.request_at);
    assert.deepEqual(moments, [...moments].sort().reverse());
    assert.equal(page.total, expected.length);
    assert.equal(page.next_cursor, null);
  }
});

it('dates: moments are exact, a day is a whole day', async () => {
  const { logs } = await stack.api.logs({ limit: 1000, order: 'asc' });
  const at = logs[20].request_at;
  const from = await stack.api.logs({ from_date: at, limit: 1000 });
  assert.deepEqual(ids(from.logs), ids(logs.filter((row) => row.request_at >= at)).reverse());
  const to = await stack.api.logs({ to_date: at, limit: 1000 });
  assert.deepEqual(ids(to.logs), ids(logs.filter((row) => row.request_at < at)).reverse());
  const first = logs[0].request_at.slice(0, 10);
  const last = logs.at(-1).request_at.slice(0, 10);
  assert.equal((await stack.api.logs({ from_date: first, to_date: last })).total, count);
  assert.equal((await stack.api.logs({ to_date: '2020-01-01' })).total, 0);
});

it('pages and cursors give each row once, also while new ones come', async () => {
  const all = ids((await stack.api.logs({ limit: 1000 })).logs);
  for (const limit of [1, 7, 59, 60, 61]) {
    const paged = [];
    for (let page = 0; paged.length < all.length; ++page) {
      const { logs, total, page: shown, limit: used } = await stack.api.logs({ page, limit });
      assert.deepEqual([total, shown, used], [all.length, page, limit]);
      assert.ok(logs.length > 0);
      paged.push(...ids(logs));
    }
    assert.deepEqual(paged, all);
  }
  const walked = [];
  let cursor;
  let steps = 0;
  do {
    const page = await stack.api.logs({ limit: 13, cursor });
    walked.push(...ids(page.logs));
    cursor = page.next_cursor ?? undefined;
    if (steps++ === 1) {
      const headers = messageHeaders(stack.token.token);
      const more = await roundTrip(stack.proxy.port, { headers, body: messageBody('status=500') });
      sent.push({
        id: more.get('x-ccproxy-request-id'),
        token: stack.token,
        status: 500,
        tokens: null,
      });
      await stack.api.row(sent.at(-1).id);
    }
  } while (cursor);
  assert.deepEqual(walked, all);
});

it('orders: by each field, both ways, by cursor as well as at once', async () => {
  const fields = [
    'request_at',
    'duration_ms',
    'ttft_ms',
    'total_tokens',
    'cost_nano_usd',
    'status_code',
  ];
  for (const sort of fields) {
    for (const order of ['asc', 'desc']) {
      const { logs, total } = await stack.api.logs({ sort, order, limit: 1000 });
      const values = logs.map((row) => row[sort]).filter((value) => value !== null);
      const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (order === 'asc' ? 1 : -1);
      assert.deepEqual(values, [...values].sort(compare), `${sort} ${order}`);
      const walked = [];
      let cursor;
      do {
        const page = await stack.api.logs({ sort, order, limit: 9, cursor });
        walked.push(...ids(page.logs));
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      assert.deepEqual(walked, ids(logs), `${sort} ${order} by cursor`);
      assert.equal(new Set(walked).size, total);
    }
  }
});

it('a wrong parameter is 400 and named', async () => {
  const wrong = [
    ['limit', '0'],
    ['limit', '1001'],
    ['limit', 'x'],
    ['page', '-1'],
    ['sort', 'id; drop table'],
    ['order', 'up'],
    ['success', 'maybe'],
    ['status_code', '99'],
    ['mode', 'telepathy'],
    ['from_date', 'yesterday'],
    ['to_date', '2026-13-01'],
    ['cursor', 'nonsense'],
    ['colour', 'red'],
  ];
  for (const [name, value] of wrong) {
    const { status, body } = await stack.api.call('GET', '/api/logs/requests', {
      query: { [name]: value },
    });
    assert.equal(status, 400, `${name}=${value}`);
    assert.ok(body.error.includes(name), body.error);
  }
});

it('one row by its id', async () => {
  const { logs } = await stack.api.logs({ limit: 1 });
  assert.deepEqual(await stack.api.row(logs[0].id), logs[0]);
  for (const id of ['01890000-0000-7000-8000-000000000000', 'x']) {
    assert.equal((await stack.api.call('GET', `/api/logs/requests/${id}`)).status, 404);
  }
});

it('a cost where the model has a price, null where it has none', async () => {
  const { logs } = await stack.api.logs({ status_code: 200, limit: 1000 });
  for (const row of logs) {
    const priced = row.model !== 'my-model';
    assertRow(row, { cost_nano_usd: (cost) => (priced ? cost > 0 : cost === null) });
  }
});

it('the list of tokens counts what they used', async () => {
  const { tokens } = await stack.api.ask('GET', '/api/token/list');
  for (const token of [stack.token, second]) {
    const own = sent.filter((request) => request.token === token);
    const listed = tokens.find(({ id }) => id === token.id);
    assert.equal(listed.total_requests, own.length);
    const sum = own.reduce((total, { tokens: used }) => total + (used ?? 0), 0);
    assert.equal(listed.total_tokens_used, sum);
    assert.equal(listed.is_valid, true);
    assert.ok(listed.last_used_at >= listed.created_at);
    assert.ok(!JSON.stringify(listed).includes(token.token));
    const headers = { 'x-api-key': token.token };
    const { body } = await stack.api.call('GET', '/api/token/info', { headers });
    assert.deepEqual(body, listed);
  }
});

it('the status tells the delivery', async () => {
  const status = await eventually('nothing lags', async () => {
    const now = await stack.api.ask('GET', '/api/system/status');
    return now.proxies[0].lag === 0 ? now : null;
  });
  assert.equal(status.ready, true);
  assert.equal(status.proxies.length, 1);
  const [proxy] = status.proxies;
  assert.equal(proxy.connected, true);
  assert.equal(proxy.received, sent.length);
  assert.equal(proxy.watermark, sent.length);
  assert.equal(proxy.next_seq, sent.length + 1);
  for (const name of ['gaps', 'quarantined', 'lost', 'dropped']) assert.equal(proxy[name], 0, name);
  assert.equal(status.ingest.rows, sent.length);
  assert.equal(status.ingest.queue_events, 0);
  assert.equal(status.ingest.last_error, null);
  assert.equal(status.storage.request_logs, sent.length);
  assert.ok(status.storage.database_bytes > 0);
});

it('only the admin key opens the admin calls', async () => {
  const calls = [
    ['GET', '/api/logs/requests'],
    ['GET', '/api/token/list'],
    ['GET', '/api/system/status'],
    ['POST', '/api/token/generate'],
  ];
  const wrong = [
    {},
    { 'x-admin-key': 'x' },
    { 'x-admin-key': `${adminKey} ` + 'x' },
    { 'x-api-key': adminKey },
    { authorization: `Bearer ${stack.token.token}` },
  ];
  for (const [method, path] of calls) {
    for (const headers of wrong) {
      const { status, body } = await stack.api.call(method, path, { headers });
      assert.equal(status, 401, path);
      assert.ok(body.error);
    }
  }
  const bearer = { authorization: `Bearer ${adminKey}` };
  assert.equal((await stack.api.call('GET', '/api/token/list', { headers: bearer })).status, 200);
});
