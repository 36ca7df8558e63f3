// Conversations that are old are compressed by the real program, and nobody can tell but by the space.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach } from 'node:test';

import { Stack, adminKey, test } from './harness.mjs';
import { makeEvent, storeEvents } from './support/journal.mjs';
import { eventually } from './support/program.mjs';

const dayMs = 86_400_000;
const sessions = 60;
const turns = 12;
const oldTurns = (sessions - 1) * turns;

let stack;
let events;
beforeEach(async () => {
  stack = await Stack.start();
  const body = { enable_conversation_logging: true };
  await stack.api.ask('PUT', `/api/token/${stack.token.id}/settings`, { body });
  events = Array.from({ length: sessions }, (_, i) => session(i)).flat();
  await storeEvents(stack, 'history', events);
});
afterEach(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const databaseBytes = () => statSync(path.join(stack.dir, 'ccproxy.db')).size;
const compress = () => stack.api.call('POST', '/api/jobs/compress');
const summaries = () => stack.api.ask('GET', '/api/conversations', { query: { limit: 1000 } });
const compressedCount = async () =>
  (await summaries()).conversations.filter((found) => found.is_compressed).length;
const compressJob = async () =>
  (await stack.api.ask('GET', '/api/jobs')).jobs.find(({ name }) => name === 'compress');

/** Numbers in words, different for each seed. */
function words(seed) {
  let state = seed + 1;
  return Array.from({ length: 800 }, () => {
    state = (state * 48271) % 2147483647;
    return `w${state % 5000}`;
  }).join(' ');
}

/** The turns of a session, each with all before it; all but the last session are ten days old. */
function session(number) {
  const start = Date.now() - (number === sessions - 1 ? 0 : 10 * dayMs) - 3_600_000 + number * turns;
  const message = (role, seed) => ({
    role,
    content: [{ type: 'text', text: `session ${number} ${words(seed)} 你好` }],
  });
  const history = [];
  return Array.from({ length: turns }, (_, turn) => {
    const id = number * turns + turn;
    history.push(message('user', 2 * id));
    const completion = message('assistant', 2 * id + 1);
    const event = makeEvent(id, {
      token_id: stack.token.id,
      conversation_id: `session-${number}`,
      request_at_ms: start + turn,
      conversation: { system: 'Be brief.', messages: [...history], completion },
    });
    history.push(completion);
    return event;
  });
}

/** All that can be read, but for `is_compressed`. */
async function everything() {
  const url = `${stack.api.url}/api/conversations/export?format=jsonl`;
  const response = await fetch(url, { headers: { 'x-admin-key': adminKey } });
  assert.equal(response.status, 200);
  const exported = await response.text();
  const shown = [];
  for (const { id } of events.filter((_, i) => i % 37 === 0)) {
    shown.push(await stack.api.ask('GET', `/api/conversations/${id}`));
  }
  const all = JSON.stringify([exported, shown, await summaries()]);
  return all.replaceAll(/(is_compressed\\*":)(true|false)/g, '$1');
}

it('what is old is compressed, reads the same, and gives its space back', async () => {
  await stack.analytics.stop();
  await stack.startAnalytics();
  const bytes = databaseBytes();
  const before = await everything();
  assert.equal(await compressedCount(), 0);

  const { status, body } = await compress();
  assert.equal(status, 200);
  const { report } = body;
  assert.equal(report.conversations_compressed, oldTurns);
  assert.equal(report.messages_compressed, 2 * oldTurns + 1); // And the system prompt.
  assert.equal(report.messages_damaged, 0);
  assert.ok(report.bytes_after < report.bytes_before);
  assert.ok(report.bytes_released > 0);
  const gained = report.bytes_before - report.bytes_after;
  assert.ok(databaseBytes() < bytes - gained / 2, `${databaseBytes()} of ${bytes} bytes`);
  assert.equal((await stack.api.ask('GET', '/api/system/status')).storage.free_bytes, 0);

  assert.equal(await everything(), before);
  assert.equal(await compressedCount(), oldTurns);
  assert.equal((await stack.api.ask('GET', `/api/conversations/${events[0].id}`)).is_compressed, true);
  assert.equal((await stack.api.ask('GET', `/api/conversations/${events.at(-1).id}`)).is_compressed, false);
  assert.deepEqual(await compressJob().then((job) => [job.state, job.interval_seconds]), ['ok', 86400]);
  assert.equal((await compress()).body.report.conversations_compressed, 0);

  // A session whose beginning is packed goes on.
  const next = structuredClone(events[turns - 1]);
  next.id = makeEvent(1e6).id;
  next.conversation.messages.push(next.conversation.completion, { role: 'user', content: 'more' });
  await storeEvents(stack, 'later', [next]);
  const shown = await stack.api.ask('GET', `/api/conversations/${next.id}`);
  assert.deepEqual(JSON.parse(shown.messages_json).slice(0, -1), next.conversation.messages.slice(0, -1));
  assert.equal(shown.is_compressed, false);

  await stack.analytics.stop();
  await stack.startAnalytics();
  for (const { id } of [next, ...events]) await stack.api.ask('DELETE', `/api/conversations/${id}`);
  await stack.api.ask('POST', '/api/jobs/retain');
  assert.equal((await summaries()).total, 0);
  assert.ok(databaseBytes() < bytes / 2, `${databaseBytes()} of ${bytes} bytes`);
});

it('a run that is killed loses nothing and goes on at the next start', async () => {
  const before = await everything();
  const broken = assert.rejects(compress());
  await eventually('some are compressed', async () => (await compressedCount()) > 0);
  await stack.analytics.kill();
  await broken;
  await stack.startAnalytics();
  const { report } = await eventually('the run has ended', async () => {
    const job = await compressJob();
    return job.state === 'ok' && job;
  });
  assert.ok(report.conversations_compressed > 0, 'the kill came in mid-job');
  assert.ok(report.conversations_compressed < oldTurns, 'what was done before it stayed so');
  assert.equal(await compressedCount(), oldTurns);
  assert.equal(await everything(), before);
});
