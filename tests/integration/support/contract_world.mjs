// What stands in the database of the contract's tests, and valid values made of it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { recordConversations } from './conversations.mjs';
import { messageRequest } from './messages.mjs';
import { eventually } from './program.mjs';
import { RawClient, requestBytes, roundTrip } from './raw_http.mjs';

function crc32c(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

/** A journal's record (EVENT_FORMAT.md) that is intact, around a payload that is no event. */
function nonsenseRecord(seq) {
  const payload = Buffer.from(`{"nonsense": ${seq}}`);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(payload.length, 0);
  header.writeBigUInt64LE(BigInt(seq), 8);
  header.writeUInt32LE(crc32c(Buffer.concat([header.subarray(8), payload])), 4);
  return Buffer.concat([header, payload]);
}

/** A proxy that sends `count` events which analyticsd cannot read. */
async function addQuarantined(stack, count) {
  const proxy = await stack.addProxy({}, 'nonsense');
  await proxy.stop();
  const folder = path.join(stack.dir, 'nonsense/journal');
  const segment = readdirSync(folder).find((name) => name.endsWith('.seg'));
  const file = path.join(folder, segment ?? '00000000000000000001.seg');
  const before = existsSync(file) ? readFileSync(file) : Buffer.from('ccpjrnl\x01', 'latin1');
  const records = Array.from({ length: count }, (_, i) => nonsenseRecord(i + 1));
  writeFileSync(file, Buffer.concat([before, ...records]), { mode: 0o600 });
  await stack.restartProxy(proxy);
  return eventually('the nonsense is in quarantine', async () => {
    const { quarantined } = await stack.api.ask('GET', '/api/system/quarantine');
    return quarantined.length === count && quarantined.map(({ id }) => String(id));
  });
}

async function sendTraffic(stack) {
  const headers = (i) => ({ 'x-claude-code-session-id': `session-${i % 5}` });
  const whole = [
    ...['', 'cache_5m=7; cache_1h=11; cache_read=13', 'stop_reason=max_tokens', 'no_usage'],
    ...['status=429', 'status=500', 'tool_use', 'thinking', 'text=你好'],
  ];
  const ids = [];
  for (const [i, steering] of [...whole, ...whole].entries()) {
    const request = messageRequest(stack.token.token, steering, {
      stream: i >= whole.length,
      headers: { ...headers(i), ...(i % 2 ? { 'x-claude-code-agent-id': 'agent-1' } : {}) },
    });
    const answer = await roundTrip(stack.proxy.port, request);
    ids.push(answer.get('x-ccproxy-request-id'));
  }
  const leaver = await RawClient.connect(stack.proxy.port);
  const aborted = { stream: true, headers: headers(0) };
  await leaver.send(
    requestBytes(messageRequest(stack.token.token, 'events=3; stall_after=2', aborted)),
  );
  await leaver.received('text_delta');
  leaver.close();
  await stack.api.rows({ status_code: 499 }, 1);
  await stack.api.row(ids.at(-1));
  return ids;
}

/** Requests of every kind and what was said in them, tokens of every state, events in quarantine. */
export async function makeWorld(stack) {
  await stack.api.generate('short-lived', { expires_in: '1ms', mode: 'api' });
  const { id: revoked } = await stack.api.generate('revoked', { expires_in: '30d', mode: 'web' });
  await stack.api.revoke(revoked);
  await recordConversations(stack, stack.token);
  const logs = await sendTraffic(stack);
  return { stack, logs, conversations: logs, quarantined: await addQuarantined(stack, 12) };
}

/** What stands for `{id}`, by the path up to it. */
const idMakers = {
  '/api/logs/requests/': ({ logs }) => logs[0],
  '/api/conversations/': ({ conversations }) => conversations[0],
  '/api/token/': async ({ stack }) => (await stack.api.generate('for one call')).id,
  '/api/stats/tokens/': ({ stack }) => stack.token.id,
  '/api/stats/accounts/': () => 'acc-1',
  '/api/system/quarantine/': ({ quarantined }) => quarantined[0],
};

const textMakers = {
  token_id: ({ stack }) => stack.token.id,
  account_id: () => 'acc-1',
  user_name: () => 'main',
  model: () => 'claude-sonnet-4-20250514',
  conversation_id: () => 'session-1',
  proxy_id: () => 'p1',
  q: () => 'Hello',
  'deleteConversationsOfToken.token_id': async ({ stack }) => (await stack.api.generate('quiet')).id,
  name: () => 'made by a test',
  'revokeToken.id': async ({ stack }) => (await stack.api.generate('to be revoked')).id,
};

/** A valid value for the path's parameter. */
export function makeId(world, operation) {
  const prefix = operation.path.slice(0, operation.path.indexOf('{'));
  const make = idMakers[prefix];
  if (!make) throw new Error(`support/contract_world.mjs makes no ids for ${prefix}{…}`);
  return make(world, operation);
}

/** What a call has deleted is no valid id any more. */
export function forgetId(world, id) {
  world.conversations = world.conversations.filter((other) => other !== id);
  world.quarantined = world.quarantined.filter((other) => other !== id);
}

/** A valid value for a parameter of the query or a member of the body. */
export async function makeValue(world, operation, name, schema) {
  const make = textMakers[`${operation.id}.${name}`] ?? textMakers[name];
  if (make) return make(world, operation);
  if (schema.default !== undefined) return schema.default;
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer') return schema.minimum;
  const formats = [schema, ...(schema.anyOf ?? [])].map(({ format }) => format);
  if (formats.includes('date') && !formats.includes('date-time')) {
    return new Date().toISOString().slice(0, 10);
  }
  if (formats.includes('date-time')) {
    return new Date(Date.now() + (name.startsWith('from') ? -60_000 : 60_000)).toISOString();
  }
  throw new Error(`support/contract_world.mjs makes no ${name} for ${operation.name}`);
}
