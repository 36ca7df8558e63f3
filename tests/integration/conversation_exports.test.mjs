// Exports of conversations: all of them in full, whatever was said, whoever reads them how.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { conversationEvent, loggedToken, setLogging } from './support/conversations.mjs';
import { Exports, textOf } from './support/exports.mjs';
import { storeEvents } from './support/journal.mjs';
import { messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { roundTrip } from './support/raw_http.mjs';

const count = 1500;
const controls = Array.from({ length: 0x20 }, (_, i) => String.fromCharCode(i)).join('');
const oddTexts = [
  '',
  'say "hi" \\ / \b\f\n\r\t',
  `${controls}\u007f\u0085\u2028\u2029\ufeff\uffff`,
  '=1+1,"a"\r\n',
  '你好 🎈 Grüße עברית e\u0301',
  '</script><!-- ]]> %s ${x} {{y}}',
  '{"not":"parsed"}\n[1,2]',
  'x'.repeat(1_000_000),
];
const nested = (depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const oddBlocks = [
  [{ type: 'tool_use', id: 't', name: 'a"b', input: { n: 1e300, deep: [[[{}]]], '': [''] } }],
  [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'fin\n' }], is_error: true }],
  [{ type: 'image', source: { type: 'reference', sha256: 'ab'.repeat(32), bytes: 70 } }],
  [{ type: 'thinking', thinking: 'hm', signature: 's' }, { type: 'text', text: 'so' }],
  // With the message, its blocks and the input, as deep as an event may be.
  [{ type: 'tool_use', id: 't', name: 'deep', input: { x: nested(256 - 4) } }],
  [{ type: 'of_tomorrow', what: { x: [null, true, -0.5] } }],
];

let stack;
let exports;
let token;
let shown; // What the API says of each, by id.
before(async () => {
  stack = await Stack.start();
  exports = new Exports(stack, '/api/conversations/export');
  token = await stack.api.generate('speaker');
  await setLogging(stack, token, true);
  const odd = [...oddTexts, ...oddBlocks];
  const start = Date.now() - 3_600_000;
  const events = Array.from({ length: count }, (_, i) =>
    conversationEvent(i, token, {
      request_at_ms: start + Math.floor(i / 3),
      question: odd[i] ?? `${i}: ${'why? '.repeat(2000)}`,
      answer: i % 7 ? [{ type: 'text', text: `because of ${i}` }] : undefined,
      system: i % 5 ? 'Be brief.' : undefined,
    }),
  );
  await storeEvents(stack, 'history', events);
  shown = new Map();
  for (const { id } of events) {
    shown.set(id, await stack.api.ask('GET', `/api/conversations/${id}`));
  }
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const brokenOff = () => exports.metric('analyticsd_exports_total{outcome="broken_off"}');

it('JSON and JSONL hold each conversation as it is shown, the oldest first', async () => {
  const { head, text } = await exports.curl({});
  assert.match(head, /^content-disposition: attachment; filename="conversations_\d{8}_\d{6}\.json"\r$/m);
  assert.match(head, /^content-type: application\/json\r$/m);
  assert.match(head, /^transfer-encoding: chunked\r$/m);
  const all = JSON.parse(text);
  assert.equal(all.length, count);
  for (const conversation of all) assert.deepEqual(conversation, shown.get(conversation.id));
  assert.equal(new Set(all.map(({ id }) => id)).size, count);
  const times = all.map(({ created_at }) => created_at);
  assert.deepEqual(times, [...times].sort());
  assert.deepEqual(await exports.lines(), all);
});

it('what was said comes out as it went in', async () => {
  const all = await exports.lines({ token_id: token.id });
  for (const [i, text] of oddTexts.entries()) {
    const [message] = JSON.parse(all[i].messages_json);
    const expected = text.replace('\0', '\ufffd');
    assert.deepEqual(message.content, expected ? [{ type: 'text', text: expected }] : []);
    if (expected) assert.equal(all[i].prompt, expected);
  }
  for (const [i, blocks] of oddBlocks.entries()) {
    const [message] = JSON.parse(all[oddTexts.length + i].messages_json);
    assert.deepEqual(message.content, blocks);
  }
});

it('an export takes the filters of the list', async () => {
  const some = shown.get([...shown.keys()][9]);
  const filters = [
    { conversation_id: some.conversation_id },
    { token_id: 'nobody' },
    { token_id: token.id, from_date: some.created_at },
    { to_date: some.created_at },
    { from_date: '2100-01-01' },
  ];
  for (const filter of filters) {
    const { total } = await stack.api.ask('GET', '/api/conversations', { query: { ...filter, limit: 1 } });
    const ids = (await exports.lines(filter)).map(({ id }) => id);
    assert.equal(ids.length, total, JSON.stringify(filter));
    assert.equal(new Set(ids).size, total);
  }
});

it('a client that leaves stops the work', async () => {
  const before = await brokenOff();
  const response = await exports.stalled('json');
  response.destroy();
  await eventually('it is broken off', async () => (await brokenOff()) === before + 1);
  assert.equal(await exports.metric('analyticsd_exports_running'), 0);
});

/** The most memory that the process has held since the last call, in bytes. */
function peakMemory({ pid }) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

it('an export takes no more memory than some of its conversations', async () => {
  await exports.curl({ format: 'json' });
  peakMemory(stack.analytics);
  const idle = peakMemory(stack.analytics);
  const response = await exports.stalled('json');
  const text = await textOf(response);
  assert.ok(text.length > 20e6, `${text.length} bytes`);
  const grown = peakMemory(stack.analytics) - idle;
  assert.ok(grown < text.length / 2, `${grown} bytes for ${text.length}`);
});

/** The pages of the write-ahead log, and those of them that a checkpoint brings to the database. */
function checkpoint() {
  const program = `
import sqlite3, sys
print(*sqlite3.connect(sys.argv[1], timeout=10).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone())
`;
  const args = ['-c', program, path.join(stack.dir, 'ccproxy.db')];
  const [busy, log, checkpointed] = String(execFileSync('python3', args)).split(' ').map(Number);
  assert.equal(busy, 0);
  return { log, checkpointed };
}

it('while a slow client reads, ingest goes on, and the write-ahead log is emptied', async () => {
  const logged = await loggedToken(stack, 'meanwhile');
  const { total } = await stack.api.ask('GET', '/api/conversations', { query: { limit: 1 } });
  const response = await exports.stalled('json');
  let last;
  for (let i = 0; i < 50; ++i) {
    const answer = await roundTrip(stack.proxy.port, messageRequest(logged.token));
    last = await stack.api.row(answer.get('x-ccproxy-request-id'));
  }
  await eventually('no read holds the write-ahead log back', () => {
    const { log, checkpointed } = checkpoint();
    return checkpointed === log;
  });
  assert.equal(await exports.metric('analyticsd_exports_running'), 1);
  const all = JSON.parse(await textOf(response));
  assert.equal(all.length, total, 'what was there when it began');
  assert.equal((await stack.api.call('GET', `/api/conversations/${last.id}`)).status, 200);
});

it('what is deleted meanwhile is left out, and nothing else', async () => {
  const response = await exports.stalled('json');
  const ids = [...shown.keys()];
  const gone = ids.slice(-100);
  for (const id of gone) await stack.api.ask('DELETE', `/api/conversations/${id}`);
  const all = new Set(JSON.parse(await textOf(response)).map(({ id }) => id));
  for (const id of ids.slice(0, -100)) assert.ok(all.has(id));
  for (const id of gone) assert.ok(!all.has(id));
});

it('stopping analyticsd breaks an export off so that the client knows', async () => {
  const response = await exports.stalled('json');
  await stack.analytics.stop();
  await assert.rejects(textOf(response), { code: 'ECONNRESET' });
  await stack.startAnalytics();
});
