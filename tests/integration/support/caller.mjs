// Sends calls byte for byte, many over one connection.
import { RawClient, requestBytes } from './raw_http.mjs';

export class Caller {
  constructor(port) {
    this.port = port;
    this.client = null;
  }

  /** `target`, `headers` and `body` go out as they are. */
  async send({ method = 'GET', target, headers = {}, body = '' }) {
    if (!this.client || this.client.ending) {
      this.client?.close();
      this.client = await RawClient.connect(this.port);
    }
    await this.client.send(requestBytes({ method, target, headers, body }));
    const response = await this.client.response({ method });
    if (response.get('connection') !== 'keep-alive') this.close();
    return response;
  }

  close() {
    this.client?.close();
    this.client = null;
  }
}
