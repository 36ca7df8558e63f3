// A stack whose proxy is asked in OpenAI's format, by OpenAI's own client.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

import { Stack } from '../harness.mjs';
import { model } from './messages.mjs';
import { Tee } from './upstreams.mjs';

export const idOf = (headers) => headers.get('x-ccproxy-request-id');
export const contentOf = (chunks) =>
  chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');

/** The error of a promise that must fail. */
export const failureOf = (promise) =>
  promise.then(
    () => assert.fail('it succeeded'),
    (error) => error,
  );

/** A request that steers the simulator; `more` is put over it. */
export const ask = (steering = '', more = {}) => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content: `Grüße, 世界 [[sim ${steering || 'flush'}]]` }],
  ...more,
});

export class OpenAiStack {
  /** What reaches the simulator is kept on its way there. */
  static async start() {
    const openai = new OpenAiStack();
    try {
      await openai.startPrograms();
    } catch (error) {
      await openai.stop();
      throw error;
    }
    return openai;
  }

  async startPrograms() {
    this.stack = await Stack.start();
    this.token = this.stack.token;
    this.tee = await Tee.start(this.stack.sim.port);
    this.proxy = await this.stack.addProxy({
      accounts: [this.stack.account(this.tee.url)],
      limits: { max_body_bytes: 262_144 },
      openai: {
        models: { 'gpt-4o': model, 'gpt-4.1': 'claude-elsewhere' },
        default_max_tokens: 777,
      },
    });
    await this.stack.untilKnown(this.proxy, this.token.token);
  }

  client(more = {}) {
    return new OpenAI({
      apiKey: this.token.token,
      baseURL: `${this.proxy.url}/v1`,
      maxRetries: 0,
      ...more,
    });
  }

  /** The row of the request that these fields answered. */
  row(headers) {
    return this.stack.api.row(idOf(headers));
  }

  /** Creates, and gives the completion with its row. */
  async create(body, options) {
    const asked = this.client().chat.completions.create(body, options);
    const { data, response } = await asked.withResponse();
    return { completion: data, row: await this.row(response.headers) };
  }

  /** Streams to the end, and gives the chunks with the row. */
  async stream(body, options) {
    const asked = this.client().chat.completions.create({ ...body, stream: true }, options);
    const { data, response } = await asked.withResponse();
    const chunks = [];
    for await (const chunk of data) chunks.push(chunk);
    return { chunks, row: await this.row(response.headers) };
  }

  /** What the proxy sent to its upstream last: {head, body}. */
  lastRequest() {
    const text = Buffer.concat(this.tee.connections.at(-1).received).toString('utf8');
    const from = text.lastIndexOf('POST /v1/messages');
    assert.ok(from >= 0, 'a Messages request went upstream');
    const end = text.indexOf('\r\n\r\n', from);
    return { head: text.slice(from, end), body: JSON.parse(text.slice(end + 4)) };
  }

  /** The Messages request that a chat completion request became. */
  async sent(body) {
    await this.client().chat.completions.create(body);
    return this.lastRequest().body;
  }

  /** What the row of a request says that succeeded. */
  succeeded(stream) {
    return {
      token_id: this.token.id,
      user_name: 'main',
      account_id: 'acc-1',
      mode: 'api',
      model,
      stream,
      status_code: 200,
      success: true,
      usage_source: 'final',
      attempts: 1,
    };
  }

  async stop() {
    this.tee?.close();
    await this.stack?.stop();
  }
}
