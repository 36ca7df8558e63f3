// Both programs on the command line: what they say, what they refuse, and how they end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before } from 'node:test';

import { Stack, binaries, test } from './harness.mjs';
import { runToEnd } from './support/program.mjs';

let stack; // its folder and key files; nothing runs
let good;
before(() => {
  stack = new Stack();
  const bus = stack.bus;
  good = {
    ccproxy: {
      listen: '127.0.0.1:0',
      state_dir: path.join(stack.dir, 'state'),
      accounts: [{ id: 'a', base_url: 'http://127.0.0.1:9', api_key_file: stack.accountKeyFile }],
      bus,
    },
    analyticsd: {
      server: { listen: '127.0.0.1:8081' },
      admin: { key_file: stack.adminKeyFile },
      database: { path: path.join(stack.dir, 'x.db') },
      bus,
    },
  };
});
after(() => rmSync(stack.dir, { recursive: true, force: true }));

const it = (name, body) => test(name, () => null, body);
const check = (program, config, env) => {
  const file = stack.write(
    `${program}.yaml`,
    typeof config === 'string' ? config : JSON.stringify(config),
  );
  return runToEnd(binaries[program], ['--check-config', '--config', file], env);
};

/** The configuration is refused, and each of `problems` is named. */
async function refused(program, config, problems, env) {
  const { code, output } = await check(program, config, env);
  assert.equal(code, 2, output);
  for (const problem of problems) assert.match(output, problem);
  return output;
}

it('--version and --help', async () => {
  for (const program of ['ccproxy', 'analyticsd']) {
    const version = await runToEnd(binaries[program], ['--version']);
    assert.equal(version.code, 0);
    assert.match(version.output, new RegExp(`^${program} \\d+\\.\\d+\\.\\d+\\n$`));
    const help = await runToEnd(binaries[program], ['--help']);
    assert.equal(help.code, 0);
    assert.match(help.output, /--config/);
    assert.match(help.output, /--check-config/);
  }
});

it('an argument that is not known', async () => {
  for (const program of ['ccproxy', 'analyticsd']) {
    const { code, output } = await runToEnd(binaries[program], ['--nonsense']);
    assert.match(output, /nonsense/);
    assert.equal(code, 2, `${program} --nonsense: ${code}`);
  }
});

it('a good configuration', async () => {
  for (const [program, config] of Object.entries(good)) {
    assert.deepEqual(await check(program, config), { code: 0, output: 'configuration is valid\n' });
  }
});

it('a file that is not there, or is no mapping', async () => {
  for (const program of Object.keys(good)) {
    const missing = await runToEnd(binaries[program], ['--config', '/nowhere/x.yaml']);
    assert.equal(missing.code, 2);
    assert.match(missing.output, /\/nowhere\/x\.yaml/);
    await refused(program, '- a\n- b\n', [/mapping/]);
    await refused(program, 'a: [', [/./]);
  }
});

it('ccproxy names every problem with its key', async () => {
  const config = {
    listen: 'localhost',
    name: 'no spaces please',
    state_dir: 'relative',
    workers: 0,
    surprise: 1,
    accounts: [
      { id: 'a', base_url: 'ftp://x', api_key_file: stack.accountKeyFile },
      { id: 'a', base_url: 'http://u:p@x/', api_key: 'sk-in-the-file', mode: 'telepathy' },
    ],
    timeouts: { client_head: 'soon', connect: '1ms', nonsense: '1s' },
    limits: { max_body_bytes: '12 parsecs', max_connections_per_address: -1 },
    trusted_proxies: ['10.0.0.1/8'],
    openai: { default_max_tokens: 0, models: { 'gpt-4.1': 'two words', o3: '' }, more: 1 },
    conversations: { max_bytes: '1GiB', max_held_bytes: 0 },
    journal: { max_bytes: 1, sync_interval: '2m' },
    bus: { events: 'tcp://192.0.2.1:5555', control: 'udp://x' },
    log: { level: 'loud' },
  };
  const keys = [
    'listen',
    'name',
    'state_dir',
    'workers',
    'surprise',
    'accounts[0].base_url',
    'accounts[1].id',
    'accounts[1].base_url',
    'accounts[1].api_key',
    'accounts[1].mode',
    'timeouts.client_head',
    'timeouts.connect',
    'timeouts.nonsense',
    'limits.max_body_bytes',
    'limits.max_connections_per_address',
    'trusted_proxies',
    'openai.default_max_tokens',
    'openai.models."gpt-4.1"',
    'openai.models.o3',
    'openai.more',
    'conversations.max_bytes',
    'conversations.max_held_bytes',
    'journal.max_bytes',
    'journal.sync_interval',
    'bus.events',
    'bus.control',
    'log.level',
  ];
  const output = await refused('ccproxy', config, []);
  for (const key of keys) assert.ok(output.includes(`${key}: `), `${key} in\n${output}`);
  assert.ok(!output.includes('sk-in-the-file'), 'a secret is not repeated');
  await refused('ccproxy', { ...good.ccproxy, accounts: [] }, [/accounts: /]);
});

it('web accounts have keys of their own', async () => {
  const web = { id: 'w', mode: 'web', base_url: 'http://127.0.0.1:9' };
  const session_key_file = stack.write('session.key', 'sk-ant-sid01-x');
  const good_web = { ...web, session_key_file, organization_id: 'org-1', delete_conversations: false };
  const with_account = (account) => ({ ...good.ccproxy, accounts: [account] });
  assert.equal((await check('ccproxy', with_account(good_web))).code, 0);
  const cookie = stack.write('cookie.key', 'sk-1; other=cookie');
  const cases = [
    [{ ...good_web, base_url: undefined }, /accounts\[0\]\.base_url: is required/],
    [web, /accounts\[0\]: needs a credential: session_key_file/],
    [
      { ...good_web, api_key_file: stack.accountKeyFile },
      /accounts\[0\]\.api_key_file: is for accounts of the mode api/,
    ],
    [{ ...web, session_key_file: cookie }, /accounts\[0\]: the session key holds what no cookie can/],
    [{ ...good_web, organization_id: '../x' }, /accounts\[0\]\.organization_id: must be letters/],
    [{ ...good_web, delete_conversations: 'maybe' }, /accounts\[0\]\.delete_conversations: /],
  ];
  for (const key of ['session_key_file', 'organization_id', 'delete_conversations']) {
    const account = { ...good.ccproxy.accounts[0], [key]: good_web[key] };
    const problem = new RegExp(`accounts\\[0\\]\\.${key}: is for accounts of the mode web`);
    cases.push([account, problem]);
  }
  for (const [account, problem] of cases) {
    const output = await refused('ccproxy', with_account(account), [problem]);
    assert.doesNotMatch(output, /sk-1|sid01/, 'a secret is not repeated');
  }
});

it('analyticsd names every problem with its key', async () => {
  const config = {
    server: { listen: 'localhost:http', threads: 0, nonsense: 1 },
    admin: { key: 'in-the-file-0123456789' },
    database: { path: 'relative.db' },
    bus: { events: 'tcp://0.0.0.0:5555', control: 'ipc://relative' },
    limits: { max_connections: 0, max_failed_keys_per_minute: 'few' },
    trusted_proxies: '10.0.0.0/8',
    logging: { enabled: 'perhaps', buffer_size: 0, workers: 4, flush_interval: 'soon' },
    stats: { timezone: 'Atlantis/Capital' },
    log: { level: 'loud' },
  };
  const keys = [
    'server.listen',
    'server.threads',
    'server.nonsense',
    'admin.key',
    'database.path',
    'bus.events',
    'bus.control',
    'limits.max_connections',
    'limits.max_failed_keys_per_minute',
    'trusted_proxies',
    'logging.enabled',
    'logging.buffer_size',
    'logging.workers',
    'logging.flush_interval',
    'stats.timezone',
    'log.level',
  ];
  const output = await refused('analyticsd', config, []);
  for (const key of keys) assert.ok(output.includes(`${key}: `), `${key} in\n${output}`);
  assert.ok(!output.includes('in-the-file-0123456789'), 'a secret is not repeated');
});

it('the bus leaves the machine for nobody', async () => {
  const addresses = [
    'tcp://192.0.2.1:5555',
    'tcp://0.0.0.0:5555',
    'tcp://*:5555',
    'tcp://[::]:5555',
    'tcp://example.com:5555',
    'tcp://127.0.0.1.example.com:5555',
  ];
  for (const program of Object.keys(good)) {
    for (const events of addresses) {
      const config = { ...good[program], bus: { ...stack.bus, events } };
      const output = await refused(program, config, []);
      assert.match(output, /bus\.events: /, `${program} ${events}`);
    }
    const bus = { events: 'tcp://127.0.0.1:5555', control: 'tcp://[::1]:5556' };
    assert.equal((await check(program, { ...good[program], bus })).code, 0);
  }
});

it('a bus address that cannot work is found before the start', async () => {
  const addresses = [
    'tcp://127.0.0.1',
    'tcp://127.0.0.1:',
    'tcp://127.0.0.1:99999',
    'ipc://',
    'ipc://relative',
    `ipc:///tmp/${'a'.repeat(120)}`,
    stack.bus.control,
  ];
  for (const program of Object.keys(good)) {
    for (const events of addresses) {
      const { code, output } = await check(program, {
        ...good[program],
        bus: { ...stack.bus, events },
      });
      assert.equal(code, 2, `${program} ${events}: ${output}`);
      assert.match(output, /bus\.(events|control): /);
    }
  }
});

it('a certificate that cannot serve is found before the start, and its file named', async () => {
  const certs = stack.makeCerts();
  const chain = certs('server.pem');
  const key = certs('server.key');
  const open = stack.write('open-tls.key', readFileSync(key));
  chmodSync(open, 0o644);
  const locked = path.join(stack.dir, 'locked.key');
  const lock = ['pkcs8', '-topk8', '-in', key, '-out', locked, '-passout', 'pass:secret'];
  assert.equal((await runToEnd('openssl', lock)).code, 0);
  const cases = [
    [{ certificate_file: chain }, /tls\.key_file: is required/],
    [{ key_file: key }, /tls\.certificate_file: is required/],
    [{ certificate_file: '/nowhere/a.pem', key_file: key }, /tls\.certificate_file: \/nowhere\/a\.pem .*No such file/],
    [{ certificate_file: chain, key_file: '/nowhere/a.key' }, /tls\.key_file: \/nowhere\/a\.key .*No such file/],
    [{ certificate_file: key, key_file: key }, /tls\.certificate_file: .*server\.key holds no certificate/],
    [{ certificate_file: chain, key_file: locked }, /tls\.key_file: .*locked\.key is protected by a passphrase/],
    [{ certificate_file: chain, key_file: open }, /tls\.key_file: .*open-tls\.key may be read by others/],
    [{ certificate_file: chain, key_file: certs('expired.key') }, /tls\.key_file: .*expired\.key is not the key/],
    [{ certificate_file: chain, key_file: stack.accountKeyFile }, /tls\.key_file: .* holds no private key/],
  ];
  for (const [tls, problem] of cases) {
    await refused('ccproxy', { ...good.ccproxy, tls }, [problem]);
    const server = { ...good.analyticsd.server, tls };
    await refused('analyticsd', { ...good.analyticsd, server }, [problem]);
  }
  const tls = { certificate_file: chain, key_file: key };
  assert.equal((await check('ccproxy', { ...good.ccproxy, tls })).code, 0);
});

it('a file of authorities that is not there is found before the start', async () => {
  const accounts = [{ ...good.ccproxy.accounts[0], ca_file: '/nowhere/ca.pem' }];
  await refused('ccproxy', { ...good.ccproxy, accounts }, [/accounts\[0\]\.ca_file: /]);
});

it('secrets that others can read, or that are short or empty, are refused', async () => {
  const file = stack.write('open.key', 'a-secret-that-is-long-enough');
  const asKey = {
    ccproxy: { ...good.ccproxy, accounts: [{ id: 'a', api_key_file: file }] },
    analyticsd: { ...good.analyticsd, admin: { key_file: file } },
  };
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(file, mode);
    for (const [program, config] of Object.entries(asKey)) {
      await refused(program, config, [/key_file: .*others/]);
    }
  }
  const short = stack.write('short.key', 'only-15-letters\n');
  await refused('analyticsd', { ...good.analyticsd, admin: { key_file: short } }, [
    /admin\.key.*16/,
  ]);
  const empty = stack.write('empty.key', '\n');
  for (const program of Object.keys(good)) {
    const config = JSON.stringify(asKey[program]).replaceAll(file, empty);
    await refused(program, config, [/key_file: .*empty/]);
  }
  await refused('analyticsd', { ...good.analyticsd, admin: {} }, [/admin\.key: is required/]);
});

it('variables of the environment win over the file, and are checked like it', async () => {
  const proxy = { CCPROXY_WORKERS: '0', CCPROXY_ACCOUNTS_0_BASE_URL: 'gopher://x' };
  await refused('ccproxy', good.ccproxy, [/workers: /, /accounts\[0\]\.base_url: /], proxy);
  const admin = { CCPROXY_ADMIN_KEY: 'short', CCPROXY_LOGGING_BATCH_SIZE: 'x' };
  await refused('analyticsd', good.analyticsd, [/admin\.key/, /logging\.batch_size/], admin);
  const { admin: _, ...keyless } = good.analyticsd;
  const key = { CCPROXY_ADMIN_KEY: 'long-enough-0123456789' };
  assert.equal((await check('analyticsd', keyless, key)).code, 0);
});

it('what cannot be opened ends the program with 1 and a reason', async () => {
  const nowhere = { ...good.ccproxy, state_dir: '/proc/nowhere' };
  const files = {
    ccproxy: JSON.stringify(nowhere),
    analyticsd: JSON.stringify({ ...good.analyticsd, database: { path: '/proc/nowhere/x.db' } }),
  };
  for (const [program, text] of Object.entries(files)) {
    const file = stack.write(`${program}.yaml`, text);
    const { code, output } = await runToEnd(binaries[program], ['--config', file]);
    assert.equal(code, 1, output);
    assert.match(output, /nowhere/);
  }
});

it('an address that is not this machine\'s, or is taken, ends the program with 1 and is named', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const inUse = `127.0.0.1:${taken.address().port}`;
  for (const [where, reason] of [
    ['192.0.2.1:8089', /Cannot assign requested address/],
    ['[2001:db8::1]:8089', /Cannot assign requested address|not supported/],
    [inUse, /Address already in use/],
  ]) {
    const state_dir = path.join(stack.dir, 'listening');
    mkdirSync(state_dir, { recursive: true });
    const configs = {
      ccproxy: { ...good.ccproxy, state_dir, listen: where, admin: { listen: '' } },
      analyticsd: { ...good.analyticsd, server: { listen: where } },
    };
    for (const [program, config] of Object.entries(configs)) {
      const file = stack.write(`${program}.yaml`, JSON.stringify(config));
      const { code, output } = await runToEnd(binaries[program], ['--config', file]);
      assert.equal(code, 1, output);
      assert.ok(output.includes(`${where}: `), output);
      assert.match(output, reason);
      assert.doesNotMatch(output, /boost|\.hpp/);
    }
  }
  taken.close();
});

it('two proxies do not share one state folder', async () => {
  const running = new Stack();
  try {
    await running.startSim();
    const proxy = await running.addProxy();
    const second = await runToEnd(binaries.ccproxy, ['--config', proxy.file]);
    assert.equal(second.code, 1, second.output);
    assert.match(second.output, /lock|another|in use/i);
    assert.equal((await fetch(`${proxy.url}/healthz`)).status, 200);
  } finally {
    await running.stop();
  }
});
