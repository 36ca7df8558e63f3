// One child process: its log, its start, its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Nothing here takes longer on a healthy machine; it bounds how long a broken test hangs. */
export const deadlineMs = 30_000;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

export class Program {
  /** Starts `file`. `env` is added to a bare environment, so that no variable of the caller's acts. */
  constructor(name, file, args, env = {}) {
    this.name = name;
    this.log = '';
    this.exited = null; // {code, signal} once it has ended
    this.child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...env },
    });
    this.pid = this.child.pid;
    running.add(this.child);
    this.watchers = new Set();
    const collect = (bytes) => {
      this.log += bytes;
      for (const watcher of this.watchers) watcher();
    };
    this.child.stdout.setEncoding('utf8').on('data', collect);
    this.child.stderr.setEncoding('utf8').on('data', collect);
    const closed = once(this.child, 'close').catch((error) => {
      this.log += `${error.message}\n`; // It could not be started.
      return [null, null];
    });
    this.ended = closed.then(([code, signal]) => {
      running.delete(this.child);
      this.exited = { code, signal };
      for (const watcher of this.watchers) watcher();
      return this.exited;
    });
  }

  /** The match of `pattern` in what it has logged since `from`, awaited. */
  async logged(pattern, from = 0) {
    const look = () => pattern.exec(this.log.slice(from));
    const wait = new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${this.name} ${why}; it logged:\n${this.log}`));
      const timer = setTimeout(() => done(() => fail(`never logged ${pattern}`)), deadlineMs);
      const done = (settle) => {
        clearTimeout(timer);
        this.watchers.delete(watcher);
        settle();
      };
      const watcher = () => {
        const match = look();
        if (match) done(() => resolve(match));
        else if (this.exited) done(() => fail(`ended with ${JSON.stringify(this.exited)}`));
      };
      this.watchers.add(watcher);
      watcher();
    });
    return wait;
  }

  signal(name) {
    if (!this.exited) this.child.kill(name);
  }

  /** Sends `signal` and awaits the end; SIGKILL follows when it does not come. */
  async stop(signal = 'SIGTERM') {
    this.signal('SIGCONT');
    this.signal(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), deadlineMs);
    const exited = await this.ended;
    clearTimeout(timer);
    return exited;
  }

  kill() {
    return this.stop('SIGKILL');
  }
}

/** Runs a program to its end. */
export async function runToEnd(file, args, env) {
  const program = new Program(file, file, args, env);
  const { code } = await program.ended;
  return { code, output: program.log };
}

/** Awaits that `probe` gives something truthy, and returns that. `what` is for the failure. */
export async function eventually(what, probe, ms = deadlineMs) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      const found = await probe();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`never came true: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** Rejects when `promise` takes longer than anything healthy does. */
export async function within(what, promise, ms = deadlineMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took too long: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
