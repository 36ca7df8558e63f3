// What becomes of old conversations and of those that somebody wants gone: they go in small steps
// with what they alone held, their space comes back, and everything else stays.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach } from 'node:test';

import { Stack, test } from './harness.mjs';
import { conversationEvent, conversationOf, setLogging } from './support/conversations.mjs';
import { storeEvents } from './support/journal.mjs';
import { eventually } from './support/program.mjs';

const dayMs = 86_400_000;
const oldCount = 4000;
const youngCount = 50;
const shared = `what both have said ${randomBytes(500).toString('base64')}`;

let stack;
let ann; // Who has said much, 100 days ago, and a little today.
let bob; // Who has said a little today, some of it like ann.
let before; // Figures and rows that stay.
beforeEach(async () => {
  stack = await Stack.start();
  [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => stack.api.generate(name)));
  for (const token of [ann, bob]) await setLogging(stack, token, true);
  const now = Date.now();
  const events = Array.from({ length: oldCount + 2 * youngCount }, (_, i) =>
    conversationEvent(i, i < oldCount + youngCount ? ann : bob, {
      request_at_ms: i < oldCount ? now - 100 * dayMs + i : now - 1000 + i - oldCount,
      system: 'Be brief.',
      question: randomBytes(1500).toString('base64'),
      answer: i % 2 ? shared : `just ${i}`,
    }),
  );
  await storeEvents(stack, 'history', events);
  assert.equal(await total(), oldCount + 2 * youngCount);
  before = await others();
});
afterEach(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const list = (query) => stack.api.ask('GET', '/api/conversations', { query });
const total = async (query = {}) => (await list({ ...query, limit: 1 })).total;
const deleteOf = (token) =>
  stack.api.call('DELETE', '/api/conversations', { query: { token_id: token.id } });
const storage = async () => (await stack.api.ask('GET', '/api/system/status')).storage;
const databaseBytes = () => statSync(path.join(stack.dir, 'ccproxy.db')).size;

/** What no deletion of conversations may touch. */
async function others() {
  const { tokens } = await stack.api.ask('GET', '/api/token/list');
  const stats = [];
  for (const { id } of tokens) {
    const query = { from_date: new Date(Date.now() - 200 * dayMs).toISOString().slice(0, 10) };
    stats.push(await stack.api.ask('GET', `/api/stats/tokens/${id}`, { query }));
  }
  const { conversations } = await list({ token_id: bob.id, limit: youngCount });
  const said = [];
  for (const { id } of conversations) said.push(await conversationOf(stack, id));
  return { tokens, stats, logs: (await stack.api.logs({ limit: 1 })).total, said };
}

/** The file's bytes after a stop, when it is as large as its content. */
async function bytesAtRest(config) {
  await stack.analytics.stop();
  const bytes = databaseBytes();
  await stack.startAnalytics(config);
  return bytes;
}

it('`conversations.retention_days` deletes the old ones, and the file shrinks', async () => {
  const full = await bytesAtRest({ conversations: { retention_days: 30 } });
  const { report } = await stack.api.ask('POST', '/api/jobs/retain');
  assert.equal(report.conversations_deleted, oldCount);
  assert.equal(report.logs_deleted, 0);
  assert.ok(report.bytes_released > 4_000_000, `${report.bytes_released} bytes released`);
  assert.equal(await total(), 2 * youngCount);
  assert.equal((await storage()).free_bytes, 0);
  assert.equal((await storage()).conversations, 2 * youngCount);
  const left = databaseBytes();
  assert.ok(left < full - 4_000_000, `${left} of ${full} bytes`);
  assert.deepEqual(await others(), before);
});

it('a token’s conversations go at once, whatever their age, and their space comes back', async () => {
  const full = await bytesAtRest();
  const deleted = oldCount + youngCount;
  assert.deepEqual(await deleteOf(ann), { status: 200, body: { deleted, token_id: ann.id } });
  assert.equal(await total({ token_id: ann.id }), 0);
  assert.equal((await storage()).free_bytes, 0);
  const left = databaseBytes();
  assert.ok(left < full - 4_000_000, `${left} of ${full} bytes`);
  assert.deepEqual(await others(), before);
  assert.deepEqual((await deleteOf(ann)).body, { deleted: 0, token_id: ann.id });
  assert.deepEqual((await deleteOf({ id: 'nobody' })).body, { deleted: 0, token_id: 'nobody' });
});

it('a deletion that is killed leaves nothing half, and the next one ends it', async () => {
  const broken = assert.rejects(deleteOf(ann));
  await eventually('some are deleted', async () => (await total({ token_id: ann.id })) < oldCount);
  await stack.analytics.kill();
  await broken;
  await stack.startAnalytics();
  const left = await total({ token_id: ann.id });
  assert.ok(left > 0, 'the kill came in mid-job');
  const { body } = await eventually('no other run', async () => {
    const answer = await deleteOf(ann);
    return answer.status === 200 && answer;
  });
  assert.equal(body.deleted, left);
  assert.deepEqual(await others(), before);
  for (const name of ['free_bytes', 'quarantined']) assert.equal((await storage())[name], 0);
});

it('stopping in mid-deletion ends it and answers who waits', async () => {
  const answer = deleteOf(ann);
  await eventually('some are deleted', async () => (await total({ token_id: ann.id })) < oldCount);
  assert.equal((await stack.analytics.stop()).code, 0);
  assert.deepEqual(await answer, { status: 503, body: { error: 'analyticsd is stopping' } });
  await stack.startAnalytics();
  assert.ok((await total({ token_id: ann.id })) > 0);
});
