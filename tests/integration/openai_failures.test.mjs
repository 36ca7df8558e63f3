// OpenAI's own client where something goes wrong: at the upstream, in the request, or here.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import OpenAI from 'openai';

import { test } from './harness.mjs';
import { model } from './support/messages.mjs';
import { OpenAiStack, ask, failureOf } from './support/openai.mjs';
import { assertRow } from './support/rows.mjs';

let openai;
before(async () => {
  openai = await OpenAiStack.start();
});
after(() => openai?.stop());

const it = (what, body) => test(`openai: ${what}`, () => openai?.stack, body);

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
      const failed = await failureOf(openai.client().chat.completions.create(asked));
      assert.ok(failed instanceof type, `${status}: ${failed}`);
      assert.equal(failed.code, code);
      assert.ok(failed.error.message);
      assert.equal(failed.headers.get('retry-after'), '7');
      const row = await openai.row(failed.headers);
      assert.equal(failed.requestID, row.id);
      assertRow(row, { status_code: status, success: false, stream: streamed, model });
      assertRow(row, { usage_source: 'none', error_message: /./ });
    }
  }
});

it('an error in mid-stream', async () => {
  const asked = ask('events=30; sse_error=overloaded_error; error_after=12', { stream: true });
  const { data, response } = await openai.client().chat.completions.create(asked).withResponse();
  let chunks = 0;
  const failed = await failureOf(
    (async () => {
      for await (const chunk of data) chunks += chunk.choices.length;
    })(),
  );
  assert.ok(failed instanceof OpenAI.APIError, failed);
  assert.equal(failed.code, 'overloaded');
  assert.equal(chunks, 13);
  const row = await openai.row(response.headers);
  assertRow(row, { status_code: 200, success: false, usage_source: 'partial' });
  assertRow(row, { error_message: /overloaded_error/ });
});

it('an answer that breaks off is never taken for a whole one', async () => {
  const breaks = ['cut_after=1', 'garbage=json', 'garbage=chunk; chunked', 'short_length'];
  for (const steering of breaks) {
    const failed = await failureOf(openai.client().chat.completions.create(ask(steering)));
    assert.equal(failed.status, 502, `${steering}: ${failed}`);
    const row = await openai.row(failed.headers);
    assertRow(row, { status_code: 502, success: false, error_message: /upstream/ });
  }
  const last_words = {
    'events=9; cut_after=3': /broke off|in the middle/,
    'events=9; cut_at=message_stop; close_delimited': /last event/,
  };
  for (const [steering, error_message] of Object.entries(last_words)) {
    const asked = ask(steering, { stream: true });
    const { data, response } = await openai.client().chat.completions.create(asked).withResponse();
    const finished = [];
    await failureOf(
      (async () => {
        for await (const { choices } of data) finished.push(choices[0].finish_reason);
      })(),
    );
    assert.ok(finished.every((reason) => reason === null));
    const row = await openai.row(response.headers);
    assertRow(row, { status_code: 200, success: false, error_message });
  }
});

it('a stream that the program leaves', async () => {
  const asked = ask('events=5000; delta_bytes=35; delay_ms=1', { stream: true });
  const { data, response } = await openai.client().chat.completions.create(asked).withResponse();
  let chunks = 0;
  for await (const chunk of data) if (chunk && ++chunks === 60) break;
  const row = await openai.row(response.headers);
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
    const failed = await failureOf(openai.client().chat.completions.create(ask('', more)));
    assert.ok(failed instanceof OpenAI.BadRequestError, `${param}: ${failed}`);
    assert.equal(failed.param, param);
    assert.equal(failed.type, 'invalid_request_error');
    assert.ok(failed.message.includes(param));
    const row = await openai.row(failed.headers);
    assertRow(row, { status_code: 400, success: false, attempts: 0, model });
    assertRow(row, { error_message: (text) => text.includes(param) });
  }
});

it("the proxy's own refusals have OpenAI's shape", async () => {
  const stranger = openai.client({ apiKey: 'sk-ccp-unknown' });
  const unknown = await failureOf(stranger.chat.completions.create(ask()));
  assert.ok(unknown instanceof OpenAI.AuthenticationError, unknown);
  assert.equal(unknown.code, 'invalid_api_key');
  assert.ok(await failureOf(stranger.models.list()) instanceof OpenAI.AuthenticationError);

  const large = ask('', { user: 'x'.repeat(300_000) });
  const refused = await failureOf(openai.client().chat.completions.create(large));
  assert.equal(refused.status, 413);
  assert.equal(refused.code, 'request_too_large');

  const mode = { headers: { 'x-proxy-mode': 'web' } };
  const forbidden = await failureOf(openai.client().chat.completions.create(ask(), mode));
  assert.ok(forbidden instanceof OpenAI.PermissionDeniedError, forbidden);

  const url = `${openai.proxy.url}/v1/chat//completions`;
  const path = await fetch(url, { method: 'POST', body: '{}' });
  assert.equal(path.status, 404);
});
