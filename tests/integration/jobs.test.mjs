// Jobs in the real program: what they delete stays deleted, whatever is killed.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach } from 'node:test';

import { Stack, test } from './harness.mjs';
import { makeEvent, storeEvents } from './support/journal.mjs';
import { eventually } from './support/program.mjs';

const dayMs = 86_400_000;
const oldCount = 30_000;
const youngCount = 100;

let stack;
beforeEach(async () => {
  stack = await Stack.start();
  const now = Date.now();
  const events = Array.from({ length: oldCount + youngCount }, (_, i) =>
    makeEvent(i, {
      token_id: stack.token.id,
      request_at_ms: i < oldCount ? now - 100 * dayMs + i : now - youngCount + i - oldCount,
    }),
  );
  await storeEvents(stack, 'history', events);
});
afterEach(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const retainJob = async () =>
  (await stack.api.ask('GET', '/api/jobs')).jobs.find(({ name }) => name === 'retain');
const state = (wanted) =>
  eventually(`the job is ${wanted}`, async () => {
    const job = await retainJob();
    return job.state === wanted && job;
  });
const deleteOld = (days) => stack.api.call('DELETE', '/api/logs/requests/old', { query: { days } });
const total = async () => (await stack.api.logs({ limit: 1 })).total;
const databaseBytes = () => statSync(path.join(stack.dir, 'ccproxy.db')).size;

it('old logs go, their space comes back, the totals of tokens stay', async () => {
  const { tokens } = await stack.api.ask('GET', '/api/token/list');
  // With the checkpoint of a stop the file is as large as its content.
  await stack.analytics.stop();
  const before = databaseBytes();
  await stack.startAnalytics();
  assert.deepEqual(await deleteOld(90), { status: 200, body: { deleted: oldCount, days: 90 } });
  assert.equal(await total(), youngCount);
  const { storage } = await stack.api.ask('GET', '/api/system/status');
  assert.equal(storage.free_bytes, 0);
  assert.equal(storage.request_logs, youngCount);
  assert.ok(databaseBytes() < before / 3, `${databaseBytes()} of ${before} bytes`);
  assert.deepEqual((await stack.api.ask('GET', '/api/token/list')).tokens, tokens);
  assert.deepEqual((await deleteOld(90)).body, { deleted: 0, days: 90 });
});

it('a job is not run twice at once, and other calls are answered meanwhile', async () => {
  const first = deleteOld(90);
  await state('running');
  const second = await deleteOld(90);
  assert.equal(second.status, 409);
  assert.match(second.body.error, /retain/);
  assert.equal((await stack.api.call('POST', '/api/jobs/retain')).status, 409);
  assert.equal((await first).body.deleted, oldCount);
  assert.equal((await stack.api.call('POST', '/api/jobs/retain')).status, 200);
});

it('a regular run that is killed goes on at the next start', async () => {
  await stack.analytics.stop();
  const keeping = { logging: { retention_days: 30 } };
  await stack.startAnalytics(keeping);
  const broken = assert.rejects(stack.api.call('POST', '/api/jobs/retain'));
  await eventually('some are deleted', async () => (await total()) < oldCount + youngCount);
  await stack.analytics.kill();
  await broken;
  await stack.startAnalytics(keeping);
  const job = await state('ok');
  assert.equal(await total(), youngCount);
  assert.ok(job.report.logs_deleted > 0, 'the kill came in mid-job');
  assert.ok(job.report.logs_deleted < oldCount, 'what was deleted before the kill stayed so');
  assert.equal(job.interval_seconds, 3600);
  assert.ok(Date.parse(job.next_due_at) > Date.now());
});

it('a run on demand that is killed is noticed, and another one ends it', async () => {
  const broken = assert.rejects(deleteOld(90));
  await eventually('some are deleted', async () => (await total()) < oldCount + youngCount);
  await stack.analytics.kill();
  await broken;
  await stack.startAnalytics();
  await stack.analytics.logged(/the job retain was cut/);
  await state('ok'); // The regular run, which keeps all logs.
  const left = await total();
  assert.ok(left > youngCount);
  assert.deepEqual((await deleteOld(90)).body, { deleted: left - youngCount, days: 90 });
  assert.equal(await total(), youngCount);
});

it('stopping in mid-job ends the job and answers who waits', async () => {
  const answer = deleteOld(90);
  await eventually('some are deleted', async () => (await total()) < oldCount + youngCount);
  assert.equal((await stack.analytics.stop()).code, 0);
  assert.deepEqual(await answer, { status: 503, body: { error: 'analyticsd is stopping' } });
  await stack.startAnalytics();
  const { report } = await state('ok');
  assert.equal(report.logs_deleted, 0, 'the regular run keeps all logs');
});
