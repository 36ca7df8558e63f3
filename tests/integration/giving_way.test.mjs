// Taking events in gives way to all other work of the machine: which threads, and for how long.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';

import { Stack, test } from './harness.mjs';
import { messageRequest } from './support/messages.mjs';
import { eventually } from './support/program.mjs';
import { roundTrip } from './support/raw_http.mjs';

const normal = 0;
const batch = 3;
const idle = 5; // SCHED_NORMAL, SCHED_BATCH and SCHED_IDLE, sched(7).

/** What proc(5) tells of each thread of `program`, by its name: the fields of its `stat` from the third one on. */
function threads(program) {
  const folder = `/proc/${program.pid}/task`;
  return readdirSync(folder).map((thread) => {
    const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`${folder}/${thread}/stat`, 'utf8'));
    return { name, fields: rest.trim().split(' ').map(Number) };
  });
}

/** The scheduling policy of each thread, and its nice value. */
const policies = (program) => new Map(threads(program).map(({ name, fields }) => [name, fields[38]]));
const niceValues = (program) => new Map(threads(program).map(({ name, fields }) => [name, fields[16]]));
const isOfZeroMq = (name) => name.startsWith('ZMQbg/');

/** Whether a thread of this user may give way and stop that: CAP_SYS_NICE, or a limit of 20. */
function isPermitted() {
  const [, capabilities] = /^CapEff:\s+(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const [, nice] = /^Max nice priority\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return ((BigInt(`0x${capabilities}`) >> 23n) & 1n) === 1n || nice === 'unlimited' || Number(nice) >= 20;
}

/** Holds `database` so that nobody else can write to it; resolves to what ends that. */
async function lock(database) {
  const program = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
`;
  const child = spawn('python3', ['-c', program, database], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

let stack;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const record = () => roundTrip(stack.proxy.port, messageRequest(stack.token.token));
const stored = async (answer) => stack.api.row(answer.get('x-ccproxy-request-id'));
const policy = (name) => policies(stack.analytics).get(name);
/** With each call something is taken in, since the writer looks only then. */
const bothGiveWay = async () => {
  await record();
  return policy('bus') === idle && policy('writer') === idle;
};

it('the threads that take events in give way while they keep up, and no other does', async (t) => {
  if (!isPermitted()) return t.skip('not permitted to this user');
  await eventually('both give way', bothGiveWay);
  for (const [name, value] of policies(stack.analytics)) {
    assert.equal(value, ['bus', 'writer'].includes(name) ? idle : isOfZeroMq(name) ? batch : normal, name);
  }
  for (const [name, value] of policies(stack.proxy)) assert.equal(value, isOfZeroMq(name) ? batch : normal, name);

  const unlock = await lock(path.join(stack.dir, 'ccproxy.db'));
  const late = await record();
  await eventually('what waits is late', () => policy('bus') === normal && policy('writer') === normal);
  await unlock();
  await stored(late);
  await eventually('both give way again', bothGiveWay);
});

it("ZeroMQ's threads come after the others of their program", () => {
  for (const program of [stack.proxy, stack.analytics]) {
    const values = niceValues(program);
    assert.ok([...values.keys()].some(isOfZeroMq));
    for (const [name, value] of values) assert.equal(value, isOfZeroMq(name) ? 10 : os.getPriority(), name);
  }
});

it('whoever calls the API need not wait for one that gives way', async (t) => {
  if (!isPermitted()) return t.skip('not permitted to this user');
  await eventually('both give way', bothGiveWay);
  await stack.api.ask('GET', '/api/system/status');
  assert.deepEqual([policy('bus'), policy('writer')], [normal, normal]);
});

it('without the permission to stop giving way nothing begins to', async () => {
  await stack.analytics.stop();
  const drop = ['setpriv', '--bounding-set=-sys_nice', '--inh-caps=-sys_nice'];
  const command = [...(process.getuid() === 0 ? drop : []), ...stack.analytics.child.spawnargs];
  stack.analytics = stack.launch('analyticsd', 'prlimit', ['--nice=0:0', ...command]);
  await stack.analytics.logged(/does not give way to other work: that takes LimitNICE=\+0/);
  await stored(await record());
  for (const [name, value] of policies(stack.analytics)) {
    assert.equal(value, isOfZeroMq(name) ? batch : normal, name);
  }
});
