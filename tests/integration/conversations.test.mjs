// What was said, from Anthropic's SDK to the API of analyticsd: kept only where it is wanted, shown
// as it was, and deleted so that nothing of it stays.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { Stack, test } from './harness.mjs';
import { canonical, conversationOf, loggedToken } from './support/conversations.mjs';
import { abortAfter, messageRequest, model } from './support/messages.mjs';
import { roundTrip } from './support/raw_http.mjs';

let stack;
let logged;
before(async () => {
  stack = await Stack.start();
  logged = await loggedToken(stack, 'logged');
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const client = (token = logged) =>
  new Anthropic({ apiKey: token.token, baseURL: stack.proxy.url, maxRetries: 0 });
const idOf = (response) => response.headers.get('x-ccproxy-request-id');
const ask = (steering, more = {}) => ({
  model,
  max_tokens: 1024,
  messages: [{ role: 'user', content: `Grüße, 世界 [[sim ${steering || 'flush'}]]` }],
  ...more,
});
const textBlock = (text) => ({ type: 'text', text });
const list = (query) => stack.api.ask('GET', '/api/conversations', { query });
const database = () => path.join(stack.dir, 'ccproxy.db');

async function create(body, options) {
  const { data, response } = await client().messages.create(body, options).withResponse();
  return { message: data, id: idOf(response) };
}

async function stream(body, options) {
  const started = client().messages.stream(body, options);
  const { response } = await started.withResponse();
  return { message: await started.finalMessage(), id: idOf(response) };
}

/** The conversation of a request that was answered: what was sent and received, and `more`. */
async function assertShown({ message, id }, body, more = {}) {
  const shown = await conversationOf(stack, id);
  const log = await stack.api.row(id);
  const messages = body.messages.map(canonical);
  const completion = canonical({ role: 'assistant', content: message.content });
  assert.deepEqual(JSON.parse(shown.messages_json), messages);
  assert.deepEqual(JSON.parse(shown.completion_json), completion);
  const commas = messages.length + 5;
  assert.ok(shown.content_bytes >= JSON.stringify([messages, completion]).length - commas);
  const expected = {
    id,
    request_log_id: id,
    token_id: logged.id,
    user_name: 'logged',
    model,
    conversation_id: log.conversation_id,
    agent_id: log.agent_id,
    created_at: log.request_at,
    message_count: messages.length,
    has_completion: true,
    truncated: false,
    is_compressed: false,
    ...more,
  };
  assert.deepEqual(shown, { ...shown, ...expected });
  return shown;
}

it('plain and streamed, with a system prompt and a history', async () => {
  const history = [
    { role: 'user', content: 'a "question"\n\\ \u0007\u001b[0m' },
    { role: 'assistant', content: [textBlock('an answer 😀')] },
  ];
  const headers = { 'x-claude-code-session-id': 'a-session', 'x-claude-code-agent-id': 'agent-7' };
  const systems = [
    ['Be brief.', 'Be brief.'],
    [[{ ...textBlock('Be'), cache_control: { type: 'ephemeral' } }, textBlock('brief.')], 'Be\n\nbrief.'],
    [undefined, null],
  ];
  for (const [system, system_prompt] of systems) {
    const body = ask('events=30', system && { system });
    body.messages.unshift(...history);
    for (const send of [create, stream]) {
      const turn = await send(body, { headers });
      const { text } = turn.message.content[0];
      const prompt = body.messages.at(-1).content;
      const shown = { prompt, prompt_preview: prompt, completion: text, system_prompt };
      await assertShown(turn, body, { ...shown, conversation_id: 'a-session', agent_id: 'agent-7' });
    }
  }
});

it('calls of tools, their results, and thinking', async () => {
  const tools = [{ name: 'weather', input_schema: { type: 'object' } }];
  const steering = 'tool_input=%7B%22city%22:%22Z%C3%BCrich%22%2C%22days%22:[1%2C2.50]%7D';
  const calling = ask(steering, { tools, tool_choice: { type: 'tool', name: 'weather' } });
  const thinking = ask('', { max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 1024 } });
  for (const send of [create, stream]) {
    const turn = await send(calling);
    const shown = await assertShown(turn, calling);
    assert.match(shown.completion, /\[weather \{"city":"Zürich","days":\[1,2\.50?\]\}\]/);
    const used = turn.message.content.find(({ type }) => type === 'tool_use');
    const result = { type: 'tool_result', tool_use_id: used.id, content: [textBlock('rain')] };
    const next = ask('flush', { tools });
    next.messages.push(
      { role: 'assistant', content: turn.message.content },
      { role: 'user', content: [result, textBlock('So? [[sim flush]]')] },
    );
    const answered = await assertShown(await send(next), next);
    assert.match(answered.prompt, /rain[^]*So\?/);

    const thought = await send(thinking);
    assert.equal(thought.message.content[0].type, 'thinking');
    const { completion } = await assertShown(thought, thinking);
    assert.ok(!completion.includes(thought.message.content[0].thinking));
  }
});

it('an image stands there by its hash and size', async () => {
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i) % 251));
  const source = { type: 'base64', media_type: 'image/png', data: bytes.toString('base64') };
  const body = ask('');
  body.messages = [
    { role: 'user', content: [{ type: 'image', source }, textBlock('What is it?')] },
  ];
  const { id } = await create(body);
  const shown = await conversationOf(stack, id);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const [{ content }] = JSON.parse(shown.messages_json);
  assert.deepEqual(content[0], {
    type: 'image',
    source: { type: 'reference', media_type: 'image/png', sha256, bytes: bytes.length },
  });
  assert.equal(shown.prompt, '[image]\nWhat is it?');
});

it('what a client of OpenAI’s format says, as the Messages that it became', async () => {
  const openai = new OpenAI({ apiKey: logged.token, baseURL: `${stack.proxy.url}/v1`, maxRetries: 0 });
  const [question] = ask('events=20').messages;
  const messages = [{ role: 'system', content: 'Be brief.' }, question];
  for (const streamed of [false, true]) {
    const sent = openai.chat.completions.create({ model, messages, stream: streamed });
    const { data, response } = await sent.withResponse();
    let text = data.choices?.[0].message.content ?? '';
    if (streamed) for await (const { choices } of data) text += choices[0]?.delta.content ?? '';
    const shown = await conversationOf(stack, idOf(response));
    assert.equal(shown.system_prompt, 'Be brief.');
    assert.equal(shown.prompt, question.content);
    assert.equal(shown.completion, text);
    assert.ok(text.length > 20);
    assert.deepEqual(JSON.parse(shown.messages_json), [canonical(question)]);
  }
});

it('an answer that the program aborts, as far as it had come', async () => {
  const started = client().messages.stream(ask('events=5000; delta_bytes=35; delay_ms=1'));
  const { response } = await started.withResponse();
  const said = await abortAfter(started, 1000);
  const shown = await conversationOf(stack, idOf(response));
  assert.equal((await stack.api.row(shown.id)).status_code, 499);
  assert.ok(shown.completion.startsWith(said.slice(0, 1000)));
  assert.equal(shown.has_completion, true);
  assert.equal(shown.message_count, 1);
});

it('of a failed request the question', async () => {
  const body = ask('status=429');
  const failed = await client()
    .messages.create(body)
    .then(assert.fail, (error) => error);
  const shown = await conversationOf(stack, idOf(failed));
  assert.deepEqual(JSON.parse(shown.messages_json), body.messages.map(canonical));
  const { completion, completion_json, has_completion } = shown;
  assert.deepEqual({ completion, completion_json, has_completion }, {
    completion: null,
    completion_json: null,
    has_completion: false,
  });
});

it('a token without the setting leaves a row and no conversation', async () => {
  const secret = 'what-nobody-may-keep';
  const { response } = await client(stack.token)
    .messages.create(ask('', { system: secret, messages: [{ role: 'user', content: secret }] }))
    .withResponse();
  assert.equal(await conversationOf(stack, idOf(response)), null);
  for (const file of [database(), `${database()}-wal`]) {
    assert.ok(!readFileSync(file).includes(secret));
  }
});

/** Changes the database of an analyticsd that does not run. */
function sql(text, ...values) {
  const program = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database: database.execute(sys.argv[2], sys.argv[3:])
`;
  execFileSync('python3', ['-c', program, database(), text, ...values]);
}

it('what the proxy recorded before the setting was off is not stored after it', async () => {
  const { token, id } = await loggedToken(stack, 'changes its mind');
  await stack.analytics.stop();
  const answer = await roundTrip(stack.proxy.port, messageRequest(token));
  sql('UPDATE tokens SET conversation_logging = 0 WHERE id = ?', id);
  await stack.startAnalytics();
  assert.equal(await conversationOf(stack, answer.get('x-ccproxy-request-id')), null);
  const { ingest } = await stack.api.ask('GET', '/api/system/status');
  assert.equal(ingest.conversations_dropped, 1);
});

it('with `conversations.enabled: false` nothing is stored, and what was is still shown', async () => {
  const { total } = await list({ limit: 1 });
  await stack.analytics.stop();
  await stack.startAnalytics({ conversations: { enabled: false } });
  const { id } = await create(ask(''));
  assert.equal(await conversationOf(stack, id), null);
  assert.equal((await list({ limit: 1 })).total, total);
  await stack.analytics.stop();
  await stack.startAnalytics({});
});

it('200 turns of a session cost what is new in them, not what was sent', async () => {
  const headers = { 'x-claude-code-session-id': 'a-long-session' };
  const word = (i) => (i ** 2).toString(36);
  const words = (i, count) => Array.from({ length: count }, (_, j) => word(i * 7919 + j)).join(' ');
  const system = words(1, 3000);
  const messages = [];
  let sentBytes = 0;
  await stack.api.ask('POST', '/api/jobs/retain'); // Makes a checkpoint.
  const before = statSync(database()).size;
  let turn;
  for (let i = 0; i < 200; ++i) {
    messages.push({ role: 'user', content: `${words(i, 200)} [[sim events=9; delta_bytes=50]]` });
    sentBytes += JSON.stringify(messages).length;
    turn = await (i % 2 ? stream : create)(ask('', { system, messages }), { headers });
    messages.push({ role: 'assistant', content: turn.message.content });
  }
  await stack.api.row(turn.id);
  await stack.api.ask('POST', '/api/jobs/retain');
  const cost = statSync(database()).size - before;
  const newBytes = system.length + JSON.stringify(messages).length;
  // Stored once, and once more in the index of the search.
  assert.ok(cost < newBytes * 3, `${cost} bytes for ${newBytes} that were new, of ${sentBytes}`);
  assert.ok(cost * 20 < sentBytes, `${cost} bytes for ${newBytes} that were new, of ${sentBytes}`);
  await assertShown(turn, { messages: messages.slice(0, -1) }, { system_prompt: system });
  assert.equal((await list({ conversation_id: 'a-long-session', limit: 1 })).total, 200);
});

it('pages by number and by cursor hold every conversation once, without what was said', async () => {
  const session = { conversation_id: 'a-long-session', limit: 37 };
  const byCursor = [];
  let page = await list(session);
  assert.deepEqual([page.total, page.page, page.limit], [200, 0, 37]);
  for (; page.next_cursor; page = await list({ ...session, cursor: page.next_cursor })) {
    byCursor.push(...page.conversations);
  }
  byCursor.push(...page.conversations);
  const byNumber = [];
  for (let i = 0; i < 6; ++i) byNumber.push(...(await list({ ...session, page: i })).conversations);
  assert.equal(byCursor.length, 200);
  assert.deepEqual(byNumber, byCursor);
  assert.equal(new Set(byCursor.map(({ id }) => id)).size, 200);
  const counts = byCursor.map(({ message_count }) => message_count);
  assert.deepEqual(counts, Array.from({ length: 200 }, (_, i) => 399 - 2 * i), 'the newest first');
  const detail = await conversationOf(stack, byCursor[5].id);
  for (const name of ['system_prompt', 'messages_json', 'prompt', 'completion', 'completion_json']) {
    assert.ok(name in detail);
    delete detail[name];
  }
  assert.deepEqual(byCursor[5], detail);
});

it('a deleted conversation is gone; its log and what others share with it stay', async () => {
  const { conversations } = await list({ conversation_id: 'a-long-session', limit: 3 });
  const [last, { id }] = conversations;
  const kept = await conversationOf(stack, last.id);
  assert.equal(typeof (await stack.api.ask('DELETE', `/api/conversations/${id}`)).message, 'string');
  assert.equal(await conversationOf(stack, id), null);
  assert.equal((await stack.api.call('DELETE', `/api/conversations/${id}`)).status, 404);
  assert.equal((await list({ conversation_id: 'a-long-session' })).total, 199);
  assert.deepEqual(await conversationOf(stack, last.id), kept);
});
