// Events put straight into a proxy's journal (EVENT_FORMAT.md): many at once, of any time.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

function crc32c(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

/** An intact record around a payload, which may be anything. */
function record(seq, payload) {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(bytes.length, 0);
  head.writeBigUInt64LE(BigInt(seq), 8);
  head.writeUInt32LE(crc32c(Buffer.concat([head.subarray(8), bytes])), 4);
  return Buffer.concat([head, bytes]);
}

/** A proxy of that name whose journal holds these payloads; it sends them at once. */
export async function sendPayloads(stack, name, payloads) {
  const proxy = await stack.addProxy({}, name);
  await proxy.stop();
  const folder = path.join(stack.dir, name, 'journal');
  const segment = readdirSync(folder).find((file) => file.endsWith('.seg'));
  const file = path.join(folder, segment ?? '00000000000000000001.seg');
  const before = existsSync(file) ? readFileSync(file) : Buffer.from('ccpjrnl\x01', 'latin1');
  const records = payloads.map((payload, i) => record(i + 1, payload));
  writeFileSync(file, Buffer.concat([before, ...records]), { mode: 0o600 });
  return stack.restartProxy(proxy);
}

/** An event that is whole; numbers up to 2^48 give ids of their own. */
export function makeEvent(number, more = {}) {
  const request_at_ms = more.request_at_ms ?? Date.now();
  return {
    v: 1,
    id: `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`,
    token_id: 'a-token',
    user_name: 'ann',
    account_id: 'acc-1',
    mode: 'api',
    model: 'claude-sonnet-4-20250514',
    stream: number % 2 === 0,
    request_at_ms,
    response_at_ms: request_at_ms + 1500,
    duration_ms: 1500,
    ttft_ms: 300,
    usage_source: 'final',
    input_tokens: number % 1000,
    cache_creation_5m_tokens: 20,
    cache_creation_1h_tokens: 30,
    cache_read_tokens: 4000,
    output_tokens: 250,
    status_code: 200,
    success: true,
    conversation_id: `conversation-${number % 10}`,
    stop_reason: 'end_turn',
    upstream_request_id: 'req_1',
    attempts: 1,
    ...more,
  };
}

/** Sends events by a proxy of their own and awaits that all are stored. */
export async function storeEvents(stack, name, events) {
  const { total } = await stack.api.logs({ limit: 1 });
  await sendPayloads(
    stack,
    name,
    events.map((event) => JSON.stringify(event)),
  );
  await stack.api.rows({ limit: 1 }, total + events.length);
}
