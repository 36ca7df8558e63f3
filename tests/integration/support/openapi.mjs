// The description of analyticsd's API as data: its operations, and strict judges of their answers.
import assert from 'node:assert/strict';
import Ajv from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];
/** What every call may answer beside what it lists, as the description says. */
const common = [400, 405, 413, 431, 503];

const explain = (errors) =>
  errors
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
    .join(', ');

export class Description {
  constructor(yaml) {
    this.document = parse(yaml);
    this.ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
    this.ajv.addVocabulary(['example']);
    addFormats(this.ajv);
    this.judges = new Map(); // schema → compiled
    this.operations = Object.entries(this.document.paths).flatMap(([path, item]) =>
      methods
        .filter((method) => item[method])
        .map((method) => this.#operation(path, method, item)),
    );
  }

  resolve(node) {
    if (!node?.$ref) return node;
    const parts = node.$ref.replace(/^#\//, '').split('/');
    const found = parts.reduce((at, part) => at?.[part], this.document);
    assert.ok(found, `${node.$ref} leads nowhere`);
    return this.resolve(found);
  }

  #operation(path, method, item) {
    const own = item[method];
    const parameters = [...(item.parameters ?? []), ...(own.parameters ?? [])].map((parameter) => {
      const { schema, ...rest } = this.resolve(parameter);
      return { ...rest, schema: this.resolve(schema) };
    });
    const body = this.resolve(own.requestBody);
    const schemes = (own.security ?? this.document.security).flatMap((way) => Object.keys(way));
    return {
      id: own.operationId,
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters,
      body: body && this.resolve(body.content['application/json'].schema),
      schemes,
      responses: own.responses,
    };
  }

  /** Whether a body, parsed, is what `schema` says; undescribed fields are not. */
  #judge(schema) {
    if (!this.judges.has(schema)) {
      this.judges.set(schema, this.ajv.compile(this.#closed(schema)));
    }
    return this.judges.get(schema);
  }

  /** The schema with its references put in, and with objects that have no fields but those named. */
  #closed(schema, isPart = false) {
    const { $ref, ...own } = schema;
    if ($ref) return this.#closed(this.resolve(schema), isPart);
    const out = { ...own };
    if (own.properties) {
      const named = Object.entries(own.properties);
      out.properties = Object.fromEntries(named.map(([name, s]) => [name, this.#closed(s)]));
      if (!isPart && own.additionalProperties === undefined) out.unevaluatedProperties = false;
    }
    if (typeof own.additionalProperties === 'object') {
      out.additionalProperties = this.#closed(own.additionalProperties);
    }
    if (own.items) out.items = this.#closed(own.items);
    for (const key of ['anyOf', 'oneOf']) {
      if (own[key]) out[key] = own[key].map((part) => this.#closed(part));
    }
    if (own.allOf) {
      out.allOf = own.allOf.map((part) => this.#closed(part, true));
      if (!isPart) out.unevaluatedProperties = false;
    }
    return out;
  }

  /** Fails unless `response` is one that is described for the operation; gives its body, parsed. */
  check(operation, response, what) {
    const { status } = response;
    assert.ok(response.complete, `${what}: the answer is cut`);
    const described = this.resolve(operation.responses[status]);
    const shown = `${what}: ${status} ${response.body.subarray(0, 600)}`;
    assert.ok(described || common.includes(status), `a status that is not described; ${shown}`);
    const error = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
    const content = described?.content ?? error;
    const type = response.get('content-type')?.split(';')[0];
    assert.ok(content[type], `a content type that is not described (${type}); ${shown}`);
    for (const name of Object.keys(described?.headers ?? {})) {
      assert.ok(response.get(name.toLowerCase()), `the header ${name} is missing; ${shown}`);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(response.body);
    const value = type === 'application/json' ? JSON.parse(text) : text;
    const judge = this.#judge(content[type].schema);
    if (!judge(value)) assert.fail(`${explain(judge.errors)}; ${shown}`);
    return value;
  }

  /** Whether a parameter of that schema may have the text as its value. */
  allows(schema, text) {
    const values = [text];
    if (/^-?\d+(\.\d+)?$/.test(text)) values.push(Number(text));
    if (['true', 'false'].includes(text)) values.push(text === 'true');
    return values.some((value) => this.#judge(schema)(value));
  }

  /** The same of a member of a body, which has a type of its own. */
  allowsValue(schema, value) {
    return this.#judge(schema)(value);
  }
}
