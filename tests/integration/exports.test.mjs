// Exports of request logs: all rows, as they stand in the database, whoever reads them how.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before } from 'node:test';

import { Stack, adminKey, test } from './harness.mjs';
import { makeEvent, storeEvents } from './support/journal.mjs';
import { messageRequest } from './support/messages.mjs';
import { eventually, runToEnd } from './support/program.mjs';
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
let rows; // What the list says, by id.
before(async () => {
  stack = await Stack.start();
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

async function curl(query, name) {
  const file = path.join(stack.dir, name);
  const url = `${stack.api.url}/api/logs/requests/export?${new URLSearchParams(query)}`;
  const args = ['-sS', '-f', '-o', file, '-D', '-', '-H', `X-Admin-Key: ${adminKey}`, url];
  const { code, output } = await runToEnd('curl', args);
  assert.equal(code, 0, output);
  return { head: output, text: readFileSync(file, 'utf8') };
}

async function metric(name) {
  const text = await (await fetch(`${stack.api.url}/metrics`)).text();
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `)).split(' ').at(-1));
}

it('a CSV holds every row of the database, the oldest first', async () => {
  const { head, text } = await curl({ format: 'csv' }, 'all.csv');
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
  const array = JSON.parse((await curl({ format: 'json' }, 'all.json')).text);
  const { text } = await curl({ format: 'jsonl' }, 'all.jsonl');
  const lines = text.split('\n');
  assert.equal(lines.pop(), '');
  assert.deepEqual(lines.map((line) => JSON.parse(line)), array);
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
    const { text } = await curl({ ...filter, format: 'jsonl' }, 'some.jsonl');
    const ids = text.split('\n').slice(0, -1).map((line) => JSON.parse(line).id);
    const listed = await stack.api.allLogs(filter);
    assert.deepEqual(ids.sort(), listed.map(({ id }) => id).sort(), JSON.stringify(filter));
  }
});

/** An answer whose head was read and nothing more; iterating over it reads on. */
async function stalledExport(format) {
  const url = `${stack.api.url}/api/logs/requests/export?format=${format}`;
  const [response] = await once(http.get(url, { headers: { 'x-admin-key': adminKey } }), 'response');
  assert.equal(await metric('analyticsd_exports_running'), 1);
  return response;
}

async function textOf(response) {
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

it('a client that leaves stops the work', async () => {
  const response = await stalledExport('json');
  response.destroy();
  await eventually(
    'it is broken off',
    async () => (await metric('analyticsd_exports_total{outcome="broken_off"}')) === 1,
  );
  assert.equal(await metric('analyticsd_exports_running'), 0);
});

it('while a slow client reads, rows come in, and it gets what was there when it began', async () => {
  const response = await stalledExport('json');
  for (let i = 0; i < 50; ++i) {
    const answer = await roundTrip(stack.proxy.port, messageRequest(stack.token.token));
    await stack.api.row(answer.get('x-ccproxy-request-id'));
  }
  assert.equal(await metric('analyticsd_exports_running'), 1);
  const array = JSON.parse(await textOf(response));
  assert.equal(array.length, count);
  assert.equal((await stack.api.logs()).total, count + 50);
});

it('stopping analyticsd breaks an export off so that the client knows', async () => {
  const response = await stalledExport('json');
  await stack.analytics.stop();
  await assert.rejects(textOf(response), { code: 'ECONNRESET' });
  await stack.startAnalytics();
});
