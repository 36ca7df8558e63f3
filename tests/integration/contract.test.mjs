// The running server beside its own description, /openapi.yaml: valid calls and hostile ones.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Stack, adminKey, test } from './harness.mjs';
import { Caller } from './support/caller.mjs';
import { forgetId, makeId, makeValue, makeWorld } from './support/contract_world.mjs';
import { bodies, illFormed, pick, randomFrom, randomText, texts, values } from './support/hostile.mjs';
import { Description } from './support/openapi.mjs';

let stack;
let world;
let caller;
let description;
before(async () => {
  stack = await Stack.start();
  world = await makeWorld(stack);
  caller = new Caller(Number(new URL(stack.api.url).port));
  const { body } = await caller.send({ target: '/openapi.yaml' });
  description = new Description(body.toString());
});
after(async () => {
  caller?.close();
  await stack?.stop();
});

const it = (name, body) => test(name, () => stack, body);
const encode = (text) => encodeURIComponent(text.toWellFormed?.() ?? text);

/** The header of each way to be let in. */
const credentials = {
  adminKey: () => ({ 'x-admin-key': adminKey }),
  adminBearer: () => ({ authorization: `Bearer ${adminKey}` }),
  clientBearer: () => ({ authorization: `Bearer ${stack.token.token}` }),
  clientKey: () => ({ 'x-api-key': stack.token.token }),
};
const keyOf = ({ schemes }) => (schemes.length ? credentials[schemes[0]]() : {});
const inQuery = ({ parameters }) => parameters.filter((parameter) => parameter.in === 'query');
const members = ({ body }) => Object.entries(body?.properties ?? {});
const refuses = ({ responses }) => responses[400] !== undefined;

/** The value of a parameter of the query, of which `cursor` comes from the page before. */
async function valueFor(operation, { name, schema }) {
  if (name !== 'cursor') return String(await makeValue(world, operation, name, schema));
  const required = await requiredQuery(operation);
  const page = await ask(operation, { query: { ...required, limit: '1' } });
  const { next_cursor: cursor } = description.check(operation, page, `${operation.name}, a page`);
  assert.ok(cursor, `${operation.name} has more than a page`);
  return cursor;
}

async function requiredQuery(operation) {
  const query = {};
  for (const parameter of inQuery(operation)) {
    if (parameter.required) query[parameter.name] = await valueFor(operation, parameter);
  }
  return query;
}

async function validBody(operation, optional = true) {
  if (!operation.body) return undefined;
  const body = {};
  for (const [name, schema] of members(operation)) {
    if (!optional && !operation.body.required?.includes(name)) continue;
    body[name] = await makeValue(world, operation, name, description.resolve(schema));
  }
  const tooFew = Object.keys(body).length < (operation.body.minProperties ?? 0);
  return tooFew && !optional ? validBody(operation) : body;
}

/** Sends a call; what is not given is valid. `raw` is a query, `id` a segment, encoded already. */
async function ask(operation, { query, raw, id, body, headers, method } = {}) {
  let target = operation.path;
  if (target.includes('{')) id ??= encode(await makeId(world, operation));
  target = target.replace(/\{\w+\}/, () => id);
  if (raw === undefined) {
    const given = Object.entries(query ?? (await requiredQuery(operation)));
    raw = given.map(([name, value]) => `${name}=${encode(value)}`).join('&');
  }
  if (raw) target += `?${raw}`;
  body ??= await validBody(operation);
  const response = await caller.send({
    method: method ?? operation.method,
    target,
    headers: headers ?? keyOf(operation),
    body: body === undefined || Buffer.isBuffer(body) ? body : toText(body),
  });
  if (operation.method === 'DELETE' && response.status < 300) forgetId(world, id);
  return response;
}
const toText = (body) => (typeof body === 'string' ? body : JSON.stringify(body));

/** How errors name a path that is no text: it does not tell which call is meant. */
const noPath = ['path', 'target'];

const shorten = (value) => String(JSON.stringify(value) ?? value).slice(0, 80);

/** Fails unless the call was refused with an error that names one of `names`. */
function assertRefused(operation, response, names, what) {
  const { error } = description.check(operation, response, what);
  assert.ok(response.status >= 400 && response.status < 500, `${what}: ${response.status}`);
  const named = names.some((name) => error.split(/[^\w[\]-]+/).includes(name));
  assert.ok(named, `${what}: the error does not name ${names}: ${error}`);
}

/** Of a value that may or may not be good: it is answered, or refused by name. */
function assertAnswered(operation, response, names, mayBeTaken, what) {
  if (response.status < 300) {
    assert.ok(mayBeTaken, `${what}: is taken, against its schema`);
    description.check(operation, response, what);
  } else if (response.status !== 431) {
    assertRefused(operation, response, names, what);
  }
}

async function forEach(chosen, run) {
  const operations = description.operations.filter(chosen);
  assert.ok(operations.length > 0);
  for (const operation of operations) await run(operation);
}

it('a valid call is answered as described, with each of its parameters', async () => {
  await forEach(
    () => true,
    async (operation) => {
      const answered = async (what, call) => {
        const response = await ask(operation, call);
        assert.ok(response.status < 300, `${what}: ${response.status} ${response.body}`);
        return description.check(operation, response, what);
      };
      await answered(operation.name);
      if (operation.body) {
        await answered(`${operation.name}, the least`, { body: await validBody(operation, false) });
      }
      const required = await requiredQuery(operation);
      for (const parameter of inQuery(operation)) {
        const { enum: choices, minimum, maximum } = parameter.schema;
        const good = choices ?? [await valueFor(operation, parameter), minimum, maximum];
        for (const value of good.filter((each) => each !== undefined)) {
          const query = { ...required, [parameter.name]: String(value) };
          await answered(`${operation.name}?${parameter.name}=${value}`, { query });
        }
      }
    },
  );
});

it('a GET may be asked as a HEAD', async () => {
  await forEach(
    ({ method }) => method === 'GET',
    async (operation) => {
      const head = await ask(operation, { method: 'HEAD' });
      assert.equal(head.status, 200, operation.name);
      assert.equal(head.body.length, 0);
    },
  );
});

it('each described key opens, no other does', async () => {
  const wrong = [
    {},
    { 'x-admin-key': `${adminKey}x` },
    { 'x-admin-key': '' },
    { 'x-api-key': adminKey },
    { authorization: 'Bearer ' },
    { authorization: `Basic ${adminKey}` },
    { authorization: `Bearer sk-ccp-${'0'.repeat(30)}` },
    { cookie: `x-admin-key=${adminKey}` },
  ];
  await forEach(
    ({ schemes }) => schemes.length > 0,
    async (operation) => {
      for (const [scheme, headers] of Object.entries(credentials)) {
        const { status } = await ask(operation, { headers: headers() });
        const opens = operation.schemes.includes(scheme);
        assert.equal(status < 300, opens, `${operation.name} with ${scheme}: ${status}`);
        if (!opens) assert.equal(status, 401, `${operation.name} with ${scheme}`);
      }
      for (const headers of wrong) {
        const what = `${operation.name} with ${JSON.stringify(headers)}`;
        const response = await ask(operation, { headers });
        assert.equal(response.status, 401, what);
        description.check(operation, response, what);
      }
    },
  );
});

it('a method that is not described is 405, and the answer says which are', async () => {
  for (const path of new Set(description.operations.map((operation) => operation.path))) {
    const operations = description.operations.filter((operation) => operation.path === path);
    const described = operations.map(({ method }) => method);
    if (described.includes('GET')) described.push('HEAD');
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'BREW']) {
      if (described.includes(method)) continue;
      const response = await ask(operations[0], { method });
      const what = `${method} ${path}`;
      assert.equal(response.status, 405, what);
      assert.deepEqual(response.get('allow').split(', ').sort(), [...described].sort(), what);
      description.check(operations[0], response, what);
    }
  }
  const { status } = await caller.send({ target: '/api/nothing', headers: keyOf({ schemes: [] }) });
  assert.equal(status, 404);
});

it('an unknown or repeated parameter is 400 and named', async () => {
  await forEach(refuses, async (operation) => {
    const required = await requiredQuery(operation);
    const base = Object.entries(required).map(([name, value]) => `${name}=${encode(value)}`);
    for (const name of ['colour', 'LIMIT', 'limit[]', 'api_key', '__proto__']) {
      const what = `${operation.name}?${name}=1`;
      const response = await ask(operation, { raw: [...base, `${name}=1`].join('&') });
      assert.equal(response.status, 400, what);
      assertRefused(operation, response, [name], what);
    }
    for (const parameter of inQuery(operation)) {
      const once = `${parameter.name}=${encode(await valueFor(operation, parameter))}`;
      const others = base.filter((text) => !text.startsWith(`${parameter.name}=`));
      const response = await ask(operation, { raw: [...others, once, once].join('&') });
      assertRefused(operation, response, [parameter.name], `${operation.name}?${once}&${once}`);
    }
  });
});

it('hostile values of the query are refused by name, or are good', async () => {
  await forEach(
    (operation) => inQuery(operation).length > 0,
    async (operation) => {
      for (const { name, schema } of inQuery(operation)) {
        const { [name]: own, ...required } = await requiredQuery(operation);
        const base = Object.entries(required).map(([key, value]) => `${key}=${encode(value)}&`);
        for (const text of texts) {
          const what = `${operation.name}?${name}=${shorten(text)}`;
          const response = await ask(operation, { raw: `${base.join('')}${name}=${encode(text)}` });
          const mayBeTaken = description.allows(schema, text);
          assertAnswered(operation, response, [name], mayBeTaken, what);
        }
        for (const text of illFormed) {
          const what = `${operation.name}?${name}=${shorten(text)}`;
          const response = await ask(operation, { raw: `${base.join('')}${name}=${text}` });
          assertRefused(operation, response, [name], what);
        }
      }
    },
  );
});

it('hostile ids in the path are refused by name', async () => {
  await forEach(
    ({ path }) => path.includes('{'),
    async (operation) => {
      const ofPath = operation.parameters.find((parameter) => parameter.in === 'path');
      for (const text of texts) {
        if (['', '.', '..'].includes(text)) continue; // Another path, and no id.
        const what = `${operation.name} with ${shorten(text)}`;
        const response = await ask(operation, { id: encode(text) });
        const mayBeTaken = description.allows(ofPath.schema, text);
        assertAnswered(operation, response, [ofPath.name, ...noPath], mayBeTaken, what);
      }
      for (const text of illFormed) {
        const what = `${operation.name} with ${shorten(text)}`;
        const response = await ask(operation, { id: text });
        assertRefused(operation, response, [ofPath.name, ...noPath], what);
      }
    },
  );
});

it('hostile bodies are refused by name, or are good', async () => {
  await forEach(
    ({ body }) => body,
    async (operation) => {
      const valid = await validBody(operation);
      const names = Object.keys(valid);
      for (const body of bodies) {
        const what = `${operation.name} with ${shorten(String(body))}`;
        const response = await ask(operation, { body });
        assertRefused(operation, response, ['body', 'a', ...names], what);
      }
      for (const [name, schema] of members(operation)) {
        for (const value of values) {
          const what = `${operation.name} with ${name}: ${shorten(value)}`;
          const response = await ask(operation, { body: { ...valid, [name]: value } });
          const mayBeTaken = description.allowsValue(description.resolve(schema), value);
          assertAnswered(operation, response, [name], mayBeTaken, what);
        }
        const { [name]: own, ...others } = valid;
        const pair = `${JSON.stringify(name)}:${JSON.stringify(own)}`;
        const twice = await ask(operation, { body: `{${pair},${pair}}` });
        assertRefused(operation, twice, [name], `${operation.name} with ${name} twice`);
        if (operation.body.required?.includes(name)) {
          const without = await ask(operation, { body: others });
          assertRefused(operation, without, [name], `${operation.name} without ${name}`);
        }
      }
      const more = await ask(operation, { body: { ...valid, colour: 'red' } });
      assertRefused(operation, more, ['colour'], `${operation.name} with colour`);
    },
  );
});

it('calls by chance are answered as described', async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
  const random = randomFrom(seed);
  const anyText = () => (random() < 0.7 ? pick(random, texts) : randomText(random));
  for (let i = 0; i < 2000; ++i) {
    const operation = pick(random, description.operations);
    const query = inQuery(operation).filter(() => random() < 0.5);
    const raw = [];
    for (const parameter of query) {
      const good = random() < 0.6;
      const value = good ? await valueFor(operation, parameter) : anyText();
      raw.push(`${parameter.name}=${encode(value)}`);
    }
    const body = members(operation).filter(() => random() < 0.7);
    const call = { raw: raw.join('&') };
    if (operation.body) {
      call.body = Object.fromEntries(body.map(([name]) => [name, pick(random, values)]));
    }
    if (operation.path.includes('{')) call.id = encode(anyText().replace(/^\.{0,2}$/, 'x'));
    const what = `FUZZ_SEED=${seed}, call ${i}: ${operation.name} ${shorten(call)}`;
    const names = [...operation.parameters.map(({ name }) => name), ...noPath];
    names.push(...members(operation).map(([name]) => name));
    assertAnswered(operation, await ask(operation, call), names, true, what);
  }
});
