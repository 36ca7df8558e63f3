// A stack with a proxy that serves by web accounts, in front of the simulator's chat backend.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { Stack } from '../harness.mjs';
import { model } from './messages.mjs';
import { eventually } from './program.mjs';
import { Tee } from './upstreams.mjs';

export const sessionKey = 'sk-ant-sid01-integration-0123456789';
export const organization = '0b9d4f3a-0000-4000-8000-000000000002'; // The simulator's that can chat.
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const idOf = (headers) => headers.get('x-ccproxy-request-id');

/** A request that steers the simulator; `more` is put over it. */
export const ask = (steering = '', more = {}) => ({
  model,
  max_tokens: 1024,
  messages: [{ role: 'user', content: `Grüße, 世界 [[sim ${steering || 'flush'}]]` }],
  ...more,
});

/** As the row has it of a text. */
export const tokens = (text) => Math.ceil([...text].length / 3.5);

export class WebStack {
  /** What reaches the simulator is kept on its way there. `config` is put over the proxy's. */
  static async start(config = {}) {
    const web = new WebStack();
    try {
      web.stack = await Stack.start();
      web.token = web.stack.token;
      web.tee = await Tee.start(web.stack.sim.port);
      web.proxy = await web.addProxy([web.account()], config);
    } catch (error) {
      await web.stop();
      throw error;
    }
    return web;
  }

  /** A web account whose session key ends in its id; without sessions, the heavier is asked first. */
  account(id = 'web-1', more = {}) {
    const key = this.stack.write(`${id}.session`, `${sessionKey}-${id}`);
    return { id, mode: 'web', base_url: this.tee.url, session_key_file: key, ...more };
  }

  async addProxy(accounts, config = {}) {
    const failover = { first_backoff: '1ms', ...config.failover };
    const proxy = await this.stack.addProxy({ ...config, accounts, failover });
    await eventually('the proxy has its registry', async () => {
      const answer = await fetch(`${proxy.url}/readyz`);
      return answer.status === 200;
    });
    return proxy;
  }

  anthropic(proxy = this.proxy, more = {}) {
    return new Anthropic({ apiKey: this.token.token, baseURL: proxy.url, maxRetries: 0, ...more });
  }

  openai(proxy = this.proxy, more = {}) {
    const baseURL = `${proxy.url}/v1`;
    return new OpenAI({ apiKey: this.token.token, baseURL, maxRetries: 0, ...more });
  }

  /** Creates, and gives the message with its row. */
  async create(body, { proxy, ...options } = {}) {
    const asked = this.anthropic(proxy).messages.create(body, options);
    const { data, response } = await asked.withResponse();
    return { message: data, row: await this.row(response.headers) };
  }

  /** Streams to the end, and gives the events and the message that the SDK makes of them. */
  async stream(body, { proxy, ...options } = {}) {
    const stream = this.anthropic(proxy).messages.stream(body, options);
    const events = [];
    stream.on('streamEvent', (event) => events.push(event));
    const { response } = await stream.withResponse();
    const message = await stream.finalMessage();
    return { events, message, row: await this.row(response.headers) };
  }

  /** Awaits that the proxy takes a key. */
  untilTaken({ token }, proxy = this.proxy) {
    return eventually('the proxy knows the key', async () => {
      const headers = { 'x-api-key': token, 'x-proxy-mode': 'none' };
      const answer = await fetch(`${proxy.url}/v1/models`, { headers });
      return answer.status === 400;
    });
  }

  row(headers) {
    return this.stack.api.row(idOf(headers));
  }

  /** Steers the simulator's calls that carry no prompt: organizations, create, delete. */
  async steer(call, steering = '') {
    const answer = await fetch(`${this.stack.sim.url}/sim/web/${call}`, {
      method: 'PUT',
      body: steering,
    });
    assert.equal(answer.status, 204, await answer.text());
  }

  /** Paths of the conversations that the backend still has. */
  async conversations() {
    return (await (await fetch(`${this.stack.sim.url}/sim/web`)).json()).conversations;
  }

  untilDeleted() {
    return eventually('no conversation is left', async () => {
      const left = await this.conversations();
      return left.length === 0;
    });
  }

  /** The requests that have reached the backend, in order on each connection: {line, head, body}. */
  sent() {
    return this.tee.connections.flatMap(({ received }) => {
      const requests = [];
      for (let bytes = Buffer.concat(received); bytes.length > 0;) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) break;
        const head = bytes.subarray(0, end).toString('utf8');
        const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
        const body = bytes.subarray(end + 4, end + 4 + length).toString('utf8');
        requests.push({ line: head.split('\r\n')[0], head, body });
        bytes = bytes.subarray(end + 4 + length);
      }
      return requests;
    });
  }

  /** The body of the last completion that was asked for. */
  lastPrompt() {
    const request = this.sent().findLast(({ line }) => line.includes('/completion'));
    return JSON.parse(request.body);
  }

  async metric(name, proxy = this.proxy) {
    const text = await (await fetch(`${proxy.url}/metrics`)).text();
    const line = text.split('\n').find((entry) => entry.startsWith(name));
    return Number(line?.split(' ').at(-1));
  }

  async stop() {
    this.tee?.close();
    await this.stack?.stop();
  }
}
