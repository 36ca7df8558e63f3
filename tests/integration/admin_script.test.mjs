// The calls of an administrator's scripts, made by one: admin_script, which knows curl and jq only.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';

import { Stack, adminKey, test } from './harness.mjs';
import { recordConversations } from './support/conversations.mjs';
import { messageRequest } from './support/messages.mjs';
import { runToEnd } from './support/program.mjs';
import { roundTrip } from './support/raw_http.mjs';

let stack;
before(async () => {
  stack = await Stack.start();
  await recordConversations(stack, stack.token);
  let last;
  for (const [i, steering] of ['', 'status=429', 'cache_read=5', '', 'text=你好'].entries()) {
    const headers = { 'x-claude-code-session-id': `session-${i % 2}` };
    const request = messageRequest(stack.token.token, steering, { stream: i % 2 === 0, headers });
    last = (await roundTrip(stack.proxy.port, request)).get('x-ccproxy-request-id');
  }
  await stack.api.row(last);
});
after(() => stack?.stop());

const script = new URL('admin_script', import.meta.url).pathname;
const run = (env) => runToEnd(script, [], { CCPROXY_API: stack.api.url, ...env });

test('every answer has what the script reads', () => stack, async () => {
  const { code, output } = await run({ CCPROXY_ADMIN_KEY: adminKey });
  assert.equal(code, 0, output);
  // To its end: each check says its name, and those of a loop say it twice.
  const names = [...readFileSync(script, 'utf8').matchAll(/^ *check '([^']+)'/gm)];
  for (const [, name] of names) assert.ok(output.includes(`ok ${name}\n`), `${name}: ${output}`);
  assert.ok(names.length > 0);
});

test('the script ends where an answer is not what it reads', () => stack, async () => {
  const { code, output } = await run({ CCPROXY_ADMIN_KEY: 'wrong' });
  assert.notEqual(code, 0);
  assert.match(output, /token\/list: .*a valid key is required/);
});
