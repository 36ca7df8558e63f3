// TLS at the API of analyticsd.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { after, before } from 'node:test';

import { Stack, adminKey, test } from './harness.mjs';
import { textOf } from './support/exports.mjs';
import { makeEvent, storeEvents } from './support/journal.mjs';
import { eventually } from './support/program.mjs';
import { RawClient, requestBytes, roundTrip } from './support/raw_http.mjs';

const count = 20_000;
const key = { 'x-admin-key': adminKey };
let stack;
let files;
let tls; // Options of a client that trusts the tests' authority.
before(async () => {
  stack = await Stack.start();
  const events = Array.from({ length: count }, (_, i) => makeEvent(i));
  await storeEvents(stack, 'history', events);
  const certs = stack.makeCerts();
  tls = { ca: readFileSync(certs('ca.pem')) };
  files = {
    certificate_file: path.join(stack.dir, 'api.pem'),
    key_file: path.join(stack.dir, 'api.key'),
  };
  install('server');
  await stack.analytics.stop();
  await stack.startAnalytics({ server: { tls: files } });
});
after(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);

function install(name) {
  copyFileSync(path.join(stack.dir, `certs/${name}.pem`), files.certificate_file);
  copyFileSync(path.join(stack.dir, `certs/${name}.key`), files.key_file);
}

/** The answer's head; textOf() reads on. */
async function open(target, { body, ...more } = {}) {
  const url = `https://localhost:${stack.apiPort}${target}`;
  const options = { ...tls, method: body ? 'POST' : 'GET', headers: key, ...more };
  const sent = https.request(url, options);
  sent.end(body);
  const [response] = await once(sent, 'response');
  response.on('error', () => {});
  return response;
}

async function metric(name) {
  const text = await textOf(await open('/metrics'));
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `)).split(' ').at(-1));
}

it('calls are answered, one after the other over one connection', async () => {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set();
  for (let i = 0; i < 5; ++i) {
    const response = await open('/api/logs/requests?limit=1', { agent });
    ports.add(response.socket.localPort);
    assert.equal(JSON.parse(await textOf(response)).total, count);
  }
  assert.equal(ports.size, 1);
  agent.destroy();
  const body = JSON.stringify({ name: 'over TLS' });
  const made = await open('/api/token/generate', { body });
  assert.match(JSON.parse(await textOf(made)).token, /^sk-ccp-/);
  assert.equal((await open('/api/logs/requests', { headers: {} })).statusCode, 401);
});

it('an export comes whole', async () => {
  const response = await open('/api/logs/requests/export?format=jsonl');
  const lines = (await textOf(response)).trimEnd().split('\n');
  assert.equal(new Set(lines.map((line) => JSON.parse(line).id)).size, count);
});

it('an export to a client of HTTP/1.0 ends with close_notify', async () => {
  const client = await RawClient.connect(stack.apiPort, tls);
  const target = '/api/logs/requests/export?format=csv&conversation_id=conversation-3';
  await client.send(requestBytes({ method: 'GET', target, version: '1.0', headers: key }));
  const response = await client.response({ method: 'GET' });
  assert.equal(response.framing, 'close');
  assert.ok(response.complete);
  assert.equal(response.body.toString().trimEnd().split('\r\n').length, count / 10 + 1);
});

it('a client that leaves in the middle of an export stops the work', async () => {
  const name = 'analyticsd_exports_total{outcome="broken_off"}';
  for (const leave of ['close', 'reset']) {
    const before = await metric(name);
    const client = await RawClient.connect(stack.apiPort, tls);
    client.socket.pause();
    const target = '/api/logs/requests/export?format=json';
    await client.send(requestBytes({ method: 'GET', target, headers: key }));
    await eventually('it runs', async () => (await metric('analyticsd_exports_running')) === 1);
    client[leave]();
    await eventually('it is broken off', async () => (await metric(name)) === before + 1);
  }
});

it('plain HTTP is told so in the clear', async () => {
  const failed = await metric('analyticsd_tls_failed_handshakes_total');
  const response = await roundTrip(stack.apiPort, { method: 'GET', target: '/healthz' });
  assert.equal(response.status, 400);
  assert.match(JSON.parse(response.body).error, /https/);
  const noise = await RawClient.connect(stack.apiPort);
  await noise.send('SSH-2.0-x\r\n');
  assert.ok(await noise.closed());
  assert.equal(await metric('analyticsd_tls_failed_handshakes_total'), failed + 2);
});

it('SIGHUP takes a new certificate; a bad one is refused and the old one stays', async () => {
  const serial = async () => {
    const client = await RawClient.connect(stack.apiPort, { ...tls, rejectUnauthorized: false });
    const { serialNumber } = client.socket.getPeerCertificate();
    client.close();
    return serialNumber;
  };
  const reload = async (pattern) => {
    const from = stack.analytics.log.length;
    stack.analytics.signal('SIGHUP');
    await stack.analytics.logged(pattern, from);
    return stack.analytics.log.slice(from);
  };
  const first = await serial();
  const running = await open('/api/logs/requests/export?format=jsonl');
  install('wrong_host');
  await reload(/reload: done/);
  const second = await serial();
  assert.notEqual(second, first);
  copyFileSync(path.join(stack.dir, 'certs/server.key'), files.key_file);
  assert.match(await reload(/reload: refused/), /api\.key is not the key of the certificate in/);
  assert.equal(await serial(), second);
  assert.equal((await textOf(running)).trimEnd().split('\n').length, count);
  install('server');
  await reload(/reload: done/);
  const expiry = Date.UTC(2049, 11, 31) / 1000;
  assert.equal(await metric('analyticsd_tls_certificate_expires_seconds'), expiry);
});

it('without TLS a SIGHUP changes nothing', async () => {
  await stack.analytics.stop();
  await stack.startAnalytics({});
  stack.analytics.signal('SIGHUP');
  await stack.analytics.logged(/reload: there is no certificate/);
  assert.equal((await stack.api.logs({ limit: 1 })).total, count);
});
