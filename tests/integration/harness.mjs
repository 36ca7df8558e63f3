// A stack of real processes for one test file: upstream simulator, proxies, analyticsd.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Api } from './support/api.mjs';
import { eventually, Program } from './support/program.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
export const buildDir = path.resolve(here, process.env.BUILD_DIR ?? '../../build');
export const binaries = {
  ccproxy: path.join(buildDir, 'proxy/ccproxy'),
  analyticsd: path.join(buildDir, 'analytics/analyticsd'),
  sim: path.join(buildDir, 'tests/support/upstream_sim'),
};
export const adminKey = 'integration-admin-key-0123456789';
export const accountKey = 'sk-ant-test-account-key-0123456789';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** JSON is YAML, and a deep merge keeps the defaults of the tests. */
function merge(base, over = {}) {
  const out = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const nested = value && typeof value === 'object' && !Array.isArray(value);
    out[key] = nested ? merge(base[key] ?? {}, value) : value;
  }
  return out;
}

export class Stack {
  constructor() {
    // Short, since the path of a UNIX socket must be; mkdtemp makes it with mode 0700.
    this.dir = mkdtempSync(path.join(tmpdir(), 'ccp-'));
    this.adminKeyFile = this.write('admin.key', adminKey, 0o600);
    this.accountKeyFile = this.write('account.key', accountKey, 0o600);
    this.bus = { events: `ipc://${this.dir}/e.sock`, control: `ipc://${this.dir}/c.sock` };
    this.programs = [];
    this.proxies = 0;
  }

  /** `proxy`, `analytics` are put over the tests' configuration; `sim` are arguments. */
  static async start({ proxy = {}, analytics = {}, sim = [], accounts } = {}) {
    const stack = new Stack();
    try {
      await stack.startSim(sim);
      await stack.startAnalytics(analytics);
      stack.proxy = await stack.addProxy({ ...proxy, ...(accounts ? { accounts } : {}) });
      stack.token = await stack.api.generate('main');
      await stack.untilKnown(stack.proxy, stack.token.token);
    } catch (error) {
      const logs = stack.logs();
      await stack.stop();
      throw new Error(`the stack did not start: ${error.message}\n${logs}`, { cause: error });
    }
    return stack;
  }

  write(name, text, mode = 0o600) {
    const file = path.join(this.dir, name);
    writeFileSync(file, text, { mode });
    return file;
  }

  launch(name, file, args, env) {
    const program = new Program(name, file, args, env);
    this.programs.push(program);
    return program;
  }

  async startSim(args = [], name = 'sim') {
    const sim = this.launch(name, binaries.sim, args);
    sim.url = (await sim.logged(/listening on (https?:\/\/\S+)/))[1];
    sim.port = Number(new URL(sim.url).port);
    this.sim ??= sim;
    return sim;
  }

  /** Also starts it again, with the same database and the same port. */
  async startAnalytics(config = this.analyticsConfig) {
    this.analyticsConfig = config;
    this.apiPort ??= await freePort();
    const file = this.write(
      'analyticsd.yaml',
      JSON.stringify(
        merge(
          {
            server: { listen: `127.0.0.1:${this.apiPort}` },
            admin: { key_file: this.adminKeyFile },
            database: { path: path.join(this.dir, 'ccproxy.db') },
            bus: this.bus,
            logging: { flush_interval: '20ms' },
            // Many tests try wrong keys; those that are about it set the limit.
            limits: { max_failed_keys_per_minute: 0 },
          },
          config,
        ),
      ),
    );
    this.analytics = this.launch('analyticsd', binaries.analyticsd, ['--config', file]);
    const [, port] = await this.analytics.logged(/serves its API on \S+:(\d+)/);
    this.api = new Api(`http://127.0.0.1:${port}`, adminKey);
    return this.analytics;
  }

  account(base_url = this.sim.url, more = {}) {
    return { id: 'acc-1', base_url, api_key_file: this.accountKeyFile, ...more };
  }

  /** Starts a proxy with a state of its own. Restart it with restartProxy(). */
  async addProxy(config = {}, name = `p${++this.proxies}`) {
    const state = path.join(this.dir, name);
    mkdirSync(state, { mode: 0o700 });
    const file = this.write(
      `${name}.yaml`,
      JSON.stringify(
        merge(
          {
            listen: '127.0.0.1:0',
            name,
            state_dir: state,
            workers: 1,
            accounts: [this.account()],
            admin: { listen: '127.0.0.1:0' },
            journal: { sync_interval: '10ms' },
            limits: { max_failed_keys_per_minute: 0 },
            bus: this.bus,
            shutdown_grace: '10s',
          },
          config,
        ),
      ),
    );
    return this.launchProxy(name, file);
  }

  async launchProxy(name, file) {
    const proxy = this.launch(name, binaries.ccproxy, ['--config', file]);
    proxy.file = file;
    proxy.port = Number((await proxy.logged(/listening on \S+:(\d+)/))[1]);
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    return proxy;
  }

  /** A new process over the same state; the old one has ended before. */
  async restartProxy(old) {
    const proxy = await this.launchProxy(old.name, old.file);
    if (this.proxy === old) this.proxy = proxy;
    return proxy;
  }

  /** Awaits that the proxy takes `key`. */
  untilKnown(proxy, key) {
    return eventually(`${proxy.name} knows the key`, async () => {
      const answer = await fetch(`${proxy.url}/v1/models`, { headers: { 'x-api-key': key } });
      await answer.arrayBuffer();
      return answer.status === 200 || (answer.status !== 401 && answer.status !== 503);
    });
  }

  async ledger(sim = this.sim) {
    return (await fetch(`${sim.url}/sim/ledger`)).json();
  }

  async simStats(sim = this.sim) {
    return (await fetch(`${sim.url}/sim/stats`)).json();
  }

  /** The simulator's entry for a request that was sent with the header `x-sim-tag`. */
  ledgerEntry(tag, sim = this.sim) {
    return eventually(`a ledger entry with the tag ${tag}`, async () =>
      (await this.ledger(sim)).find((entry) => entry.tag === tag),
    );
  }

  makeCerts() {
    const dir = path.join(this.dir, 'certs');
    execFileSync(path.join(here, '../support/make_test_certs.sh'), [dir]);
    return (name) => path.join(dir, name);
  }

  logs(from = {}) {
    return this.programs
      .map((program, i) => `--- ${program.name}\n${program.log.slice(from[i] ?? 0)}`)
      .join('\n');
  }

  async stop() {
    await Promise.all(this.programs.map((program) => program.kill()));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A test that shows what the programs of `stack()` logged meanwhile when it fails. */
export function test(name, stack, body) {
  nodeTest(name, async (t) => {
    const from = (stack()?.programs ?? []).map((program) => program.log.length);
    try {
      await body(t);
    } catch (error) {
      const logs = stack()?.logs(from);
      if (logs) console.error(`«${name}» failed; the programs logged meanwhile:\n${logs}`);
      throw error;
    }
  });
}
