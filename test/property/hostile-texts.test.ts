// Goal: whatever text comes from outside, its length is looked at before anything is done to it that
// takes more than its length. Method: every string of every endpoint, frame, command line, node,
// secret and token in turn is a long one of a nasty kind, and what is handed to Unicode's
// normalisation, which is where the square is, is counted.
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deriveAccountKeys } from '../../src/auth/account-secret.ts';
import { identify } from '../../src/auth/identity.ts';
import { CimError, errorTable } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { canonicalHost, parseHostPort } from '../../src/base/network/host-port.ts';
import { parseRoleAddress } from '../../src/base/network/role-address.ts';
import { assertUserName, groupNameOf, isGroupName, nameKey } from '../../src/base/text/names.ts';
import { parseInput } from '../../src/client/terminal/input/input.ts';
import { command } from '../../src/codec/commands.ts';
import { encodeRequest } from '../../src/codec/sdk-frame.ts';
import { optionEntries } from '../../src/config/options.ts';
import { parseValue, showText } from '../../src/config/value.ts';
import type { HttpApp } from '../../src/http/app.ts';
import { decodeRoute, decodeServer } from '../../src/registry/zookeeper/nodes.ts';
import { parsePosition } from '../../src/route/messages/history-position.ts';
import { clusterKeysOf } from '../support/cluster-key.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import {
  type Endpoint,
  endpointsOf,
  goodValue,
  openRouteApp,
  openServerApp,
  type Schema,
} from '../support/http-endpoints.ts';
import { countNormalised, longText, normalisedMax } from '../support/long-text.ts';
import { onTeardown } from '../support/teardown.ts';
import { settle } from '../support/virtual-clock.ts';
import { recordingLog } from '../unit/http/recording-log.ts';
import { GatewayHarness, message } from '../unit/server/support/gateway-harness.ts';

let normalised: ReturnType<typeof countNormalised>;
beforeEach(() => {
  normalised = countNormalised();
});

function expectLittle(): void {
  const { longest, total } = normalised();
  expect(longest).toBeLessThanOrEqual(normalisedMax.longest);
  expect(total).toBeLessThanOrEqual(normalisedMax.total);
}

/** The only errors that a bad text may end in. */
function refusal(run: () => unknown): CimError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof CimError) return error;
    throw error;
  }
}

// ---- endpoints ----------------------------------------------------------------------------------

/** Where in a body a text may stand: the path to it. */
type Place = readonly (string | number)[];

function placesOf(schema: Schema, place: Place = []): Place[] {
  if (schema.type === 'string') return [place];
  if (schema.type === 'array') return placesOf(schema.items ?? {}, [...place, 0]);
  const inside = Object.entries(schema.properties ?? {});
  const places = inside.flatMap(([name, property]) => placesOf(property, [...place, name]));
  const { additionalProperties, propertyNames } = schema;
  if (additionalProperties) places.push(...placesOf(additionalProperties, [...place, 'key']));
  if (propertyNames) places.push([...place, '']);
  return places;
}

/** The body with the text at a place; an empty name means that the text is a name itself. */
function withText(body: object, [name = '', ...rest]: Place, text: string): object {
  const inner = (body as Record<string, unknown>)[name];
  if (rest.length === 0) return { ...body, [name === '' ? text : name]: name === '' ? 'v' : text };
  if (rest[0] === 0) return { ...body, [name]: [text] };
  return { ...body, [name]: withText(typeof inner === 'object' ? { ...inner } : {}, rest, text) };
}

function goodBody({ properties = {}, required = [] }: Schema): fc.Arbitrary<object> {
  const fields = required.map((name) =>
    goodValue(properties[name] ?? {}).map((json) => [name, JSON.parse(json)] as const),
  );
  return fc.tuple(...fields).map((all) => Object.fromEntries(all));
}

const headerNames = [
  ...['authorization', 'idempotency-key', 'x-forwarded-for', 'x-cim-version', 'content-type'],
  ...['accept', 'origin', 'host'],
];

describe.each([
  ['route', openRouteApp],
  ['server', openServerApp],
] as const)('a %s', (role, open) => {
  const { log, lines } = recordingLog();
  let app: HttpApp;
  let endpoints: readonly Endpoint[];

  beforeAll(async () => {
    app = await open({ log });
    onTeardown(() => app.close());
    endpoints = await endpointsOf(app);
  });

  test('says of every text of every endpoint how long it may be', () => {
    const bare = endpoints.flatMap(({ path, body = {} }) => {
      const schemaAt = (schema: Schema, [name, ...rest]: Place): Schema => {
        if (name === undefined) return schema;
        if (name === 0) return schemaAt(schema.items ?? {}, rest);
        if (name === '') return schemaAt(schema.propertyNames ?? {}, rest);
        return schemaAt(schema.properties?.[name] ?? schema.additionalProperties ?? {}, rest);
      };
      return placesOf(body)
        .filter((place) => {
          const { maxLength, enum: choices } = schemaAt(body, place);
          return maxLength === undefined && choices === undefined;
        })
        .map((place) => `${path}: ${place.join('.')}`);
    });
    expect(bare).toEqual([]);
  });

  test(
    'takes any text anywhere, and does little to it',
    async () => {
      const request = fc.constantFrom(...endpoints).chain((endpoint) => {
        const places = placesOf(endpoint.body ?? {});
        return fc.record({
          endpoint: fc.constant(endpoint),
          body: goodBody(endpoint.body ?? {}),
          place: places.length === 0 ? fc.constant(null) : fc.constantFrom(...places),
          text: longText,
          header: fc.option(fc.constantFrom(...headerNames), { freq: 4 }),
        });
      });
      const property = fc.asyncProperty(request, async (asked) => {
        const { endpoint, body, place, text, header } = asked;
        const { method, path } = endpoint;
        // As much as Node.js takes of all headers together.
        const value = Buffer.from(text)
          .toString('latin1')
          .replace(/[^ -~]/g, '~')
          .slice(0, 15_000);
        normalised();
        const answer = await app.inject({
          method,
          url: path,
          headers: {
            authorization: 'Bearer cluster',
            'content-type': 'application/json',
            ...(header !== null && { [header]: header === 'host' ? value.slice(0, 200) : value }),
          },
          ...(method === 'POST' && {
            body: JSON.stringify(place === null ? body : withText(body, place, text)),
          }),
        });
        // A mailbox may be full by now.
        if (answer.json().code !== errorTable.busy.code)
          expect(answer.statusCode).toBeLessThan(500);
        expectLittle();
        expect(lines).toEqual([]);
      });
      await fuzz(`texts for a ${role}`, property, 150);
    },
    fuzzTimeoutMs,
  );
});

// ---- frames -------------------------------------------------------------------------------------

test(
  'a gateway takes any text in any field of any frame, and does little to it',
  async () => {
    const login = {
      requestId: 1,
      reqMsg: 'user-1',
      protocolVersion: 1,
      device: 'phone',
      connectionNumber: 1,
      epoch: new Uint8Array(8).fill(1),
      token: '1',
    };
    const fields = fc.constantFrom('reqMsg', 'device', 'token', 'group', 'afterIdentity');
    const frameOf = fc.record({
      field: fields,
      text: longText,
      cmd: fc.constantFrom(command.message, command.read, command.ack),
      atLogin: fc.boolean(),
    });
    const property = fc.asyncProperty(frameOf, async ({ field, text, cmd, atLogin }) => {
      const harness = new GatewayHarness();
      const peer = harness.connect();
      normalised();
      peer.write(encodeRequest(atLogin ? { ...login, [field]: text } : login));
      for (let turn = 0; turn < 6; turn++) await settle();
      const asked = { cmd, to: field === 'group' ? 0 : 2, sendSeq: 1, after: 1, limit: 1 };
      peer.write(atLogin ? message(1) : encodeRequest({ ...asked, [field]: text }));
      for (let turn = 0; turn < 6; turn++) await settle();
      expectLittle();
      await harness.gateway.stop();
    });
    await fuzz('texts in frames', property, 60);
  },
  fuzzTimeoutMs,
);

// ---- everything else that reads a text of others ------------------------------------------------

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'a name': assertUserName,
  'a name, compared': nameKey,
  'a group': groupNameOf,
  'a group, as it is': isGroupName,
  'a command line': (text) =>
    ['', ':join ', ':q ', ':history #', ':pu ', ':delay ', ':members ', ':verify ', '2;;']
      .flatMap((before) => [`${before}${text}`, `#${text};;hi`, `${text};;hi`])
      .map(parseInput),
  'a node of a server': (text) => [
    decodeServer('i', text),
    decodeServer(text, '{"address":"kind=tcp host=a port=1 kind=http host=a port=1"}'),
    decodeServer('i', JSON.stringify({ address: text, version: text })),
  ],
  'a node of a route': (text) => [
    decodeRoute(text),
    decodeRoute(JSON.stringify({ address: text, instance: text, version: text })),
    decodeRoute(
      JSON.stringify({ address: 'kind=http host=a port=1', instance: text, version: text }),
    ),
  ],
  'an address': (text) =>
    ['', 'kind=', 'kind=tcp host=', 'kind=tcp host=a port=', 'kind=tcp host=a port=1 url=']
      .flatMap((before) => [`${before}${text}`, `${before}${text} port=1`])
      .flatMap((each) => [parseRoleAddress(each), parseHostPort(each), canonicalHost(each)]),
  'a position in a history': (text) => parsePosition(1, text),
  'a position with a long name': (text) =>
    parsePosition(1, Buffer.from(JSON.stringify([1, false, [[text, 1]]])).toString('base64url')),
  'a setting': (text) =>
    optionEntries.map(([, option]) => [parseValue(option, text), showText(option, text)]),
};

test.each(Object.entries(readers))(
  '%s may be any text, and little is done to it',
  async (name, read) => {
    const property = fc.property(longText, (text) => {
      normalised();
      refusal(() => read(text));
      expectLittle();
    });
    await fuzz(name, property, 20);
  },
  fuzzTimeoutMs,
);

test.each(['\u0315\u0300', 'x', '\ufdfa'])('a secret of many %j is refused', async (unit) => {
  const secret = unit.repeat(4 * limits.secretCharactersMax);
  await expect(deriveAccountKeys(`${secret}x`, 1)).rejects.toMatchObject({ kind: 'too-long' });
  expect(normalised().total).toBe(0);
});

test('a long token is nobody, before it is looked at', async () => {
  const asked: string[] = [];
  const users = {
    ofToken: async (token: string) => {
      asked.push(token);
      throw new Error('it was looked at');
    },
    ofApiKey: async () => {
      throw new Error('it was looked at');
    },
  };
  const proofs = { clusterKeys: clusterKeysOf('cluster'), users };
  const guess = async (isRight: () => boolean) => isRight();
  for (const bearer of ['a.b.', 'cimk_', '']) {
    const authorization = `Bearer ${bearer.padEnd(limits.tokenCharactersMax, 'x')}`;
    await expect(identify(proofs, authorization, guess)).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
  }
  expect(asked).toEqual([]);
});
