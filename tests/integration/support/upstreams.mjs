// Upstreams of the tests' own: one that passes a simulator's bytes on and keeps them, and one that
// a test plays by hand.
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';

import { within } from './program.mjs';
import { parseResponse } from './raw_http.mjs';

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Stands between a proxy and a simulator and keeps what the simulator sent, byte for byte. */
export class Tee {
  static async start(targetPort) {
    const tee = new Tee();
    tee.connections = [];
    tee.sockets = new Set();
    tee.server = net.createServer({ noDelay: true }, (from) => {
      const seen = { sent: [], received: [], ended: false };
      tee.connections.push(seen);
      const to = net.connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
      for (const socket of [from, to]) {
        tee.sockets.add(socket);
        socket.on('close', () => tee.sockets.delete(socket));
      }
      from.on('data', (bytes) => seen.received.push(bytes));
      to.on('data', (bytes) => seen.sent.push(bytes));
      to.on('end', () => (seen.ended = true));
      from.pipe(to).pipe(from);
      from.on('error', () => to.destroy());
      to.on('error', () => from.destroy());
      from.on('close', () => to.destroy());
      to.on('close', () => from.destroySoon());
    });
    tee.port = await listen(tee.server);
    tee.url = `http://127.0.0.1:${tee.port}`;
    return tee;
  }

  /** The last whole response that went through, interim ones passed over. */
  lastResponse(method = 'POST') {
    const { sent, ended } = this.connections.at(-1);
    let bytes = Buffer.concat(sent);
    let last = null;
    while (bytes.length > 0) {
      const response = parseResponse(bytes, { method, ended });
      if (!response) break;
      if (response.status >= 200) last = response;
      bytes = bytes.subarray(response.size);
    }
    return last;
  }

  close() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Keeps every connection with what came over it; the test answers on `connection.socket`. */
export class HandPlayedUpstream {
  /** With `tlsOptions` ({key, cert} and more) it speaks TLS. */
  static async start(tlsOptions) {
    const upstream = new HandPlayedUpstream();
    upstream.connections = [];
    upstream.taken = 0;
    upstream.wake = () => {};
    const accept = (socket) => {
      const connection = { socket, text: '', closed: false };
      connection.wake = () => {};
      connection.resumed = tlsOptions ? socket.isSessionReused() : false;
      socket.on('data', (bytes) => {
        connection.text += bytes.toString('latin1');
        connection.wake();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        connection.closed = true;
        connection.wake();
      });
      upstream.connections.push(connection);
      upstream.wake();
    };
    upstream.server = tlsOptions
      ? tls.createServer(tlsOptions, accept).on('tlsClientError', () => {})
      : net.createServer({ noDelay: true }, accept);
    upstream.port = await listen(upstream.server);
    upstream.url = `${tlsOptions ? 'https' : 'http'}://127.0.0.1:${upstream.port}`;
    return upstream;
  }

  /** The next connection that has not been asked for. */
  async connection() {
    await this.until('a connection', this, () => this.connections.length > this.taken);
    return this.connections[this.taken++];
  }

  /** Awaits a whole request with a Content-Length on `connection`, and takes it off. */
  async request(connection) {
    let size = 0;
    await this.until('a request', connection, () => {
      const end = connection.text.indexOf('\r\n\r\n');
      if (end < 0) return false;
      const length = /\r\ncontent-length: (\d+)/i.exec(connection.text.slice(0, end))?.[1] ?? 0;
      size = end + 4 + Number(length);
      return connection.text.length >= size;
    });
    const request = connection.text.slice(0, size);
    connection.text = connection.text.slice(size);
    return request;
  }

  closed(connection) {
    return this.until('the end of the connection', connection, () => connection.closed);
  }

  until(what, on, look) {
    const found = new Promise((resolve) => {
      on.wake = () => look() && resolve();
      on.wake();
    });
    return within(`the upstream gets ${what}`, found);
  }

  close() {
    this.server.close();
    for (const { socket } of this.connections) socket.destroy();
  }
}
