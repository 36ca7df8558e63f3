// OpenAI's own client through the proxy: what the program gets, what the upstream was asked, and
// what row stands afterwards.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';
import OpenAI from 'openai';

import { accountKey, test } from './harness.mjs';
import { model } from './support/messages.mjs';
import { OpenAiStack, ask, contentOf, failureOf } from './support/openai.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';

let openai;
before(async () => {
  openai = await OpenAiStack.start();
});
after(() => openai?.stop());

const it = (what, body) => test(`openai: ${what}`, () => openai?.stack, body);
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

it('create', async () => {
  const tokens = 'input=10; cache_5m=20; cache_read=300; output=7';
  const { completion, row } = await openai.create(ask(tokens));
  assert.equal(completion.object, 'chat.completion');
  assert.equal(completion.model, model);
  assert.equal(completion.choices.length, 1);
  assert.match(completion.choices[0].message.content, said);
  assert.equal(completion.choices[0].message.role, 'assistant');
  assert.equal(completion.choices[0].message.tool_calls, undefined);
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.equal(completion._request_id, row.id);
  assert.equal(completion.created, Math.floor(Date.parse(row.request_at) / 1000));
  assert.deepEqual(completion.usage, {
    prompt_tokens: 330,
    completion_tokens: 7,
    total_tokens: 337,
    prompt_tokens_details: { cached_tokens: 300 },
  });
  assertRow(row, { ...openai.succeeded(false), ttft_ms: null, stop_reason: 'end_turn' });
  assertRow(row, { prompt_tokens: 330, completion_tokens: 7, cache_read_tokens: 300 });
});

it('a stream, without usage unless it is asked for', async () => {
  const { chunks, row } = await openai.stream(ask('events=40'));
  assert.deepEqual(chunks[0].choices[0].delta, { role: 'assistant', content: '' });
  assert.match(contentOf(chunks), /^Hello/);
  assert.ok(chunks.length > 40);
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
  for (const chunk of chunks) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    assert.equal(chunk.usage, undefined);
    assert.equal(chunk.id, chunks[0].id);
  }
  assertRow(row, { ...openai.succeeded(true), stop_reason: 'end_turn' });
  assert.notEqual(row.ttft_ms, null);
});

it('a stream with the usage that was asked for', async () => {
  const asked = ask('cache_read=50; output=9', { stream_options: { include_usage: true } });
  const { chunks, row } = await openai.stream(asked);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.prompt_tokens, row.prompt_tokens);
  assert.equal(last.usage.completion_tokens, 9);
  assert.equal(last.usage.prompt_tokens_details.cached_tokens, 50);
  for (const chunk of chunks) assert.equal(chunk.usage, null);
});

it('a stream is the same however its bytes are cut', async () => {
  const whole = await openai.stream(ask('events=9'));
  const ways = ['byte_by_byte', 'chunk_bytes=7', 'one_chunk', 'crlf', 'gzip'];
  for (const steering of [...ways, 'ttft_delay_ms=50; ping_ms=10']) {
    const cut = await openai.stream(ask(`events=9; ${steering}`));
    assert.equal(contentOf(cut.chunks), contentOf(whole.chunks), steering);
    assert.equal(cut.chunks.at(-1).choices[0].finish_reason, 'stop');
    assertRow(cut.row, openai.succeeded(true));
  }
});

it('an answer in any framing and coding', async () => {
  for (const steering of ['chunked', 'close_delimited', 'gzip', 'byte_by_byte']) {
    const { completion, row } = await openai.create(ask(steering));
    assert.match(completion.choices[0].message.content, said, steering);
    assertRow(row, openai.succeeded(false));
  }
  assert.match(openai.lastRequest().head, /\r\naccept-encoding: identity(\r\n|$)/);
});

it('clients of HTTP/1.0 and of kept connections get a whole answer', async () => {
  const request = (streamed, version) =>
    requestBytes({
      target: '/v1/chat/completions',
      version,
      headers: {
        authorization: `Bearer ${openai.token.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(ask('events=9', { stream: streamed })),
    });
  const kept = await RawClient.connect(openai.proxy.port);
  for (const streamed of [true, false, true]) {
    await kept.send(request(streamed, '1.1'));
    const answer = await kept.response();
    assert.equal(answer.framing, 'chunked');
    const old = await roundTrip(openai.proxy.port, request(streamed, '1.0'));
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
  const request = await openai.sent({
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
  const request = await openai.sent(
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
  assert.equal((await openai.sent(ask('', { max_tokens: 9, stop: 'x' }))).max_tokens, 9);
  assert.deepEqual(openai.lastRequest().body.stop_sequences, ['x']);
});

it('credentials and fields of the client stay here', async () => {
  await openai.sent(ask());
  const { head } = openai.lastRequest();
  assert.match(head, new RegExp(`\\r\\nx-api-key: ${accountKey}`));
  assert.match(head, /\r\nanthropic-version: 2023-06-01/);
  assert.doesNotMatch(head, /\r\n(authorization|openai-[^:]*):/i);
});

it('a tool is called, its result sent, plain and streamed', async () => {
  const messages = [{ role: 'user', content: 'How is the weather in Bern?' }];
  const first = { model: 'gpt-4o', messages, tools: [weather], tool_choice: 'required' };
  const { completion, row } = await openai.create(first);
  const [choice] = completion.choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  const [call] = choice.message.tool_calls;
  assert.equal(call.type, 'function');
  assert.equal(call.function.name, 'weather');
  assert.deepEqual(JSON.parse(call.function.arguments), { input: 'simulated' });
  assertRow(row, { ...openai.succeeded(false), stop_reason: 'tool_use' });

  const streamed = await openai.client().chat.completions.stream(first).finalChatCompletion();
  const [again] = streamed.choices[0].message.tool_calls;
  assert.equal(streamed.choices[0].finish_reason, 'tool_calls');
  assert.deepEqual(again.function, call.function);

  const second = await openai.sent({
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
  const runner = openai.client().chat.completions.runTools({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Weather? [[sim tool_use]]' }],
    tools: [
      {
        type: 'function',
        function: { ...weather.function, parse: JSON.parse, function: run },
      },
    ],
  });
  assert.match(await runner.finalContent(), /^Hello/);
  assert.equal(called, 1);
});

it('a call without input has arguments that are JSON', async () => {
  const body = ask('tool_use; tool_input={}', { tools: [weather] });
  const { completion } = await openai.create(body);
  assert.equal(completion.choices[0].message.tool_calls[0].function.arguments, '{}');
  const streamed = await openai.client().chat.completions.stream(body).finalChatCompletion();
  assert.equal(streamed.choices[0].message.tool_calls[0].function.arguments, '{}');
});

it('each choice of tools reaches the upstream', async () => {
  const choice = async (more) => {
    const request = await openai.sent(ask('', { tools: [weather], ...more }));
    return request.tool_choice;
  };
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
  assert.deepEqual(openai.lastRequest().body.tools, [
    {
      name: 'weather',
      description: 'Tells the weather.',
      input_schema: weather.function.parameters,
    },
  ]);
});

it('thinking is not shown', async () => {
  const { completion } = await openai.create(ask('thinking'));
  assert.match(completion.choices[0].message.content, said);
  const { chunks } = await openai.stream(ask('thinking'));
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
    const { completion, row } = await openai.create(ask(`stop_reason=${stop_reason}`));
    assert.equal(completion.choices[0].finish_reason, finish_reason);
    assertRow(row, { stop_reason, success: true });
    const { chunks } = await openai.stream(ask(`stop_reason=${stop_reason}`));
    assert.equal(chunks.at(-1).choices[0].finish_reason, finish_reason);
  }
});

it('a gzip request, and the session it names', async () => {
  const user = JSON.stringify({ session_id: 'from-openai' });
  const answer = await fetch(`${openai.proxy.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${openai.token.token}`,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    },
    body: gzipSync(JSON.stringify(ask('', { user }))),
  });
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).object, 'chat.completion');
  const row = await openai.row(answer.headers);
  assertRow(row, { ...openai.succeeded(false), conversation_id: 'from-openai' });
  assert.doesNotMatch(openai.lastRequest().head, /content-encoding/);
});

it("models in the caller's format, with the configured names that are served", async () => {
  const list = await openai.client().models.list();
  const ids = list.data.map(({ id }) => id);
  assert.ok(ids.includes(model));
  assert.ok(ids.includes('gpt-4o'));
  assert.ok(!ids.includes('gpt-4.1'), 'its model is not there');
  for (const entry of list.data) {
    assert.deepEqual(Object.keys(entry), ['id', 'object', 'created', 'owned_by']);
    assert.equal(entry.object, 'model');
    assert.ok(entry.created > 1_700_000_000);
  }
  assert.equal((await openai.client().models.retrieve('gpt-4o')).id, model);
  const missing = await failureOf(openai.client().models.retrieve('no-such-model'));
  assert.ok(missing instanceof OpenAI.NotFoundError, missing);

  const anthropic = await fetch(`${openai.proxy.url}/v1/models`, {
    headers: {
      authorization: `Bearer ${openai.token.token}`,
      'anthropic-version': '2023-06-01',
    },
  });
  assert.equal((await anthropic.json()).data[0].type, 'model');
});
