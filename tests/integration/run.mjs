// Runs the test files, as `node --test` does; its own arguments choose some of them.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const { status } = spawnSync(process.execPath, ['--test', ...files], {
  cwd: here,
  stdio: 'inherit',
});
process.exit(status ?? 1);
