// Exports as a test asks for them: by curl to a file, or by a client that does not read on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { eventually, runToEnd } from './program.mjs';

export class Exports {
  /** Of the call `target` of `stack`'s analyticsd, such as `/api/conversations/export`. */
  constructor(stack, target) {
    this.stack = stack;
    this.target = target;
  }

  url(query) {
    return `${this.stack.api.url}${this.target}?${new URLSearchParams(query)}`;
  }

  /** {head, text} of a whole export. */
  async curl(query) {
    const file = path.join(this.stack.dir, 'export');
    const key = `X-Admin-Key: ${this.stack.api.adminKey}`;
    const args = ['-sS', '-f', '-o', file, '-D', '-', '-H', key, this.url(query)];
    const { code, output } = await runToEnd('curl', args);
    assert.equal(code, 0, output);
    return { head: output, text: readFileSync(file, 'utf8') };
  }

  /** The objects of a whole export as JSONL. */
  async lines(query) {
    const lines = (await this.curl({ ...query, format: 'jsonl' })).text.split('\n');
    assert.equal(lines.pop(), '');
    return lines.map((line) => JSON.parse(line));
  }

  /** An answer whose head was read and nothing more; textOf() reads on. */
  async stalled(format) {
    const headers = { 'x-admin-key': this.stack.api.adminKey };
    // A connection of its own: one that has carried an export has room for all of the next one.
    const request = http.get(this.url({ format }), { headers, agent: false });
    const [response] = await once(request, 'response');
    // Without a listener Node forgets an error that comes before anybody reads.
    response.on('error', () => {});
    // It counts from its first piece, which is made once the head is on its way.
    await eventually('it runs', async () => (await this.metric('analyticsd_exports_running')) === 1);
    return response;
  }

  async metric(name) {
    const text = await (await fetch(`${this.stack.api.url}/metrics`)).text();
    return Number(text.split('\n').find((line) => line.startsWith(`${name} `)).split(' ').at(-1));
  }
}

export async function textOf(response) {
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
