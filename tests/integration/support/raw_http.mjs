// An HTTP client that sends exactly the bytes it is given and shows exactly what comes back.
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

import { within } from './program.mjs';

/** Splits the head of a message: {start, headers: [[lower name, value]], get, rest}. */
function splitHead(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [start, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const get = (name) => headers.find(([key]) => key === name)?.[1];
  return { start, headers, get, rest: bytes.subarray(end + 4) };
}

/** Takes a chunked body apart; `end` is null while it is not complete. */
function unchunk(bytes) {
  const parts = [];
  const chunks = [];
  let at = 0;
  for (;;) {
    const eol = bytes.indexOf('\r\n', at);
    if (eol < 0) break;
    const size = parseInt(bytes.subarray(at, eol).toString('latin1'), 16);
    if (Number.isNaN(size)) throw new Error(`a bad chunk size: ${bytes.subarray(at, eol)}`);
    if (size === 0) {
      const end = bytes.indexOf('\r\n\r\n', eol);
      return { body: Buffer.concat(parts), chunks, end: end < 0 ? null : end + 4 };
    }
    const data = bytes.subarray(eol + 2, eol + 2 + size);
    parts.push(data);
    chunks.push(size);
    at = eol + 2 + size + 2;
    if (at > bytes.length) break;
  }
  return { body: Buffer.concat(parts), chunks, end: null };
}

/**
 * The first response in `bytes`: {status, version, get, headers, body, framing, complete, size}.
 * `complete` is null while more may come: what is framed by the connection's end needs `ended`.
 */
export function parseResponse(bytes, { method = 'POST', ended = false } = {}) {
  const head = splitHead(bytes);
  if (!head) return null;
  const [, version, status] = /^HTTP\/(1\.[01]) (\d{3})/.exec(head.start) ?? [];
  if (!version) throw new Error(`not a response: ${head.start}`);
  const response = { status: Number(status), version, get: head.get, headers: head.headers };
  const headBytes = bytes.length - head.rest.length;
  const length = head.get('content-length');
  const bodiless =
    method === 'HEAD' || response.status < 200 || [204, 304].includes(response.status);
  if (bodiless) {
    Object.assign(response, { body: Buffer.alloc(0), framing: 'none', complete: true });
    response.size = headBytes;
  } else if (head.get('transfer-encoding') === 'chunked') {
    const { body, chunks, end } = unchunk(head.rest);
    Object.assign(response, { body, chunks, framing: 'chunked', complete: end !== null });
    response.size = headBytes + (end ?? head.rest.length);
  } else if (length !== undefined) {
    const body = head.rest.subarray(0, Number(length));
    const complete = body.length === Number(length);
    Object.assign(response, { body, framing: 'length', complete, size: headBytes + body.length });
  } else {
    Object.assign(response, { body: head.rest, framing: 'close', complete: ended });
    response.size = bytes.length;
  }
  return response;
}

export class RawClient {
  constructor(socket) {
    this.socket = socket;
    this.bytes = Buffer.alloc(0);
    this.ending = null; // 'end' or the code of the error
    this.watchers = new Set();
    const wake = () => this.watchers.forEach((watcher) => watcher());
    socket.on('connect', wake);
    socket.on('data', (bytes) => {
      this.bytes = Buffer.concat([this.bytes, bytes]);
      wake();
    });
    socket.on('end', () => {
      this.ending ??= 'end';
      wake();
    });
    socket.on('error', (error) => {
      this.ending = error.code;
      wake();
    });
    socket.on('close', () => {
      this.ending ??= 'end';
      wake();
    });
  }

  /** With `options` of tls.connect() the connection is under TLS. */
  static async connect(port, options) {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    if (options) return RawClient.secure(socket, options);
    const client = new RawClient(socket);
    await client.until('a connection', () => !socket.connecting);
    return client;
  }

  static async secure(below, options) {
    const socket = tls.connect({ socket: below, servername: 'localhost', ...options });
    await within('a TLS handshake', once(socket, 'secureConnect'));
    const client = new RawClient(socket);
    client.below = below;
    return client;
  }

  /** Awaits a truthy `look()`, which is called whenever something has happened. */
  until(what, look) {
    let watcher;
    const found = new Promise((resolve, reject) => {
      watcher = () => {
        try {
          const value = look();
          if (value) resolve(value);
        } catch (error) {
          reject(error);
        }
      };
      this.watchers.add(watcher);
      watcher();
    });
    return within(what, found)
      .catch((error) => {
        error.message += `; received: ${this.bytes.subarray(0, 2000).toString('latin1')}`;
        throw error;
      })
      .finally(() => this.watchers.delete(watcher));
  }

  send(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** The next response, whole; or, when the connection ends before, what came of it. */
  async response(options = {}) {
    const response = await this.until('a response', () => {
      const ended = this.ending === 'end';
      const parsed = parseResponse(this.bytes, { ...options, ended });
      if (parsed?.complete) return parsed;
      if (!this.ending) return null;
      return parsed ?? { status: 0, complete: false, body: Buffer.alloc(0), get: () => undefined };
    });
    this.bytes = this.bytes.subarray(response.size ?? this.bytes.length);
    return response;
  }

  /** Awaits text in what has been received and not taken. */
  received(text) {
    return this.until(`the bytes ${text}`, () => {
      if (this.bytes.includes(text)) return true;
      if (this.ending) throw new Error(`the connection ended (${this.ending}) before ${text} came`);
      return false;
    });
  }

  /** Awaits the end of the connection: 'end', or an error's code. */
  closed() {
    return this.until('the end of the connection', () => this.ending);
  }

  close() {
    this.socket.destroy();
  }

  /** Closes with RST. */
  reset() {
    (this.below ?? this.socket).resetAndDestroy();
  }
}

/** The bytes of a request; a body gets its Content-Length unless `headers` frame it. */
export function requestBytes({
  method = 'POST',
  target = '/v1/messages',
  version = '1.1',
  headers = {},
  body = '',
}) {
  const named = (name) => Object.keys(headers).some((key) => key.toLowerCase() === name);
  const all = { ...(named('host') ? {} : { host: 'proxy.test' }), ...headers };
  if (body.length && !named('content-length') && !named('transfer-encoding')) {
    all['content-length'] = Buffer.byteLength(body);
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

/** One request over a connection of its own. */
export async function roundTrip(port, request, options) {
  const client = await RawClient.connect(port, options);
  try {
    await client.send(Buffer.isBuffer(request) ? request : requestBytes(request));
    return await client.response({ method: request.method ?? 'POST' });
  } finally {
    client.close();
  }
}
