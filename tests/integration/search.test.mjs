// What was said through the proxy is found by its words; what is deleted is not.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { conversationEvent, loggedToken } from './support/conversations.mjs';
import { storeEvents } from './support/journal.mjs';
import { messageHeaders, model } from './support/messages.mjs';
import { roundTrip } from './support/raw_http.mjs';

const dayMs = 86_400_000;

let stack;
let ann;
let bob;
before(async () => {
  stack = await Stack.start();
  ann = await loggedToken(stack, 'ann');
  bob = await loggedToken(stack, 'bob');
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);

/** Has `token` say `prompt`; gives the id once the row is there. */
async function say(token, prompt, answer = 'yes', stream = false) {
  const content = `${prompt} [[sim text=${encodeURIComponent(answer)}]]`;
  const messages = [{ role: 'user', content }];
  const body = JSON.stringify({ model, max_tokens: 64, messages, ...(stream && { stream }) });
  const response = await roundTrip(stack.proxy.port, { headers: messageHeaders(token.token), body });
  assert.equal(response.status, 200);
  const id = response.get('x-ccproxy-request-id');
  await stack.api.row(id);
  return id;
}

const search = (q, query = {}) =>
  stack.api.ask('GET', '/api/conversations/search', { query: { q, ...query } });
const idsOf = ({ conversations }) => conversations.map(({ id }) => id);
const find = async (q, query) => idsOf(await search(q, query));

const makeSaid = (first, count, question, request_at_ms = Date.now()) =>
  Array.from({ length: count }, (_, i) =>
    conversationEvent(first + i, bob, { question: question(i), answer: 'fine', request_at_ms }),
  );

it('by words, phrases and beginnings of the prompt and the answer, once the row is there', async () => {
  const asked = await say(ann, 'Which gasket fits the boiler?', 'The thin one, of copper.');
  const streamed = await say(ann, 'And the valve?', 'It needs no gasket at all.', true);
  assert.deepEqual(await find('BOILER'), [asked]);
  assert.deepEqual(await find('copper'), [asked]);
  assert.deepEqual(await find('valve'), [streamed]);
  assert.deepEqual((await find('gasket')).sort(), [asked, streamed].sort());
  assert.deepEqual(await find('gasket boiler'), [asked]);
  assert.deepEqual(await find('"no gasket at all"'), [streamed]);
  assert.deepEqual(await find('"gasket no"'), []);
  assert.deepEqual(await find('boil*'), [asked]);
  assert.deepEqual(await find('boil'), []);
  const { conversations, query, total } = await search('thin copper');
  assert.equal(query, 'thin copper');
  assert.equal(total, 1);
  assert.equal(conversations[0].snippet, 'The <mark>thin</mark> one, of <mark>copper</mark>.');
  assert.equal(conversations[0].snippet_of, 'completion');
});

it('words of Chinese, of two characters on', async () => {
  const id = await say(ann, '如何配置反向代理服务器？', '请先安装软件。', true);
  for (const q of ['代理', '反向代理', '服务器', '安装', '软件', '代理 安装', '"反向代理服务器"']) {
    assert.deepEqual(await find(q), [id], q);
  }
  assert.deepEqual(await find('理代'), []);
  assert.match((await search('代理')).conversations[0].snippet, /反向<mark>代理<\/mark>服务器/);
});

it('of one token, or of all', async () => {
  const hers = await say(ann, 'the quarterly turbine report');
  const his = await say(bob, 'the yearly turbine report');
  assert.deepEqual((await find('turbine')).sort(), [hers, his].sort());
  const { conversations, token_id, total } = await search('turbine', { token_id: bob.id });
  assert.deepEqual(idsOf({ conversations }), [his]);
  assert.equal(conversations[0].token_id, bob.id);
  assert.equal(token_id, bob.id);
  assert.equal(total, 1);
  assert.deepEqual(await find('quarterly', { token_id: bob.id }), []);
  assert.deepEqual(await find(bob.id), []);
});

it('whatever signs are typed', async () => {
  const id = await say(ann, 'Is it "fish AND chips" (or NOT)? 100% - sure: a*b');
  for (const q of [
    ...['fish AND chips', 'AND', 'NOT', '"fish', 'chips"', '(or', 'fish*', 'fish *', '* fish'],
    ...['fish -', '- fish', '100%', 'sure:', 'a*b', 'fish ^ chips', "'fish'", 'fish""chips'],
  ]) {
    assert.ok((await find(q)).includes(id), q);
  }
  for (const q of ['', '*', '"', '-', '()', '" "', '。', ' ']) {
    const { status, body } = await stack.api.call('GET', '/api/conversations/search', { query: { q } });
    assert.equal(status, 400, q);
    assert.match(body.error, /^q: /);
  }
});

it('page by page, each once, although more comes in', async () => {
  const count = 120;
  await storeEvents(stack, 'many', makeSaid(1, count, (i) => `pagination number ${i}`));
  const pages = [];
  let cursor;
  do {
    const page = await search('pagination', { limit: 50, cursor });
    assert.equal(page.total, count);
    pages.push(idsOf(page));
    await say(bob, 'pagination pagination');
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  assert.deepEqual(pages.map(({ length }) => length), [50, 50, 20]);
  assert.equal(new Set(pages.flat()).size, count);
});

it('also after analyticsd was killed', async () => {
  const id = await say(ann, 'a durable zeppelin');
  await stack.analytics.kill();
  await stack.startAnalytics();
  assert.deepEqual(await find('zeppelin'), [id]);
  const later = await say(ann, 'a second zeppelin');
  assert.deepEqual((await find('zeppelin')).sort(), [id, later].sort());
});

it('but not once they are deleted, alone, with their token, or by age', async () => {
  const kept = await say(ann, 'harpsichord one');
  const gone = await say(ann, 'harpsichord two');
  await say(bob, 'harpsichord three');
  await stack.api.ask('DELETE', `/api/conversations/${gone}`);
  assert.equal((await search('harpsichord')).total, 2);
  assert.deepEqual(await find('two harpsichord'), []);
  await stack.api.ask('DELETE', '/api/conversations', { query: { token_id: bob.id } });
  assert.deepEqual(await find('harpsichord'), [kept]);
  assert.deepEqual(await find('turbine', { token_id: bob.id }), []);

  const old = makeSaid(1000, 50, () => 'harpsichord of old', Date.now() - 40 * dayMs);
  await storeEvents(stack, 'old', old);
  assert.equal((await search('harpsichord')).total, 51);
  await stack.analytics.stop();
  await stack.startAnalytics({ conversations: { retention_days: 30 } });
  await stack.api.ask('POST', '/api/jobs/retain');
  assert.deepEqual(await find('harpsichord'), [kept]);
});
