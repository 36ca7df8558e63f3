// What a proxy records of conversations, and of whom: read from its journal, as it leaves it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';

import { Stack, test } from './harness.mjs';
import { journalBytes, journalEvent } from './support/journal_events.mjs';
import { abortAfter, messageBody, messageHeaders, model } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { roundTrip } from './support/raw_http.mjs';
import { HandPlayedUpstream } from './support/upstreams.mjs';

let stack;
let logged;
before(async () => {
  // What is acknowledged stays in the journal, for the tests to read.
  stack = await Stack.start({ proxy: { journal: { retain: '1h' } } });
  logged = await stack.api.generate('logged');
  await stack.untilKnown(stack.proxy, logged.token);
  await switchLogging(logged, true);
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const client = (token = logged.token) =>
  new Anthropic({ apiKey: token, baseURL: stack.proxy.url, maxRetries: 0 });
const idOf = (headers) => headers.get('x-ccproxy-request-id');
const eventOf = (id, name = stack.proxy.name) => journalEvent(stack, name, id);
const ask = (steering, more = {}) => ({
  model,
  max_tokens: 1024,
  messages: [{ role: 'user', content: `Grüße, 世界 [[sim ${steering || 'flush'}]]` }],
  ...more,
});

/** Sends one small request and gives its event. */
async function probe(token, proxy = stack.proxy) {
  const headers = messageHeaders(token);
  const response = await roundTrip(proxy.port, { headers, body: messageBody('') });
  assert.equal(response.status, 200);
  return eventOf(response.get('x-ccproxy-request-id'), proxy.name);
}

/** Sets it, and awaits that the proxy acts by it: within the second that is promised. */
async function switchLogging(token, on, proxy = stack.proxy) {
  const body = { enable_conversation_logging: on };
  await stack.api.ask('PUT', `/api/token/${token.id}/settings`, { body });
  await eventually(
    'the setting acts',
    async () => Boolean((await probe(token.token, proxy)).conversation) === on,
    1000,
  );
}

async function create(body, options) {
  const { data, response } = await client().messages.create(body, options).withResponse();
  return { message: data, event: await eventOf(idOf(response.headers)) };
}

async function stream(body, options) {
  const started = client().messages.stream(body, options);
  const { response } = await started.withResponse();
  const message = await started.finalMessage();
  return { message, event: await eventOf(idOf(response.headers)) };
}

/** The event holds what was asked, and the answer as the SDK put it together. */
function assertConversation({ message, event }, body) {
  const { system, messages, completion, truncated } = event.conversation;
  assert.deepEqual(messages, body.messages);
  assert.deepEqual(system, body.system);
  assert.deepEqual(completion, { role: 'assistant', content: message.content });
  assert.equal(truncated, undefined);
}

it('plain and streamed, with a system prompt and a history', async () => {
  const history = [
    { role: 'user', content: 'a "question"\n\\ \u0007' },
    { role: 'assistant', content: [{ type: 'text', text: 'an answer 😀' }] },
  ];
  for (const system of ['Be brief.', [{ type: 'text', text: 'Be very brief.' }], undefined]) {
    const body = ask('events=30', { ...(system && { system }) });
    body.messages.unshift(...history);
    assertConversation(await create(body), body);
    assertConversation(await stream(body), body);
  }
});

it('tool use and its result', async () => {
  const body = ask('tool_input=%7B%22city%22:%22Z%C3%BCrich%22%2C%22days%22:[1%2C2.50]%7D', {
    tools: [{ name: 'weather', input_schema: { type: 'object' } }],
    tool_choice: { type: 'tool', name: 'weather' },
  });
  for (const send of [create, stream]) {
    const turn = await send(body);
    const used = turn.message.content.find(({ type }) => type === 'tool_use');
    assert.deepEqual(used.input, { city: 'Zürich', days: [1, 2.5] });
    assertConversation(turn, body);
    const result = { type: 'tool_result', tool_use_id: used.id, content: [{ type: 'text', text: 'rain' }] };
    const next = ask('flush', { tools: body.tools });
    next.messages.push(
      { role: 'assistant', content: turn.message.content },
      { role: 'user', content: [result, { type: 'text', text: 'So? [[sim flush]]' }] },
    );
    assertConversation(await send(next), next);
  }
});

it('thinking with its signature', async () => {
  const body = ask('', { max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 1024 } });
  for (const send of [create, stream]) {
    const turn = await send(body);
    assert.equal(turn.message.content[0].type, 'thinking');
    assertConversation(turn, body);
  }
});

it('images and documents by their hash and size, and not a byte of them', async () => {
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i) % 251));
  const data = bytes.toString('base64');
  const source = { type: 'base64', media_type: 'image/png', data };
  const image = { type: 'image', source };
  const tool = { type: 'tool_use', id: 't', name: 'look', input: {} };
  const body = ask('');
  body.messages = [
    { role: 'user', content: [image, { type: 'text', text: 'What is it?' }] },
    { role: 'assistant', content: [tool] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't', content: [image] },
        { type: 'image', source: { type: 'url', url: 'https://example.com/x.png' } },
        { type: 'document', source: { ...source, media_type: 'application/pdf' } },
      ],
    },
  ];
  const { event } = await create(body);
  const kept = JSON.parse(JSON.stringify(body.messages), (key, value) =>
    key === 'source' && value.data
      ? {
          type: 'reference',
          media_type: value.media_type,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          bytes: bytes.length,
        }
      : value,
  );
  assert.deepEqual(event.conversation.messages, kept);
  for (const segment of journalBytes(stack, stack.proxy.name)) {
    assert.ok(!segment.includes(data.slice(100, 200)));
  }
});

it('an answer that the program aborts, as far as it had come', async () => {
  const started = client().messages.stream(ask('events=5000; delta_bytes=35; delay_ms=1'));
  const { response } = await started.withResponse();
  const said = await abortAfter(started, 1000);
  const event = await eventOf(idOf(response.headers));
  assert.equal(event.status_code, 499);
  const [block] = event.conversation.completion.content;
  assert.ok(block.text.startsWith(said.slice(0, 1000)));
  assert.equal(event.conversation.messages.length, 1);
});

it('a tool call that broke off keeps its input as text', async () => {
  const body = ask('tool_use; text=x; events=1; cut_after=3; delay_ms=1');
  const started = client().messages.stream(body);
  const { response } = await started.withResponse();
  await assert.rejects(started.finalMessage());
  const { completion } = (await eventOf(idOf(response.headers))).conversation;
  const [text, tool] = completion.content;
  assert.deepEqual(text, { type: 'text', text: 'x' });
  assert.deepEqual(tool.input, {});
  assert.ok('{"input":"simulated"}'.startsWith(tool.partial_json));
  assert.ok(tool.partial_json.length > 5);
});

it('gzip both ways', async () => {
  const body = messageBody('gzip; events=20', { stream: true });
  const headers = messageHeaders(logged.token, { 'content-encoding': 'gzip' });
  const response = await roundTrip(stack.proxy.port, { headers, body: gzipSync(body) });
  const { conversation } = await eventOf(response.get('x-ccproxy-request-id'));
  assert.deepEqual(conversation.messages, JSON.parse(body).messages);
  assert.match(conversation.completion.content[0].text, /^Hello from the upstream simulator/);
});

it('of an error the question is kept; of what no upstream was asked, nothing', async () => {
  for (const status of [400, 429, 500]) {
    const body = ask(`status=${status}`, { system: 'why' });
    const failed = await client()
      .messages.create(body)
      .then(assert.fail, (error) => error);
    const { conversation } = await eventOf(idOf(failed.headers));
    assert.deepEqual(conversation, { system: 'why', messages: body.messages });
  }
  const headers = messageHeaders(logged.token, { 'x-proxy-mode': 'telepathy' });
  const refused = await roundTrip(stack.proxy.port, { headers, body: messageBody('') });
  assert.equal(refused.status, 400);
  const event = await eventOf(refused.get('x-ccproxy-request-id'));
  assert.equal(event.attempts, 0);
  assert.equal(event.conversation, undefined);
});

it('a conversation of 4 MB passes through journal and bus to its row', async () => {
  const body = ask('', { system: 's'.repeat(1e6) });
  for (let i = 0; i < 30; ++i) {
    body.messages.unshift({ role: i % 2 ? 'user' : 'assistant', content: `${i}:${'p'.repeat(1e5)}` });
  }
  const turn = await create(body);
  assertConversation(turn, body);
  assert.equal((await stack.api.row(turn.event.id)).success, true);
});

it('beyond the limit the oldest messages are left out', async () => {
  const proxy = await stack.addProxy({
    conversations: { max_bytes: '64KiB' },
    journal: { retain: '1h' },
  });
  await stack.untilKnown(proxy, logged.token);
  const body = JSON.parse(messageBody(''));
  for (let i = 0; i < 20; ++i) body.messages.push({ role: 'user', content: `${i}${'p'.repeat(1e4)}` });
  const response = await roundTrip(proxy.port, {
    headers: messageHeaders(logged.token),
    body: JSON.stringify(body),
  });
  const { conversation } = await eventOf(response.get('x-ccproxy-request-id'), proxy.name);
  assert.equal(conversation.truncated, true);
  assert.ok(conversation.messages.length >= 4);
  assert.deepEqual(conversation.messages, body.messages.slice(-conversation.messages.length));
  assert.ok(conversation.completion.content[0].text);
  assert.ok(JSON.stringify(conversation).length < 64 * 1024);
  await proxy.stop();
});

it('a journal without room gives up conversations before rows', async () => {
  const proxy = await stack.addProxy({ journal: { max_bytes: '1MiB', retain: '1h' } });
  await stack.untilKnown(proxy, logged.token);
  await stack.analytics.stop();
  const headers = messageHeaders(logged.token);
  const events = [];
  for (let i = 0; i < 20; ++i) {
    // Another one each time: what was said before is not said again.
    const body = messageBody('', { system: `${i}`.padEnd(1e5, 's') });
    const response = await roundTrip(proxy.port, { headers, body });
    events.push(await eventOf(response.get('x-ccproxy-request-id'), proxy.name));
  }
  assert.equal(events[0].conversation.system.length, 1e5);
  assert.deepEqual(events.at(-1).conversation, { messages: [], truncated: true });
  await stack.startAnalytics();
  for (const { id } of events) assert.equal((await stack.api.row(id)).success, true);
  await proxy.stop();
});

it('without the setting not a byte of prompt or answer stands in the journal', async () => {
  const secret = 'the-prompt-that-nobody-may-keep';
  const body = {
    ...ask(`events=9; text=the-answer-that-nobody-may-keep`, { system: secret }),
    metadata: { user_id: 'somebody' },
  };
  const { token } = stack.token;
  for (const streamed of [false, true]) {
    const sent = client(token).messages.create({ ...body, stream: streamed });
    const { data, response } = await sent.withResponse();
    if (streamed) for await (const event of data) assert.ok(event);
    const event = await eventOf(idOf(response.headers));
    assert.equal(event.conversation, undefined);
  }
  for (const bytes of journalBytes(stack, stack.proxy.name)) {
    assert.ok(!bytes.includes('that-nobody-may-keep'));
  }
});

it('the setting acts within a second, and switched off it means the answer under way', async () => {
  const token = await stack.api.generate('switched');
  await stack.untilKnown(stack.proxy, token.token);
  assert.equal((await probe(token.token)).conversation, undefined, 'off at first');
  await switchLogging(token, true);
  await switchLogging(token, false);
  await switchLogging(token, true);

  const upstream = await HandPlayedUpstream.start();
  const proxy = await stack.addProxy({
    accounts: [stack.account(upstream.url)],
    journal: { retain: '1h' },
  });
  const sent = eventually('the proxy knows the key', async () => {
    const headers = messageHeaders(token.token);
    const response = await roundTrip(proxy.port, { headers, body: messageBody('') });
    return response.status === 200 ? response : null;
  });
  const connection = await upstream.connection();
  await upstream.request(connection);
  await switchLogging(token, false);
  const answer = '{"type":"message","content":[{"type":"text","text":"late"}]}';
  connection.socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`,
  );
  const id = (await sent).get('x-ccproxy-request-id');
  await eventOf(id, proxy.name);
  for (const bytes of journalBytes(stack, proxy.name)) assert.ok(!bytes.includes('late'));
  upstream.close();
  await proxy.stop();
});
