// Several accounts: what a client sees, which accounts are asked, what the row says, fault by fault;
// and what becomes of an account that fails.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageBody, messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';
import { assertRow } from './support/rows.mjs';
import { HandPlayedUpstream } from './support/upstreams.mjs';

let stack;
let untrusted; // A simulator whose certificate nobody trusts.
before(async () => {
  stack = await Stack.start();
  for (const id of ['first', 'second', 'third']) stack.write(`${id}.key`, `sk-ant-${id}`);
  const certs = stack.makeCerts();
  const tls = ['--tls-cert', certs('server.pem'), '--tls-key', certs('server.key')];
  untrusted = await stack.startSim(tls, 'untrusted');
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const request = (steering, more) => messageRequest(stack.token.token, steering, more);
const rowOf = (response) => stack.api.row(response.get('x-ccproxy-request-id'));
/** Steers the requests of one account alone. */
const at = (id, steering) => `for_key=${id}; ${steering}`;

/** An account; without sessions, the one with the larger weight is asked first. */
function account(id, more = {}) {
  const weight = { first: 1000, second: 30, third: 1 }[id];
  const key = `${stack.dir}/${id}.key`;
  return { id, base_url: stack.sim.url, api_key_file: key, weight, ...more };
}

async function startProxy(accounts, config = {}) {
  const failover = { first_backoff: '1ms', ...config.failover };
  const proxy = await stack.addProxy({ ...config, accounts, failover });
  const [, port] = await proxy.logged(/admin API on 127\.0\.0\.1:(\d+)/);
  proxy.admin = `http://127.0.0.1:${port}/admin/accounts`;
  await eventually('the proxy has its registry', async () => {
    const answer = await fetch(`${proxy.url}/readyz`);
    return answer.status === 200;
  });
  return proxy;
}

async function accountsOf(proxy) {
  const { accounts } = await (await fetch(proxy.admin)).json();
  return Object.fromEntries(accounts.map((entry) => [entry.id, entry]));
}

/** Accounts that were asked, as the simulator saw them, for the request with this tag. */
async function asked(tag) {
  const entries = (await stack.ledger()).filter((entry) => entry.tag === tag);
  return entries.map((entry) => entry.headers['x-api-key'].replace('sk-ant-', ''));
}

const closedPort = 'http://127.0.0.1:1'; // Nothing listens there.
let tags = 0;

// What the first account does; `over` replaces members of it. `status` is what the client gets, `tried` lists the
// row's attempts as account and status, null where attempts_detail is.
const served = { status: 200, success: true };
const moved = (error) => ({ ...served, tried: [`first ${error}`, 'second 200'] });
const faults = [
  ['nothing wrong', { steering: '', ...served, tried: null }],
  ['429', { steering: 'status=429', ...moved(429) }],
  ['429, retry-after 7', { steering: 'status=429; retry_after=7', ...moved(429) }],
  ['429, x-should-retry true', { steering: 'status=429; should_retry=true', ...moved(429) }],
  [
    '429, x-should-retry false',
    { steering: 'status=429; should_retry=false', status: 429, tried: ['first 429'] },
  ],
  ['500', { steering: 'status=500', ...moved(500) }],
  [
    '500, x-should-retry false',
    { steering: 'status=500; should_retry=false', status: 500, tried: ['first 500'] },
  ],
  ['529', { steering: 'status=529', ...moved(529) }],
  ['529 in chunks, gzip', { steering: 'status=529; chunked; gzip', ...moved(529) }],
  ['401', { steering: 'status=401', ...moved(401) }],
  ['403', { steering: 'status=403', ...moved(403) }],
  ['400', { steering: 'status=400', status: 400, tried: null }],
  ['connection refused', { over: { base_url: closedPort }, ...moved('-'), unseen: true }],
  ['TLS not trusted', { tls: true, ...moved('-'), unseen: true }],
  [
    'closed before the first byte',
    { steering: 'cut_before_head', status: 502, tried: ['first -'] },
  ],
  ['reset before the first byte', { steering: 'reset_before_head', status: 502, tried: ['first -'] }],
  ['silence', { steering: 'silent', status: 504, tried: ['first -'] }],
  [
    'reset after the first byte',
    { steering: 'events=20; reset_after=5; flush', status: 200, cut: true, tried: null },
  ],
];

// What the tests below saw, to be read and quoted.
const table = [
  '| fault | request | the client saw | accounts tried | row: status, success, account | row: error |',
  '|---|---|---|---|---|---|',
];

for (const [fault, expected] of faults) {
  for (const stream of [false, true]) {
    it(`${fault}, ${stream ? 'streamed' : 'plain'}`, async () => {
      const over = expected.tls ? { base_url: `https://localhost:${untrusted.port}` } : expected.over;
      const timeouts = { first_byte: fault === 'silence' ? '300ms' : '30s' };
      const proxy = await startProxy([account('first', over), account('second')], { timeouts });
      const tag = `fault-${++tags}`;
      const response = await roundTrip(
        proxy.port,
        request(at('first', expected.steering ?? ''), { stream, headers: { 'x-sim-tag': tag } }),
      );
      assert.equal(response.status, expected.status);
      assert.equal(response.complete, !expected.cut);
      const row = await rowOf(response);
      const tried = row.attempts_detail?.map((try_) => `${try_.account_id} ${try_.status ?? '-'}`);
      assert.deepEqual(tried ?? null, expected.tried);
      assertRow(row, {
        status_code: expected.status,
        success: expected.success ?? false,
        attempts: expected.tried?.length ?? 1,
        account_id: expected.tried?.at(-1).split(' ')[0] ?? 'first',
      });
      for (const { error, duration_ms } of row.attempts_detail?.slice(0, -1) ?? []) {
        assert.ok(error, 'a failed attempt says why');
        assert.ok(duration_ms >= 0);
      }
      const order = ['first', 'second'].slice(expected.unseen ? 1 : 0);
      const count = (expected.tried?.length ?? 1) - (expected.unseen ? 1 : 0);
      const seen = await eventually('the ledger has the requests', async () => {
        const list = await asked(tag);
        return list.length >= count && list;
      });
      assert.deepEqual(seen, order.slice(0, count), 'accounts that got the request');
      const cells = [
        fault,
        stream ? 'streamed' : 'plain',
        `${response.status}${response.complete ? '' : ', then cut'}`,
        tried?.join(', ') ?? `${row.account_id} ${row.status_code}`,
        `${row.status_code}, ${row.success}, ${row.account_id}`,
        row.error_message ?? '',
      ];
      table.push(`| ${cells.join(' | ')} |`);
      await proxy.stop();
    });
  }
}

it('the table of faults', (t) => {
  assert.equal(table.length, 2 + 2 * faults.length);
  for (const line of table) t.diagnostic(line);
});

it('a request of which an account took only a part moves on', async () => {
  const upstream = await HandPlayedUpstream.start();
  const proxy = await startProxy([account('first', { base_url: upstream.url }), account('second')]);
  // More than the buffers between the two hold, so that it cannot have been sent whole.
  const body = messageBody('', { system: 'x'.repeat(24 << 20) });
  const answer = roundTrip(proxy.port, request('', { body }));
  const connection = await upstream.connection();
  await upstream.until('the first bytes', connection, () => connection.text.length > 0);
  connection.socket.resetAndDestroy();
  const response = await answer;
  assert.equal(response.status, 200);
  const row = await rowOf(response);
  assertRow(row, { success: true, attempts: 2, account_id: 'second' });
  assert.equal(row.attempts_detail[0].status, null);
  upstream.close();
});

it('when all are exhausted the client gets the last answer of an upstream, with its retry-after', async () => {
  const proxy = await startProxy([account('first'), account('second'), account('third')]);
  const steering = 'status=529; retry_after=9; should_retry=true';
  const response = await roundTrip(proxy.port, request(steering));
  assert.equal(response.status, 529);
  assert.equal(response.get('retry-after'), '9');
  assert.equal(response.get('x-should-retry'), 'true');
  const body = JSON.parse(response.body);
  assert.equal(body.error.type, 'overloaded_error');
  const row = await rowOf(response);
  assertRow(row, { status_code: 529, attempts: 3, account_id: 'third', error_message: /overloaded/ });
  assert.equal(row.upstream_request_id, body.request_id);
  // Each account asked for a pause: nobody is asked again, and the client is told for how long.
  const refused = await roundTrip(proxy.port, request(''));
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.get('retry-after')) >= 8, refused.get('retry-after'));
  assertRow(await rowOf(refused), { status_code: 503, attempts: 0, account_id: null });
});

it('an answer that was put aside comes back when no account gives another', async () => {
  const accounts = [account('first'), account('second', { base_url: closedPort })];
  for (const [framing, more] of [
    ['length', ''],
    ['chunks', '; chunked; chunk_bytes=7'],
    ['gzip', '; gzip'],
    ['the end of the connection', '; close_delimited'],
  ]) {
    const proxy = await startProxy(accounts);
    const response = await roundTrip(
      proxy.port,
      request(`status=429; retry_after=5${more}`, { headers: { 'accept-encoding': 'gzip' } }),
    );
    assert.equal(response.status, 429, framing);
    assert.ok(response.complete);
    assert.equal(response.get('retry-after'), '5');
    if (!more.includes('gzip')) {
      assert.equal(JSON.parse(response.body).error.type, 'rate_limit_error', framing);
    }
    const row = await rowOf(response);
    assertRow(row, { status_code: 429, attempts: 2, account_id: 'first', error_message: /rate_limit/ });
    await proxy.stop();
  }
});

it('max_attempts bounds the tries', async () => {
  const accounts = [account('first'), account('second'), account('third')];
  const proxy = await startProxy(accounts, { failover: { max_attempts: 2 } });
  const response = await roundTrip(proxy.port, request('status=500'));
  assert.equal(response.status, 500);
  assertRow(await rowOf(response), { attempts: 2, account_id: 'second' });
});

it('a lone account that asks for a short pause is waited for, and a long one is passed on', async () => {
  const proxy = await startProxy([account('first')]);
  const short = 'status=429; status_times=1; group=short-pause; retry_after=1';
  const response = await roundTrip(proxy.port, request(short));
  assert.equal(response.status, 200);
  const row = await rowOf(response);
  assertRow(row, { success: true, attempts: 2, duration_ms: (ms) => ms >= 1000 });
  assert.deepEqual(
    row.attempts_detail.map(({ status }) => status),
    [429, 200],
  );
  const long = await roundTrip(proxy.port, request('status=429; retry_after=60'));
  assert.equal(long.status, 429);
  assert.equal(long.get('retry-after'), '60');
  assertRow(await rowOf(long), { attempts: 1 });
  // There is nobody else: the next one is asked all the same.
  assert.equal((await roundTrip(proxy.port, request(''))).status, 200);
});

it('a client that leaves during the pause leaves a row, and no request behind', async () => {
  const proxy = await startProxy([account('first')]);
  const client = await RawClient.connect(proxy.port);
  const tag = 'left-in-pause';
  const headers = { 'x-sim-tag': tag, 'x-claude-code-session-id': tag };
  await client.send(requestBytes(request('status=429; retry_after=2', { headers })));
  await stack.ledgerEntry(tag);
  client.reset();
  const [row] = await stack.api.rows({ conversation_id: tag }, 1);
  assertRow(row, { status_code: 499, attempts: 1, success: false });
  assert.deepEqual(await asked(tag), ['first']);
  assert.equal((await accountsOf(proxy)).first.in_flight, 0);
});

it('sessions stay with an account, and move while it is away', async () => {
  const even = { weight: 1 };
  const proxy = await startProxy([account('first', even), account('second', even)]);
  const ask = async (session, steering = '') => {
    const headers = { 'x-claude-code-session-id': session };
    return (await rowOf(await roundTrip(proxy.port, request(steering, { headers })))).account_id;
  };
  const homes = new Map();
  for (let i = 0; i < 12; ++i) homes.set(`session-${i}`, await ask(`session-${i}`));
  assert.deepEqual([...new Set(homes.values())].sort(), ['first', 'second']);
  for (const [session, home] of homes) assert.equal(await ask(session), home);
  const [session] = [...homes].find(([, home]) => home === 'first');
  assert.equal(await ask(session, at('first', 'status=429; retry_after=1')), 'second');
  assert.equal(await ask(session), 'second');
  await eventually('the pause is over', async () => {
    return (await accountsOf(proxy)).first.paused_models.length === 0;
  });
  assert.equal(await ask(session), 'first');
});

it('max_concurrent sends the surplus elsewhere, and refuses what is too much for all', async () => {
  const upstream = await HandPlayedUpstream.start();
  const busy = { base_url: upstream.url, max_concurrent: 1 };
  const proxy = await startProxy([account('first', busy), account('second', busy)]);
  const clients = [];
  for (let i = 0; i < 2; ++i) {
    clients.push(await RawClient.connect(proxy.port));
    await clients[i].send(requestBytes(request('')));
    await upstream.request(await upstream.connection());
  }
  const { first, second } = await accountsOf(proxy);
  assert.deepEqual([first.in_flight, second.in_flight], [1, 1]);
  const refused = await roundTrip(proxy.port, request(''));
  assert.equal(refused.status, 429);
  assert.equal(refused.get('retry-after'), '1');
  assert.equal(JSON.parse(refused.body).error.type, 'rate_limit_error');
  assertRow(await rowOf(refused), { attempts: 0, account_id: null });
  for (const client of clients) client.reset();
  await eventually('the places are free again', async () => {
    const states = Object.values(await accountsOf(proxy));
    return states.every(({ in_flight }) => in_flight === 0);
  });
  upstream.close();
});

it('the breaker opens after failures, tries one request, and closes', async () => {
  const failover = { breaker_failures: 2, breaker_open: '300ms', max_attempts: 1 };
  const proxy = await startProxy([account('first'), account('second')], { failover });
  const state = async () => (await accountsOf(proxy)).first.state;
  for (let i = 0; i < 2; ++i) {
    assert.equal(await state(), 'closed');
    assert.equal((await roundTrip(proxy.port, request(at('first', 'status=500')))).status, 500);
  }
  const { first } = await accountsOf(proxy);
  assert.equal(first.state, 'open');
  assert.ok(Date.parse(first.cooldown_until) > Date.parse(first.last_error.at));
  assert.equal(first.last_error.status, 500);
  assert.equal(first.failures, 2);
  const spared = await roundTrip(proxy.port, request(at('first', 'status=500')));
  assertRow(await rowOf(spared), { success: true, account_id: 'second', attempts_detail: null });
  await eventually('half open', async () => (await state()) === 'half_open');
  const tried = await roundTrip(proxy.port, request(''));
  assertRow(await rowOf(tried), { account_id: 'first', success: true });
  assert.equal(await state(), 'closed');
});

it('what a subscription tells of its windows is shown, here and in analyticsd', async () => {
  const proxy = await startProxy([account('first'), account('second')]);
  const reset = Math.floor(Date.now() / 1000) + 3600;
  const unified = 'anthropic-ratelimit-unified';
  const fields = [
    `${unified}-status:rejected`,
    `${unified}-5h-status:rejected`,
    `${unified}-5h-utilization:1.0`,
    `${unified}-5h-reset:${reset}`,
    `${unified}-7d-status:allowed`,
    `${unified}-7d-utilization:0.59`,
    `${unified}-representative-claim:five_hour`,
  ];
  const steering = at('first', `status=429; fields=${fields.join(',')}`);
  assert.equal((await roundTrip(proxy.port, request(steering))).status, 200);
  const { first } = await accountsOf(proxy);
  assert.equal(first.unified_status, 'rejected');
  const window = first.windows.find(({ name }) => name === 'unified-5h');
  assert.equal(window.used, 1);
  assert.equal(Date.parse(window.reset_at), reset * 1000);
  const left = Date.parse(first.cooldown_until) - reset * 1000;
  assert.ok(Math.abs(left) < 5000, `cooldown_until ${first.cooldown_until}`);
  assert.ok(!JSON.stringify(first).includes('sk-ant'), 'no credential is shown');
  const told = await eventually('analyticsd has been told', async () => {
    const { proxies } = await stack.api.ask('GET', '/api/system/accounts');
    const own = proxies.find(({ proxy_id }) => proxy_id.startsWith(`${proxy.name}-`));
    return own?.accounts[0].failures === 1 && own;
  });
  assert.ok(told.connected);
  assert.deepEqual(told.accounts[0].windows, first.windows);
  assert.deepEqual(told.accounts[0].last_error, first.last_error);
  const metrics = await (await fetch(`${proxy.url}/metrics`)).text();
  for (const line of [
    'ccproxy_upstream_requests_total{account="first",outcome="failed"} 1',
    'ccproxy_upstream_requests_total{account="second",outcome="answered"} 1',
    'ccproxy_account_available{account="first"} 0',
    'ccproxy_account_available{account="second"} 1',
    'ccproxy_account_limit_used_ratio{account="first",limit="unified-5h"} 1',
  ]) {
    assert.ok(metrics.includes(`${line}\n`), line);
  }
});

it('SIGHUP takes over accounts while a stream goes on, and refuses a bad file', async () => {
  const proxy = await startProxy([account('first'), account('second')]);
  const config = JSON.parse(readFileSync(proxy.file));
  const write = (over) => writeFileSync(proxy.file, JSON.stringify({ ...config, ...over }));
  const reload = async (pattern) => {
    const from = proxy.log.length;
    proxy.signal('SIGHUP');
    await proxy.logged(pattern, from);
    return proxy.log.slice(from);
  };
  const upstream = await HandPlayedUpstream.start();
  write({ accounts: [account('first', { base_url: upstream.url })] });
  await reload(/reload: done, 1 accounts/);
  const client = await RawClient.connect(proxy.port);
  await client.send(requestBytes(request('')));
  const connection = await upstream.connection();
  await upstream.request(connection);
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n';
  connection.socket.write(`${head}{"type":`);
  await client.received('{"type":');

  write({ accounts: [account('second'), { id: 'broken' }], workers: 0 });
  const refused = await reload(/reload: refused/);
  assert.match(refused, /accounts\[1\]: needs a credential/);
  assert.match(refused, /workers: /);
  assert.deepEqual(Object.keys(await accountsOf(proxy)), ['first']);

  write({ accounts: [account('second'), account('third')], shutdown_grace: '11s' });
  assert.match(await reload(/reload: done, 2 accounts/), /shutdown_grace has changed/);
  assert.deepEqual(Object.keys(await accountsOf(proxy)), ['second', 'third']);
  assertRow(await rowOf(await roundTrip(proxy.port, request(''))), { account_id: 'second' });

  connection.socket.write('"message"  }');
  const response = await client.response();
  assert.equal(response.body.toString(), '{"type":"message"  }');
  assertRow(await rowOf(response), { account_id: 'first', success: true });
  // Its account is gone, and with it the connection.
  await upstream.closed(connection);
  client.close();
  upstream.close();
});

it('the admin API asks for its key, and knows nothing else', async () => {
  const key = 'a-key-for-the-proxys-admins';
  const key_file = stack.write('proxy-admin.key', key);
  const proxy = await startProxy([account('first')], { admin: { key_file } });
  const ask = (path, headers = {}, method = 'GET') =>
    fetch(new URL(path, proxy.admin), { headers, method }).then((answer) => answer.status);
  assert.equal(await ask('/admin/accounts'), 401);
  assert.equal(await ask('/admin/accounts', { 'x-admin-key': `${key}x` }), 401);
  assert.equal(await ask('/admin/accounts', { 'x-admin-key': key }), 200);
  assert.equal(await ask('/admin/accounts', { authorization: `Bearer ${key}` }), 200);
  assert.equal(await ask('/admin/accounts?x=1', { 'x-admin-key': key }), 400);
  assert.equal(await ask('/admin/accounts', { 'x-admin-key': key }, 'POST'), 405);
  assert.equal(await ask('/', { 'x-admin-key': key }), 404);
  const clients = await fetch(`${proxy.url}/admin/accounts`, { headers: { 'x-api-key': 'k' } });
  assert.equal(clients.status, 404, 'not on the listener of the clients');
});
