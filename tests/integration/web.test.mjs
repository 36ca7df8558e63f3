// Web mode through Anthropic's and OpenAI's own clients: what the program gets, what the backend is
// asked, what row stands, and that the conversation is gone afterwards.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';

import { test } from './harness.mjs';
import { abortAfter, messageHeaders, messageRequest, model } from './support/messages.mjs';
import { failureOf } from './support/openai.mjs';
import { eventually } from './support/program.mjs';
import { roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';
import { WebStack, ask, organization, sessionKey, tokens, uuid } from './support/web.mjs';

let web;
before(async () => {
  web = await WebStack.start();
});
after(() => web?.stop());

const it = (what, body) => test(`web: ${what}`, () => web?.stack, body);
const said = /^Hello from the upstream simulator\. You said: Grüße, 世界/;
const dialects = ['messages', 'completion'];
const promptOf = (steering) => ask(steering).messages[0].content;

/** What the row of a request says that succeeded. */
const succeeded = (stream) => ({
  token_id: web.token.id,
  account_id: 'web-1',
  mode: 'web',
  model,
  stream,
  status_code: 200,
  success: true,
  usage_source: 'estimated',
  stop_reason: 'end_turn',
  attempts: 1,
  attempts_detail: null,
});

for (const dialect of dialects) {
  it(`create, of a backend that streams ${dialect}`, async () => {
    const steering = `dialect=${dialect}; events=9`;
    const { message, row } = await web.create(ask(steering));
    assert.equal(message.type, 'message');
    assert.equal(message.role, 'assistant');
    assert.equal(message.model, model);
    assert.match(message.id, /^msg_/);
    assert.equal(message.content.length, 1);
    assert.match(message.content[0].text, said);
    assert.equal(message.stop_reason, 'end_turn');
    assert.equal(message.usage.input_tokens, tokens(promptOf(steering)));
    assert.equal(message.usage.output_tokens, tokens(message.content[0].text));
    assertRow(row, { ...succeeded(false), conversation_id: uuid, ttft_ms: null });
    assertRow(row, {
      prompt_tokens: message.usage.input_tokens,
      completion_tokens: message.usage.output_tokens,
    });
    await web.untilDeleted();
  });

  it(`a stream, of a backend that streams ${dialect}`, async () => {
    const steering = `dialect=${dialect}; events=9`;
    const { events, message, row } = await web.stream(ask(steering));
    const types = events.map(({ type }) => type).filter((type) => type !== 'ping');
    assert.deepEqual(types, [
      'message_start',
      'content_block_start',
      ...Array(9).fill('content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    assert.match(message.content[0].text, said);
    assert.equal(message.usage.input_tokens, tokens(promptOf(steering)));
    assert.equal(message.usage.output_tokens, tokens(message.content[0].text));
    assertRow(row, { ...succeeded(true), conversation_id: uuid, ttft_ms: (ms) => ms !== null });
    assertRow(row, {
      prompt_tokens: message.usage.input_tokens,
      completion_tokens: message.usage.output_tokens,
    });
    await web.untilDeleted();
  });

  it(`${dialect}: a stream is the same however its bytes are cut`, async () => {
    const whole = await web.stream(ask(`dialect=${dialect}; events=9`));
    for (const cut of ['byte_by_byte', 'chunk_bytes=7', 'one_chunk', 'crlf', 'close_delimited']) {
      const { message, row } = await web.stream(ask(`dialect=${dialect}; events=9; ${cut}`));
      assert.deepEqual(message.content, whole.message.content, cut);
      assertRow(row, succeeded(true));
      const plain = await web.create(ask(`dialect=${dialect}; events=9; ${cut}`));
      assert.deepEqual(plain.message.content, whole.message.content, cut);
    }
    await web.untilDeleted();
  });
}

it('what the backend is asked, and by whom', async () => {
  const from = web.sent().length;
  const { row } = await web.create(ask(''));
  await web.untilDeleted();
  const base = `/api/organizations/${organization}/chat_conversations`;
  const sent = web.sent().slice(from);
  const calls = sent.map(({ line }) => line.replace(' HTTP/1.1', ''));
  assert.deepEqual(calls, [
    `POST ${base}`,
    `POST ${base}/${row.conversation_id}/completion`,
    `DELETE ${base}/${row.conversation_id}`,
  ]);
  assert.deepEqual(JSON.parse(sent[0].body), { uuid: row.conversation_id, name: '' });
  assert.deepEqual(JSON.parse(sent[1].body), {
    prompt: promptOf(''),
    model,
    timezone: 'UTC',
    attachments: [],
    files: [],
    rendering_mode: 'raw',
  });
  assert.match(sent[1].head, /\r\naccept: text\/event-stream\r\n/);
  const asked = web.sent().filter(({ line }) => line.startsWith('GET /api/organizations '));
  assert.equal(asked.length, 1, 'the organization is learnt once');
  for (const { head } of web.sent()) {
    assert.match(head, new RegExp(`\\r\\ncookie: sessionKey=${sessionKey}-web-1(\\r\\n|$)`));
    assert.doesNotMatch(head, /sk-ccp-|stainless|anthropic/i, 'nothing of the client is told');
  }
});

it('history and system prompt in one prompt', async () => {
  const { message } = await web.create({
    ...ask(),
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      { role: 'user', content: 'Two and two?' },
      { role: 'assistant', content: [{ type: 'text', text: 'Four.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Sure?' }, { type: 'text', text: 'Why?' }] },
    ],
  });
  const prompt =
    'Be brief.\n\nHuman: Two and two?\n\nAssistant: Four.\n\nHuman: Sure?\n\nWhy?\n\nAssistant:';
  assert.equal(web.lastPrompt().prompt, prompt);
  assert.equal(message.usage.input_tokens, tokens(prompt));
});

it('thinking, streamed and plain', async () => {
  const steering = 'thinking; events=4';
  const { message, row } = await web.stream(ask(steering));
  assert.deepEqual(
    message.content.map(({ type }) => type),
    ['thinking', 'text'],
  );
  assert.ok(message.content[0].thinking);
  assertRow(row, {
    ...succeeded(true),
    completion_tokens: tokens(message.content[0].thinking + message.content[1].text),
  });
  const plain = await web.create(ask(steering));
  assert.deepEqual(
    plain.message.content.map(({ type, thinking, text }) => [type, thinking ?? text]),
    message.content.map(({ type, thinking, text }) => [type, thinking ?? text]),
  );
});

for (const dialect of dialects) {
  it(`${dialect}: stop sequences end the answer here`, async () => {
    const steering = `dialect=${dialect}; text=one two STOP three; events=17; delay_ms=1`;
    const body = ask(steering, { stop_sequences: ['never', 'STOP'] });
    for (const { message, row } of [await web.stream(body), await web.create(body)]) {
      assert.equal(message.content[0].text, 'one two ');
      assert.equal(message.stop_reason, 'stop_sequence');
      assert.equal(message.stop_sequence, 'STOP');
      assertRow(row, { success: true, stop_reason: 'stop_sequence', completion_tokens: 3 });
    }
    await web.untilDeleted();
  });
}

it("the client's session is the row's conversation", async () => {
  const headers = { 'x-claude-code-session-id': 'a-session' };
  const { row } = await web.create(ask(), { headers });
  assertRow(row, { ...succeeded(false), conversation_id: 'a-session' });
});

it('clients of HTTP/1.0, and requests that are gzip', async () => {
  for (const stream of [false, true]) {
    const more = { stream, version: '1.0', method: 'POST' };
    const old = await roundTrip(web.proxy.port, messageRequest(web.token.token, 'events=9', more));
    assert.equal(old.status, 200);
    assert.match(old.body.toString(), /"Hello/);
    assertRow(await web.stack.api.row(old.get('x-ccproxy-request-id')), succeeded(stream));
  }
  const answer = await fetch(`${web.proxy.url}/v1/messages`, {
    method: 'POST',
    headers: messageHeaders(web.token.token, { 'content-encoding': 'gzip' }),
    body: gzipSync(JSON.stringify(ask())),
  });
  assert.match((await answer.json()).content[0].text, said);
  assert.equal(web.lastPrompt().prompt, promptOf('flush'));
  assertRow(await web.row(answer.headers), succeeded(false));
  await web.untilDeleted();
});

it("OpenAI's client, plain and streamed, in both dialects", async () => {
  const client = web.openai();
  for (const dialect of dialects) {
    const body = { model, messages: ask(`dialect=${dialect}; events=9`).messages };
    const { data, response } = await client.chat.completions.create(body).withResponse();
    assert.match(data.choices[0].message.content, said);
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(data.usage.prompt_tokens, tokens(body.messages[0].content));
    const row = await web.row(response.headers);
    assertRow(row, { ...succeeded(false), completion_tokens: data.usage.completion_tokens });

    const options = { ...body, stream: true, stream_options: { include_usage: true } };
    const streamed = await client.chat.completions.create(options).withResponse();
    let text = '';
    let usage;
    for await (const chunk of streamed.data) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, data.choices[0].message.content);
    assert.deepEqual(usage, data.usage);
    assertRow(await web.row(streamed.response.headers), succeeded(true));
  }
  const system = { role: 'system', content: 'Be brief.' };
  await client.chat.completions.create({
    model,
    max_tokens: 9,
    messages: [system, { role: 'user', content: 'Hi' }],
  });
  assert.equal(web.lastPrompt().prompt, 'Be brief.\n\nHuman: Hi\n\nAssistant:');
  await web.untilDeleted();
});

it('a stream that the program leaves', async () => {
  const stream = web.anthropic().messages.stream(ask('events=5000; delta_bytes=35; delay_ms=1'));
  const { response } = await stream.withResponse();
  const text = await abortAfter(stream, 300);
  const row = await web.row(response.headers);
  assertRow(row, { status_code: 499, success: false, error_message: /client left/ });
  assertRow(row, { usage_source: 'estimated', completion_tokens: (n) => n >= tokens(text) });
  assertRow(row, { completion_tokens: (n) => n < 5000, conversation_id: uuid });
  await web.untilDeleted();
});

it('a plain answer that the program leaves', async () => {
  const abort = new AbortController();
  const headers = { 'x-claude-code-session-id': 'left-plain' };
  const before = await answers();
  const asked = web
    .anthropic()
    .messages.create(ask('events=5000; delay_ms=1'), { signal: abort.signal, headers });
  await eventually('the answer has begun', async () => (await answers()) > before);
  abort.abort();
  await assert.rejects(asked, Anthropic.APIUserAbortError);
  const [row] = await web.stack.api.rows({ conversation_id: 'left-plain' }, 1);
  assertRow(row, { status_code: 499, success: false, usage_source: 'estimated', mode: 'web' });
  await web.untilDeleted();
});

it('conversations are recorded as they were asked and answered', async () => {
  const logged = await web.stack.api.generate('logged');
  await web.untilTaken(logged);
  const body = { enable_conversation_logging: true };
  await web.stack.api.ask('PUT', `/api/token/${logged.id}/settings`, { body });
  const client = web.anthropic(web.proxy, { apiKey: logged.token });
  await eventually('the setting acts', async () => {
    const { response } = await client.messages.create(ask()).withResponse();
    const row = await web.row(response.headers);
    const query = { token_id: logged.id };
    const { conversations } = await web.stack.api.ask('GET', '/api/conversations', { query });
    return conversations.some(({ request_log_id }) => request_log_id === row.id);
  });
  const request = ask('events=4', { system: 'Be brief.' });
  for (const stream of [false, true]) {
    const asked = client.messages.create({ ...request, stream });
    const { response } = await asked.withResponse();
    const row = await web.row(response.headers);
    const found = await conversationOf(row.id, logged.id);
    assert.equal(found.system_prompt, 'Be brief.');
    assert.equal(found.prompt, request.messages[0].content);
    assert.match(found.completion, /^Hello .*You said: Be brief\.\n\nHuman: Grüße/);
  }
});

it('conversations stay where the account is configured so, and organizations are not asked for', async () => {
  const account = web.account('kept', { delete_conversations: false, organization_id: 'org-7' });
  const proxy = await web.addProxy([account]);
  const { row } = await web.create(ask(), { proxy });
  assertRow(row, { success: true, account_id: 'kept' });
  const other = await web.create(ask());
  await web.stack.api.row(other.row.id);
  const left = `/api/organizations/org-7/chat_conversations/${row.conversation_id}`;
  assert.ok((await web.conversations()).includes(left));
  const headers = { cookie: `sessionKey=${sessionKey}` };
  await fetch(`${web.stack.sim.url}${left}`, { method: 'DELETE', headers });
  await web.untilDeleted();
  await proxy.stop();
});

it('a deletion that fails is counted and logged, and no client hears of it', async () => {
  const failed = 'ccproxy_web_deletions_total{outcome="failed"}';
  const before = await web.metric(failed);
  await web.steer('delete', 'status=500');
  const { row } = await web.create(ask());
  assertRow(row, succeeded(false));
  await web.proxy.logged(/web-1: a conversation was not deleted: the upstream answered 500/);
  assert.equal(await web.metric(failed), before + 1);
  await web.steer('delete');
  await dropConversations();
});

it('what web accounts cannot do is refused by the name of its parameter', async () => {
  const image = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };
  const blocks = (block) => [{ role: 'user', content: [{ type: 'text', text: 'Hi' }, block] }];
  const tool = { name: 'f', input_schema: { type: 'object' } };
  const cases = {
    tools: { tools: [tool] },
    tool_choice: { tool_choice: { type: 'any' } },
    'messages[0].content[1].type': { messages: blocks({ type: 'image', source: image }) },
    'messages[0].content[1]': { messages: blocks({ type: 'document', source: image }) },
    'messages[0].role': { messages: [{ role: 'narrator', content: 'Hi' }] },
    output_config: { output_config: { format: { type: 'json_schema', schema: {} } } },
    nonsense: { nonsense: 1 },
    stop_sequences: { stop_sequences: [''] },
    system: { system: 7 },
    messages: { messages: [] },
  };
  const from = web.sent().length;
  for (const [param, more] of Object.entries(cases)) {
    const failed = await failureOf(web.anthropic().messages.create(ask('', more)));
    assert.equal(failed.status, 400, `${param}: ${failed}`);
    assert.equal(failed.error.error.type, 'invalid_request_error');
    assert.ok(failed.error.error.message.startsWith(param), failed.error.error.message);
    assertRow(await web.row(failed.headers), { status_code: 400, attempts: 0, mode: 'web', model });
  }
  const openai = {
    tools: { tools: [{ type: 'function', function: { name: 'f' } }] },
    messages: {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] },
      ],
    },
    response_format: {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
    },
  };
  for (const [param, more] of Object.entries(openai)) {
    const { messages } = ask();
    const asked = web.openai().chat.completions.create({ model, messages, ...more });
    const failed = await failureOf(asked);
    assert.equal(failed.status, 400, `${param}: ${failed}`);
    assert.equal(failed.param, param);
    assert.ok(failed.message.includes(param), failed.message);
  }
  assert.equal(web.sent().length, from, 'the backend was not asked');
});

it('paths that web accounts do not have', async () => {
  const from = web.sent().length;
  const counted = await failureOf(
    web.anthropic().messages.countTokens({ model, messages: ask().messages }),
  );
  assert.equal(counted.status, 404);
  assert.match(counted.message, /mode web serve/);
  const models = await failureOf(web.openai().models.list());
  assert.equal(models.status, 404);
  assert.match(models.message, /mode web serve/);
  assert.equal(web.sent().length, from, 'the backend was not asked');
});

/** Heads of answers that the proxy has read. */
async function answers() {
  const [, port] = await web.proxy.logged(/admin API on 127\.0\.0\.1:(\d+)/);
  const { accounts } = await (await fetch(`http://127.0.0.1:${port}/admin/accounts`)).json();
  return accounts[0].requests;
}

async function conversationOf(id, token_id) {
  return eventually('the conversation of the row', async () => {
    const { conversations } = await web.stack.api.ask('GET', '/api/conversations', {
      query: { token_id },
    });
    const entry = conversations.find(({ request_log_id }) => request_log_id === id);
    return entry && web.stack.api.ask('GET', `/api/conversations/${entry.id}`);
  });
}

async function dropConversations() {
  const headers = { cookie: `sessionKey=${sessionKey}` };
  for (const path of await web.conversations()) {
    await fetch(`${web.stack.sim.url}${path}`, { method: 'DELETE', headers });
  }
}
