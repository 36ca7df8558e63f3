// OpenAI's own client through the proxy: what the program gets, what the upstream was asked, and
// what row stands afterwards.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';
import OpenAI from 'openai';

import { Stack, accountKey, test } from './harness.mjs';
import { model } from './support/messages.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';
import { Tee } from './support/upstreams.mjs';

let stack;
let proxy;
let tee;
before(async () => {
  stack = await Stack.start();
  tee = await Tee.start(stack.sim.port);
  proxy = await stack.addProxy({
    accounts: [stack.account(tee.url)],
    limits: { max_body_bytes: 262_144 },
    openai: { models: { 'gpt-4o': model, 'gpt-4.1': 'claude-elsewhere' }, default_max_tokens: 777 },
  });
  await stack.untilKnown(proxy, stack.token.token);
});
after(async () => {
  tee?.close();
  await stack?.stop();
});

const it = (what, body) => test(`openai: ${what}`, () => stack, body);
const client = (more = {}) =>
  new OpenAI({
    apiKey: stack.token.token,
    baseURL: `${proxy.url}/v1`,
    maxRetries: 0,
    ...more,
  });
const ask = (steering = '', more = {}) => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content: `Grüße, 世界 [[sim ${steering || 'flush'}]]` }],
  ...more,
});
const said = /^Hello from the upstream simulator\. You said: Grüße, 世界/;
const image = 'iVBORw0KGgo=';
const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const idOf = (headers) => headers.get('x-ccproxy-request-id');

/** Creates, and gives the completion with its row. */
async function create(body, options) {
  const asked = client().chat.completions.create(body, options);
  const { data, response } = await asked.withResponse();
  return { completion: data, row: await stack.api.row(idOf(response.headers)) };
}

/** Streams to the end, and gives the chunks with the row. */
async function stream(body, options) {
  const asked = client().chat.completions.create({ ...body, stream: true }, options);
  const { data, response } = await asked.withResponse();
  const chunks = [];
  for await (const chunk of data) chunks.push(chunk);
  return { chunks, row: await stack.api.row(idOf(response.headers)) };
}

/** What the proxy sent to its upstream last: {head, body}. */
function lastRequest() {
  const text = Buffer.concat(tee.connections.at(-1).received).toString('utf8');
  const from = text.lastIndexOf('POST /v1/messages');
  assert.ok(from >= 0, 'a Messages request went upstream');
  const end = text.indexOf('\r\n\r\n', from);
  return { head: text.slice(from, end), body: JSON.parse(text.slice(end + 4)) };
}

/** The Messages request that a chat completion request became. */
async function sent(body) {
  await client().chat.completions.create(body);
  return lastRequest().body;
}

const contentOf = (chunks) => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
const failure = (promise) => promise.then(() => assert.fail('it succeeded'), (error) => error);

const succeeded = (streamed) => ({
  token_id: stack.token.id,
  user_name: 'main',
  account_id: 'acc-1',
  mode: 'api',
  model,
  stream: streamed,
  status_code: 200,
  success: true,
  usage_source: 'final',
  attempts: 1,
});

it('create', async () => {
  const { completion, row } = await create(ask('input=10; cache_5m=20; cache_read=300; output=7'));
  assert.equal(completion.object, 'chat.completion');
  assert.equal(completion.model, model);
  assert.equal(completion.choices.length, 1);
  assert.match(completion.choices[0].message.content, said);
  assert.equal(completion.choices[0].message.role, 'assistant');
  assert.equal(completion.choices[0].message.tool_calls, undefined);
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.equal(completion._request_id, row.id);
  assert.ok(Math.abs(completion.created * 1000 - Date.parse(row.request_at)) < 1000);
  assert.deepEqual(completion.usage, {
    prompt_tokens: 330,
    completion_tokens: 7,
    total_tokens: 337,
    prompt_tokens_details: { cached_tokens: 300 },
  });
  assertRow(row, { ...succeeded(false), ttft_ms: null, stop_reason: 'end_turn' });
  assertRow(row, { prompt_tokens: 330, completion_tokens: 7, cache_read_tokens: 300 });
});

it('a stream, without usage unless it is asked for', async () => {
  const { chunks, row } = await stream(ask('events=40'));
  assert.deepEqual(chunks[0].choices[0].delta, { role: 'assistant', content: '' });
  assert.match(contentOf(chunks), /^Hello/);
  assert.ok(chunks.length > 40);
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
  for (const chunk of chunks) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    assert.equal(chunk.usage, undefined);
    assert.equal(chunk.id, chunks[0].id);
  }
  assertRow(row, { ...succeeded(true), stop_reason: 'end_turn' });
  assert.notEqual(row.ttft_ms, null);
});

it('a stream with the usage that was asked for', async () => {
  const asked = ask('cache_read=50; output=9', { stream_options: { include_usage: true } });
  const { chunks, row } = await stream(asked);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.prompt_tokens, row.prompt_tokens);
  assert.equal(last.usage.completion_tokens, 9);
  assert.equal(last.usage.prompt_tokens_details.cached_tokens, 50);
  for (const chunk of chunks) assert.equal(chunk.usage, null);
});

it('a stream is the same however its bytes are cut', async () => {
  const whole = await stream(ask('events=9'));
  const ways = ['byte_by_byte', 'chunk_bytes=7', 'one_chunk', 'crlf', 'gzip'];
  for (const steering of [...ways, 'ttft_delay_ms=50; ping_ms=10']) {
    const cut = await stream(ask(`events=9; ${steering}`));
    assert.equal(contentOf(cut.chunks), contentOf(whole.chunks), steering);
    assert.equal(cut.chunks.at(-1).choices[0].finish_reason, 'stop');
    assertRow(cut.row, succeeded(true));
  }
});

it('an answer in any framing and coding', async () => {
  for (const steering of ['chunked', 'close_delimited', 'gzip', 'byte_by_byte']) {
    const { completion, row } = await create(ask(steering));
    assert.match(completion.choices[0].message.content, said, steering);
    assertRow(row, succeeded(false));
  }
  assert.match(lastRequest().head, /\r\naccept-encoding: identity(\r\n|$)/);
});

it('clients of HTTP/1.0 and of kept connections get a whole answer', async () => {
  const request = (streamed, version) =>
    requestBytes({
      target: '/v1/chat/completions',
      version,
      headers: { authorization: `Bearer ${stack.token.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(ask('events=9', { stream: streamed })),
    });
  const kept = await RawClient.connect(proxy.port);
  for (const streamed of [true, false, true]) {
    await kept.send(request(streamed, '1.1'));
    const answer = await kept.response();
    assert.equal(answer.framing, 'chunked');
    const old = await roundTrip(proxy.port, request(streamed, '1.0'));
    assert.equal(old.framing, 'close');
    for (const response of [answer, old]) {
      assert.equal(response.status, 200);
      const type = streamed ? 'text/event-stream; charset=utf-8' : 'application/json';
      assert.equal(response.get('content-type'), type);
      const text = response.body.toString();
      if (streamed) assert.ok(text.endsWith('\n\ndata: [DONE]\n\n'));
      else assert.equal(JSON.parse(text).choices[0].finish_reason, 'stop');
    }
  }
  kept.close();
});

it('roles, parts and images reach the upstream as Messages', async () => {
  const request = await sent({
    model: 'gpt-4o',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Yes?' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
          { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'low' } },
        ],
      },
    ],
  });
  const text = (said) => ({ type: 'text', text: said });
  assert.deepEqual(request, {
    model,
    max_tokens: 777,
    system: [text('Be brief.'), text('Be kind.')],
    messages: [
      { role: 'user', content: [text('Hello')] },
      { role: 'assistant', content: [text('Yes?')] },
      {
        role: 'user',
        content: [
          text('What is this?'),
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
          { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
        ],
      },
    ],
  });
});

it('parameters reach the upstream', async () => {
  const request = await sent(
    ask('', {
      model: 'claude-unmapped',
      max_completion_tokens: 50,
      temperature: 1.5,
      top_p: 0.5,
      stop: ['END', 'STOP'],
      user: 'ada',
      seed: 7,
      frequency_penalty: 0.5,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', strict: true, schema: { type: 'object' } },
      },
    }),
  );
  const { messages, ...rest } = request;
  assert.equal(messages.length, 1);
  assert.deepEqual(rest, {
    model: 'claude-unmapped',
    max_tokens: 50,
    temperature: 1,
    top_p: 0.5,
    stop_sequences: ['END', 'STOP'],
    metadata: { user_id: 'ada' },
    output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
  });
  assert.equal((await sent(ask('', { max_tokens: 9, stop: 'x' }))).max_tokens, 9);
  assert.deepEqual(lastRequest().body.stop_sequences, ['x']);
});

it('credentials and fields of the client stay here', async () => {
  await sent(ask());
  const { head } = lastRequest();
  assert.match(head, new RegExp(`\\r\\nx-api-key: ${accountKey}`));
  assert.match(head, /\r\nanthropic-version: 2023-06-01/);
  assert.doesNotMatch(head, /\r\n(authorization|openai-[^:]*):/i);
});

it('a tool is called, its result sent, plain and streamed', async () => {
  const messages = [{ role: 'user', content: 'How is the weather in Bern?' }];
  const first = { model: 'gpt-4o', messages, tools: [weather], tool_choice: 'required' };
  const { completion, row } = await create(first);
  const [choice] = completion.choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  const [call] = choice.message.tool_calls;
  assert.equal(call.type, 'function');
  assert.equal(call.function.name, 'weather');
  assert.deepEqual(JSON.parse(call.function.arguments), { input: 'simulated' });
  assertRow(row, { ...succeeded(false), stop_reason: 'tool_use' });

  const streamed = await client().chat.completions.stream(first).finalChatCompletion();
  const [again] = streamed.choices[0].message.tool_calls;
  assert.equal(streamed.choices[0].finish_reason, 'tool_calls');
  assert.deepEqual(again.function, call.function);

  const second = await sent({
    ...first,
    messages: [
      ...messages,
      choice.message,
      { role: 'tool', tool_call_id: call.id, content: 'sunny' },
    ],
  });
  assert.deepEqual(second.messages[1].content.at(-1), {
    type: 'tool_use',
    id: call.id,
    name: 'weather',
    input: { input: 'simulated' },
  });
  assert.deepEqual(second.messages[2], {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }],
  });
});

it("the client's own loop over tools", async () => {
  let called = 0;
  const run = (input) => {
    ++called;
    assert.deepEqual(input, { input: 'simulated' });
    return 'sunny';
  };
  const runner = client().chat.completions.runTools({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Weather? [[sim tool_use]]' }],
    tools: [{ type: 'function', function: { ...weather.function, parse: JSON.parse, function: run } }],
  });
  assert.match(await runner.finalContent(), /^Hello/);
  assert.equal(called, 1);
});

it('a call without input has arguments that are JSON', async () => {
  const body = ask('tool_use; tool_input={}', { tools: [weather] });
  const { completion } = await create(body);
  assert.equal(completion.choices[0].message.tool_calls[0].function.arguments, '{}');
  const streamed = await client().chat.completions.stream(body).finalChatCompletion();
  assert.equal(streamed.choices[0].message.tool_calls[0].function.arguments, '{}');
});

it('each choice of tools reaches the upstream', async () => {
  const choice = async (more) => (await sent(ask('', { tools: [weather], ...more }))).tool_choice;
  assert.equal(await choice({}), undefined);
  assert.deepEqual(await choice({ tool_choice: 'auto' }), { type: 'auto' });
  assert.deepEqual(await choice({ tool_choice: 'none' }), { type: 'none' });
  assert.deepEqual(await choice({ tool_choice: 'required' }), { type: 'any' });
  const named = { type: 'function', function: { name: 'weather' } };
  assert.deepEqual(await choice({ tool_choice: named, parallel_tool_calls: false }), {
    type: 'tool',
    name: 'weather',
    disable_parallel_tool_use: true,
  });
  assert.deepEqual(lastRequest().body.tools, [
    {
      name: 'weather',
      description: 'Tells the weather.',
      input_schema: weather.function.parameters,
    },
  ]);
});

it('thinking is not shown', async () => {
  const { completion } = await create(ask('thinking'));
  assert.match(completion.choices[0].message.content, said);
  const { chunks } = await stream(ask('thinking'));
  assert.match(contentOf(chunks), said);
});

it('finish reasons', async () => {
  const reasons = {
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    refusal: 'content_filter',
  };
  for (const [stop_reason, finish_reason] of Object.entries(reasons)) {
    const { completion, row } = await create(ask(`stop_reason=${stop_reason}`));
    assert.equal(completion.choices[0].finish_reason, finish_reason);
    assertRow(row, { stop_reason, success: true });
    const { chunks } = await stream(ask(`stop_reason=${stop_reason}`));
    assert.equal(chunks.at(-1).choices[0].finish_reason, finish_reason);
  }
});

it('errors of the upstream keep their status and have their class', async () => {
  const cases = [
    [400, OpenAI.BadRequestError, null],
    [401, OpenAI.AuthenticationError, 'invalid_api_key'],
    [403, OpenAI.PermissionDeniedError, 'permission_denied'],
    [404, OpenAI.NotFoundError, 'not_found'],
    [429, OpenAI.RateLimitError, 'rate_limit_exceeded'],
    [500, OpenAI.InternalServerError, null],
    [529, OpenAI.InternalServerError, 'overloaded'],
  ];
  for (const [status, type, code] of cases) {
    for (const streamed of [false, true]) {
      const asked = ask(`status=${status}; retry_after=7`, { stream: streamed });
      const failed = await failure(client().chat.completions.create(asked));
      assert.ok(failed instanceof type, `${status}: ${failed}`);
      assert.equal(failed.code, code);
      assert.ok(failed.error.message);
      assert.equal(failed.headers.get('retry-after'), '7');
      const row = await stack.api.row(idOf(failed.headers));
      assert.equal(failed.requestID, row.id);
      assertRow(row, { status_code: status, success: false, stream: streamed, model });
      assertRow(row, { usage_source: 'none', error_message: /./ });
    }
  }
});

it('an error in mid-stream', async () => {
  const asked = ask('events=30; sse_error=overloaded_error; error_after=12', { stream: true });
  const { data, response } = await client().chat.completions.create(asked).withResponse();
  let chunks = 0;
  const failed = await failure(
    (async () => {
      for await (const chunk of data) chunks += chunk.choices.length;
    })(),
  );
  assert.ok(failed instanceof OpenAI.APIError, failed);
  assert.equal(failed.code, 'overloaded');
  assert.equal(chunks, 13);
  const row = await stack.api.row(idOf(response.headers));
  assertRow(row, { status_code: 200, success: false, usage_source: 'partial' });
  assertRow(row, { error_message: /overloaded_error/ });
});

it('an answer that breaks off is never taken for a whole one', async () => {
  for (const steering of ['cut_after=1', 'garbage=json', 'garbage=chunk; chunked', 'short_length']) {
    const failed = await failure(client().chat.completions.create(ask(steering)));
    assert.equal(failed.status, 502, `${steering}: ${failed}`);
    const row = await stack.api.row(idOf(failed.headers));
    assertRow(row, { status_code: 502, success: false, error_message: /upstream/ });
  }
  const last_words = {
    'events=9; cut_after=3': /broke off|in the middle/,
    'events=9; cut_at=message_stop; close_delimited': /last event/,
  };
  for (const [steering, error_message] of Object.entries(last_words)) {
    const asked = ask(steering, { stream: true });
    const { data, response } = await client().chat.completions.create(asked).withResponse();
    const finished = [];
    await failure(
      (async () => {
        for await (const { choices } of data) finished.push(choices[0].finish_reason);
      })(),
    );
    assert.ok(finished.every((reason) => reason === null));
    const row = await stack.api.row(idOf(response.headers));
    assertRow(row, { status_code: 200, success: false, error_message });
  }
});

it('a stream that the program leaves', async () => {
  const asked = ask('events=5000; delta_bytes=35; delay_ms=1', { stream: true });
  const { data, response } = await client().chat.completions.create(asked).withResponse();
  let chunks = 0;
  for await (const chunk of data) if (chunk && ++chunks === 60) break;
  const row = await stack.api.row(idOf(response.headers));
  assertRow(row, { status_code: 499, success: false, usage_source: 'partial' });
  assertRow(row, { completion_tokens: (count) => count >= 300 && count < 50_000 });
});

it('requests that do not fit are refused by the name of their parameter', async () => {
  const user = { role: 'user', content: 'Hi' };
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{broken' } };
  const cases = {
    n: { n: 2 },
    logprobs: { logprobs: true },
    top_k: { top_k: 5 },
    max_tokens: { max_tokens: 0 },
    'response_format.type': { response_format: { type: 'json_object' } },
    'messages[1].tool_calls[0].function.arguments': {
      messages: [user, { role: 'assistant', content: null, tool_calls: [call] }],
    },
    'messages[0].content[0].type': {
      messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }],
    },
  };
  for (const [param, more] of Object.entries(cases)) {
    const failed = await failure(client().chat.completions.create(ask('', more)));
    assert.ok(failed instanceof OpenAI.BadRequestError, `${param}: ${failed}`);
    assert.equal(failed.param, param);
    assert.equal(failed.type, 'invalid_request_error');
    assert.ok(failed.message.includes(param));
    const row = await stack.api.row(idOf(failed.headers));
    assertRow(row, { status_code: 400, success: false, attempts: 0, model });
    assertRow(row, { error_message: (text) => text.includes(param) });
  }
});

it("the proxy's own refusals have OpenAI's shape", async () => {
  const stranger = client({ apiKey: 'sk-ccp-unknown' });
  const unknown = await failure(stranger.chat.completions.create(ask()));
  assert.ok(unknown instanceof OpenAI.AuthenticationError, unknown);
  assert.equal(unknown.code, 'invalid_api_key');
  assert.ok(await failure(stranger.models.list()) instanceof OpenAI.AuthenticationError);

  const large = ask('', { user: 'x'.repeat(300_000) });
  const refused = await failure(client().chat.completions.create(large));
  assert.equal(refused.status, 413);
  assert.equal(refused.code, 'request_too_large');

  const mode = { headers: { 'x-proxy-mode': 'web' } };
  const forbidden = await failure(client().chat.completions.create(ask(), mode));
  assert.ok(forbidden instanceof OpenAI.PermissionDeniedError, forbidden);

  const path = await fetch(`${proxy.url}/v1/chat//completions`, { method: 'POST', body: '{}' });
  assert.equal(path.status, 404);
});

it('a gzip request, and the session it names', async () => {
  const user = JSON.stringify({ session_id: 'from-openai' });
  const answer = await fetch(`${proxy.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stack.token.token}`,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    },
    body: gzipSync(JSON.stringify(ask('', { user }))),
  });
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).object, 'chat.completion');
  const row = await stack.api.row(idOf(answer.headers));
  assertRow(row, { ...succeeded(false), conversation_id: 'from-openai' });
  assert.doesNotMatch(lastRequest().head, /content-encoding/);
});

it("models in the caller's format, with the configured names that are served", async () => {
  const list = await client().models.list();
  const ids = list.data.map(({ id }) => id);
  assert.ok(ids.includes(model));
  assert.ok(ids.includes('gpt-4o'));
  assert.ok(!ids.includes('gpt-4.1'), 'its model is not there');
  for (const entry of list.data) {
    assert.deepEqual(Object.keys(entry), ['id', 'object', 'created', 'owned_by']);
    assert.equal(entry.object, 'model');
    assert.ok(entry.created > 1_700_000_000);
  }
  assert.equal((await client().models.retrieve('gpt-4o')).id, model);
  const missing = await failure(client().models.retrieve('no-such-model'));
  assert.ok(missing instanceof OpenAI.NotFoundError, missing);

  const anthropic = await fetch(`${proxy.url}/v1/models`, {
    headers: {
      authorization: `Bearer ${stack.token.token}`,
      'anthropic-version': '2023-06-01',
    },
  });
  assert.equal((await anthropic.json()).data[0].type, 'model');
});
