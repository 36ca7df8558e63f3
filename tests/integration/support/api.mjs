// The HTTP API of analyticsd, as a test uses it.
import { eventually } from './program.mjs';

export class Api {
  constructor(url, adminKey) {
    this.url = url;
    this.adminKey = adminKey;
  }

  /** {status, body} of a call; `query` values of undefined are left out. */
  async call(method, path, { query = {}, body, headers } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = given.length ? `?${new URLSearchParams(given)}` : '';
    const answer = await fetch(`${this.url}${path}${search}`, {
      method,
      headers: headers ?? { 'x-admin-key': this.adminKey },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  /** The body of a call that must succeed. */
  async ask(method, path, options) {
    const { status, body } = await this.call(method, path, options);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  generate(name, more = {}) {
    return this.ask('POST', '/api/token/generate', { body: { name, ...more } });
  }

  revoke(id) {
    return this.ask('POST', '/api/token/revoke', { body: { id } });
  }

  logs(query) {
    return this.ask('GET', '/api/logs/requests', { query });
  }

  /** All rows of a filter, by cursor. */
  async allLogs(query = {}) {
    const rows = [];
    let cursor;
    do {
      const page = await this.logs({ ...query, limit: 1000, cursor });
      rows.push(...page.logs);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return rows;
  }

  /** The row of one request, awaited. */
  row(id) {
    if (!id) throw new Error('the answer had no x-ccproxy-request-id');
    return eventually(`a row with the id ${id}`, async () => {
      const { status, body } = await this.call('GET', `/api/logs/requests/${id}`);
      return status === 200 ? body : null;
    });
  }

  /** Rows of a filter once there are `count`. */
  rows(query, count) {
    return eventually(`${count} rows of ${JSON.stringify(query)}`, async () => {
      const { logs, total } = await this.logs({ ...query, order: 'asc', limit: 1000 });
      return total >= count ? logs : null;
    });
  }
}
