// Anthropic's own SDK through the proxy, in its present and its last 0.x version, with both kinds
// of credential: what the program gets, and what row stands afterwards.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import Anthropic1 from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-sdk-0x';

import { Stack, accountKey, test } from './harness.mjs';
import { model } from './support/messages.mjs';
import { assertRow, tokensOf } from './support/rows.mjs';

let stack;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.stop());

const credentials = {
  apiKey: (key) => ({ apiKey: key, authToken: null }),
  authToken: (key) => ({ apiKey: null, authToken: key }),
};

for (const [version, Anthropic] of Object.entries({ '1.x': Anthropic1, '0.x': Anthropic0 })) {
  for (const [kind, credential] of Object.entries(credentials)) {
    defineTests(`SDK ${version} with ${kind}`, Anthropic, credential);
  }
}

function defineTests(name, Anthropic, credential) {
  const through = (more = {}) =>
    new Anthropic({
      ...credential(stack.token.token),
      baseURL: stack.proxy.url,
      maxRetries: 0,
      ...more,
    });
  const direct = () => new Anthropic({ ...credential('any'), baseURL: stack.sim.url });
  const ask = (steering, more = {}) => ({
    model,
    max_tokens: 1024,
    messages: [{ role: 'user', content: `Grüße, 世界 [[sim ${steering || 'flush'}]]` }],
    ...more,
  });
  const idOf = (headers) => headers.get('x-ccproxy-request-id');
  const it = (what, body) => test(`${name}: ${what}`, () => stack, body);
  const succeeded = (message, stream) => ({
    token_id: stack.token.id,
    user_name: 'main',
    account_id: 'acc-1',
    mode: 'api',
    model,
    stream,
    status_code: 200,
    success: true,
    usage_source: 'final',
    stop_reason: message.stop_reason,
    attempts: 1,
    ...tokensOf(message.usage),
  });
  /** Creates, and gives the message with its row. */
  const create = async (body, options) => {
    const { data, response } = await through().messages.create(body, options).withResponse();
    return { message: data, row: await stack.api.row(idOf(response.headers)) };
  };
  /** Streams to the end, and gives the final message with its row. */
  const stream = async (body, options) => {
    const started = through().messages.stream(body, options);
    const { response } = await started.withResponse();
    const message = await started.finalMessage();
    return { message, row: await stack.api.row(idOf(response.headers)) };
  };
  const text = (message) => message.content.map((block) => block.text ?? '').join('');

  it('create', async () => {
    const { message, row } = await create(ask('cache_read=7'));
    const same = await direct().messages.create(ask('cache_read=7'));
    assert.equal(text(message), text(same));
    assert.deepEqual(message.usage, same.usage);
    assertRow(row, { ...succeeded(message, false), ttft_ms: null });
  });

  it('messages.stream', async () => {
    const body = ask('events=40; cache_5m=11; cache_1h=5; cache_read=3');
    const { message, row } = await stream(body);
    const same = await direct().messages.stream(body).finalMessage();
    assert.equal(text(message), text(same));
    assertRow(row, succeeded(message, true));
    assert.notEqual(row.ttft_ms, null);
    assertRow(row, { cache_creation_5m_tokens: 11, cache_creation_1h_tokens: 5 });
  });

  it('create with stream: true', async () => {
    const created = through().messages.create(ask('events=9', { stream: true }));
    const { data, response } = await created.withResponse();
    let said = '';
    let output = 0;
    for await (const event of data) {
      said += event.delta?.text ?? '';
      output = event.usage?.output_tokens ?? output;
    }
    assert.equal(said, text(await direct().messages.create(ask('events=9'))));
    const row = await stack.api.row(idOf(response.headers));
    assertRow(row, { success: true, stream: true, completion_tokens: output });
  });

  it('a stream that the program aborts', async () => {
    const started = through().messages.stream(ask('events=5000; delta_bytes=35; delay_ms=1'));
    const { response } = await started.withResponse();
    let deltas = 0;
    await assert.rejects(async () => {
      for await (const event of started) {
        if (event.type === 'content_block_delta' && ++deltas === 60) started.abort();
      }
      throw new Error('the stream was not aborted');
    }, Anthropic.APIUserAbortError);
    const row = await stack.api.row(idOf(response.headers));
    assertRow(row, {
      status_code: 499,
      success: false,
      usage_source: 'partial',
      stop_reason: null,
      prompt_tokens: (count) => count > 1,
      completion_tokens: (count) => count >= 300 && count < 50_000,
      error_message: /client left/,
    });
  });

  it('tools, plain and streamed', async () => {
    const body = ask('', {
      tools: [{ name: 'weather', input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: 'weather' },
    });
    for (const send of [create, stream]) {
      const { message, row } = await send(body);
      const block = message.content.find(({ type }) => type === 'tool_use');
      assert.equal(block.name, 'weather');
      assert.deepEqual(block.input, { input: 'simulated' });
      assertRow(row, { ...succeeded(message, send === stream), stop_reason: 'tool_use' });
    }
  });

  it('thinking, plain and streamed', async () => {
    const body = ask('', { max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 1024 } });
    for (const send of [create, stream]) {
      const { message, row } = await send(body);
      assert.equal(message.content[0].type, 'thinking');
      assert.ok(message.content[0].signature);
      assertRow(row, succeeded(message, send === stream));
    }
  });

  it('count_tokens and models are served and not recorded', async () => {
    const before = await stack.api.logs();
    const counted = await through().messages.countTokens({
      model,
      messages: [{ role: 'user', content: 'How many?' }],
    });
    assert.ok(counted.input_tokens > 0);
    const models = await through().models.list();
    assert.ok(models.data.some(({ id }) => id === model));
    const { row } = await create(ask(''));
    const { logs, total } = await stack.api.logs();
    assert.equal(total, before.total + 1);
    assert.equal(logs[0].id, row.id);
  });

  const failures = [
    [400, 'BadRequestError', 'status=400'],
    [401, 'AuthenticationError', 'status=401'],
    [429, 'RateLimitError', 'status=429; retry_after=7'],
    [500, 'InternalServerError', 'status=500'],
    [529, 'InternalServerError', 'status=529'],
  ];
  it('errors of the upstream keep their class and their row', async () => {
    for (const [status, type, steering] of failures) {
      for (const streamed of [false, true]) {
        const failed = await through()
          .messages.create(ask(steering, { stream: streamed }))
          .then(assert.fail, (error) => error);
        assert.ok(failed instanceof Anthropic[type], `${status}: ${failed}`);
        if (status === 429) assert.equal(failed.headers.get('retry-after'), '7');
        const row = await stack.api.row(idOf(failed.headers));
        assertRow(row, { status_code: status, success: false, stream: streamed, model });
        assertRow(row, { usage_source: 'none', error_message: /./, stop_reason: null });
      }
    }
  });

  it('each of the retries of a refused request is a row', async () => {
    const group = `${name}-${Math.random()}`.replaceAll(/[^\w.]/g, '');
    const session = `retries-${group}`;
    const message = await through({ maxRetries: 3 }).messages.create(
      ask(`status=529; status_times=2; group=${group}; retry_after=0`),
      { headers: { 'x-claude-code-session-id': session } },
    );
    assert.equal(message.type, 'message');
    const rows = await stack.api.rows({ conversation_id: session }, 3);
    const codes = rows.map((row) => row.status_code);
    assert.deepEqual(codes, [529, 529, 200]);
  });

  it('an error in mid-stream', async () => {
    const started = through().messages.stream(
      ask('events=30; sse_error=overloaded_error; error_after=12'),
    );
    const { response } = await started.withResponse();
    await assert.rejects(started.finalMessage(), Anthropic.APIError);
    const row = await stack.api.row(idOf(response.headers));
    assertRow(row, {
      status_code: 200,
      success: false,
      usage_source: 'partial',
      error_message: /overloaded_error/,
      completion_tokens: (count) => count >= 1,
    });
  });

  it('a gzip answer is relayed and read', async () => {
    for (const send of [create, stream]) {
      const { message, row } = await send(ask('gzip; events=20'));
      assertRow(row, succeeded(message, send === stream));
    }
  });

  it('cache tokens: the split, no split, and zeros at the start', async () => {
    const split = { cache_creation_5m_tokens: 100, cache_creation_1h_tokens: 20 };
    const whole = { cache_creation_5m_tokens: 120, cache_creation_1h_tokens: 0 };
    const tokens = 'input=10; cache_5m=100; cache_1h=20; cache_read=1000; output=77';
    const sums = { prompt_tokens: 1130, completion_tokens: 77, total_tokens: 1207 };
    for (const send of [create, stream]) {
      assertRow((await send(ask(tokens))).row, { ...sums, ...split, cache_read_tokens: 1000 });
      assertRow((await send(ask(`${tokens}; no_split`))).row, { ...sums, ...whole });
    }
    assertRow((await stream(ask(`${tokens}; usage_zero_start`))).row, { ...sums, ...split });
    assertRow((await create(ask('no_usage'))).row, { success: true, usage_source: 'none' });
  });

  it('the session and the agent', async () => {
    const session = '3f2c9c2e-7c5c-4f0e-9a55-0d9f3d0a7b11';
    const user = (user_id) => ask('', { metadata: { user_id } });
    const json = await create(user(JSON.stringify({ device_id: 'd', session_id: 'from-json' })));
    assertRow(json.row, { conversation_id: 'from-json', agent_id: null });
    const old = await create(user(`user_${'a'.repeat(64)}_account__session_${session}`));
    assertRow(old.row, { conversation_id: session });
    const none = await create(user('somebody'));
    assertRow(none.row, { conversation_id: null });
    const headers = { 'X-Claude-Code-Session-Id': 'from-header', 'x-claude-code-agent-id': 'a-7' };
    const header = await stream(user(JSON.stringify({ session_id: 'other' })), { headers });
    assertRow(header.row, { conversation_id: 'from-header', agent_id: 'a-7' });
  });

  it('beta calls keep their query and headers, and the credential is replaced', async () => {
    const tag = `beta-${name}`.replaceAll(' ', '-');
    const message = await through().beta.messages.create(
      { ...ask(''), betas: ['context-1m-2025-08-07'] },
      { headers: { 'x-sim-tag': tag }, query: { beta: 'true' } },
    );
    assert.equal(message.type, 'message');
    const entry = await stack.ledgerEntry(tag);
    assert.equal(entry.target, '/v1/messages?beta=true');
    assert.match(entry.headers['anthropic-beta'], /context-1m-2025-08-07/);
    assert.ok(entry.headers['anthropic-version']);
    assert.equal(entry.headers['x-api-key'], accountKey);
    assert.equal(entry.headers.authorization, undefined);
    assert.ok(!JSON.stringify(entry).includes(stack.token.token));
  });
}
