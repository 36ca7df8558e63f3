// Exports of request logs: all rows, as they stand in the database, whoever reads them how.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { Exports, textOf } from './support/exports.mjs';
import { makeEvent, storeEvents } from './support/journal.mjs';
import { messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { roundTrip } from './support/raw_http.mjs';

const count = 20_000;
const columns = {
  ID: 'id',
  TokenID: 'token_id',
  AccountID: 'account_id',
  UserName: 'user_name',
  Mode: 'mode',
  Model: 'model',
  Stream: 'stream',
  RequestAt: 'request_at',
  ResponseAt: 'response_at',
  DurationMs: 'duration_ms',
  TTFTMs: 'ttft_ms',
  PromptTokens: 'prompt_tokens',
  CompletionTokens: 'completion_tokens',
  TotalTokens: 'total_tokens',
  StatusCode: 'status_code',
  Success: 'success',
  ErrorMessage: 'error_message',
  ConversationID: 'conversation_id',
  CacheCreation5mTokens: 'cache_creation_5m_tokens',
  CacheCreation1hTokens: 'cache_creation_1h_tokens',
  CacheReadTokens: 'cache_read_tokens',
  UsageSource: 'usage_source',
  CostNanoUSD: 'cost_nano_usd',
  StopReason: 'stop_reason',
  AgentID: 'agent_id',
  UpstreamRequestID: 'upstream_request_id',
  Attempts: 'attempts',
  ProxyID: 'proxy_id',
};
const oddNames = ['=1+1', '+x', '-x', '@x', '\tx', '\rx', 'a,b', 'say "hi"', 'two\nlines', '你好 🎈'];

let stack;
let exports;
let rows; // What the list says, by id.
before(async () => {
  stack = await Stack.start();
  exports = new Exports(stack, '/api/logs/requests/export');
  const start = Date.now() - 3_600_000;
  const events = Array.from({ length: count }, (_, i) => {
    const event = makeEvent(i, { request_at_ms: start + Math.floor(i / 3) });
    if (i % 20 === 0) event.user_name = oddNames[(i / 20) % oddNames.length];
    if (i % 50 === 1) Object.assign(event, { success: false, status_code: 500, error_message: 'x,"y"' });
    if (i % 50 === 2) {
      for (const name of Object.keys(event)) if (name.endsWith('_tokens')) delete event[name];
      event.usage_source = 'none';
    }
    return event;
  });
  await storeEvents(stack, 'history', events);
  const all = await stack.api.allLogs();
  rows = new Map(all.map((row) => [row.id, row]));
  assert.equal(rows.size, count);
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);

/** Cells by RFC 4180. */
function parseCsv(text) {
  const table = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let row = [];
  let end = 0;
  for (let match; (match = cell.exec(text)); end = cell.lastIndex) {
    row.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] === ',') continue;
    table.push(row);
    row = [];
  }
  assert.equal(end, text.length, `malformed: ${text.slice(end, end + 200)}`);
  return table;
}

/** What a cell must say of a value of the list. */
function cellOf(value) {
  if (value === null) return '';
  return typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
}

it('a CSV holds every row of the database, the oldest first', async () => {
  const { head, text } = await exports.curl({ format: 'csv' });
  assert.match(head, /^content-disposition: attachment; filename="request_logs_\d{8}_\d{6}\.csv"\r$/m);
  assert.match(head, /^transfer-encoding: chunked\r$/m);
  const [names, ...cells] = parseCsv(text);
  assert.deepEqual(names, Object.keys(columns));
  assert.equal(cells.length, count);
  let last = '';
  for (const row of cells) {
    const expected = rows.get(row[0]);
    assert.deepEqual(row, Object.values(columns).map((name) => cellOf(expected[name])));
    assert.ok(row[7] >= last);
    last = row[7];
  }
  assert.equal(new Set(cells.map(([id]) => id)).size, count);
});

it('JSON and JSONL hold the objects of the list', async () => {
  const array = JSON.parse((await exports.curl({ format: 'json' })).text);
  assert.deepEqual(await exports.lines(), array);
  assert.equal(array.length, count);
  for (const row of array) assert.deepEqual(row, rows.get(row.id));
});

it('an export takes the filters of the list', async () => {
  const some = [...rows.values()][7];
  const filters = [
    { user_name: '=1+1' },
    { success: 'false', conversation_id: 'conversation-1' },
    { token_id: 'nobody' },
    { from_date: some.request_at, status_code: '200' },
    { to_date: some.request_at },
  ];
  for (const filter of filters) {
    const ids = (await exports.lines(filter)).map(({ id }) => id);
    const listed = await stack.api.allLogs(filter);
    assert.deepEqual(ids.sort(), listed.map(({ id }) => id).sort(), JSON.stringify(filter));
  }
});

it('a client that leaves stops the work', async () => {
  const response = await exports.stalled('json');
  response.destroy();
  await eventually(
    'it is broken off',
    async () => (await exports.metric('analyticsd_exports_total{outcome="broken_off"}')) === 1,
  );
  assert.equal(await exports.metric('analyticsd_exports_running'), 0);
});

it('while a slow client reads, rows come in, and it gets what was there when it began', async () => {
  const response = await exports.stalled('json');
  for (let i = 0; i < 50; ++i) {
    const answer = await roundTrip(stack.proxy.port, messageRequest(stack.token.token));
    await stack.api.row(answer.get('x-ccproxy-request-id'));
  }
  assert.equal(await exports.metric('analyticsd_exports_running'), 1);
  const array = JSON.parse(await textOf(response));
  assert.equal(array.length, count);
  assert.equal((await stack.api.logs()).total, count + 50);
});

it('stopping analyticsd breaks an export off so that the client knows', async () => {
  const response = await exports.stalled('json');
  await stack.analytics.stop();
  await assert.rejects(textOf(response), { code: 'ECONNRESET' });
  await stack.startAnalytics();
});
