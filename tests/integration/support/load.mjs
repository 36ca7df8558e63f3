// Clients that send request after request, each with a session of its own to know its row by.
import { messageRequest } from './messages.mjs';
import { RawClient, requestBytes } from './raw_http.mjs';

let sessions = 0;

export class Load {
  /** `target()` gives the proxy to send to, asked anew for each connection. */
  constructor(target, key) {
    this.target = target;
    this.key = key;
    this.complete = new Map(); // session → id of what was seen complete
    this.cut = new Set(); // sessions whose answer did not come, or not whole
    this.stopping = false;
    this.watchers = new Set();
  }

  start(clients, steering = 'events=12; flush') {
    this.steering = steering;
    this.ended = Promise.all(Array.from({ length: clients }, () => this.run()));
    return this;
  }

  /** Sends exactly `count` requests over `clients` connections. */
  async send(count, clients = 8) {
    this.left = count;
    await this.start(clients).ended;
  }

  /** Awaits that `count` more answers have come whole. */
  async progress(count) {
    const goal = this.complete.size + count;
    await new Promise((resolve) => {
      const watcher = () => {
        if (this.complete.size >= goal) {
          this.watchers.delete(watcher);
          resolve();
        }
      };
      this.watchers.add(watcher);
    });
  }

  stop() {
    this.stopping = true;
    return this.ended;
  }

  async run() {
    let client = null;
    while (!this.stopping && (this.left === undefined || this.left-- > 0)) {
      const session = `load-${process.pid}-${sessions++}`;
      const stream = sessions % 2 === 0;
      const headers = { 'x-claude-code-session-id': session };
      try {
        client ??= await RawClient.connect(this.target().port);
        if (client.ending) throw new Error(client.ending);
        await client.send(
          requestBytes(messageRequest(this.key, this.steering, { stream, headers })),
        );
        const response = await client.response();
        if (!response.complete || response.status !== 200) throw new Error(`${response.status}`);
        this.complete.set(session, response.get('x-ccproxy-request-id'));
        for (const watcher of this.watchers) watcher();
      } catch {
        this.cut.add(session);
        client?.close();
        client = null;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    client?.close();
  }
}
