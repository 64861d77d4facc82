/** All endpoints of both roles, as their own tables tell them, and bodies that they take. */
import fc from 'fast-check';
import type { HttpApp } from '../../src/http/app.ts';
import { buildRouteApp } from '../../src/route/app.ts';
import { buildServerApp } from '../../src/server/app.ts';
import type { recordingLog } from '../unit/http/recording-log.ts';
import { GatewayHarness } from '../unit/server/support/gateway-harness.ts';
import { clusterKeysOf } from './cluster-key.ts';
import { figuresOf, routeFiguresOf } from './figures.ts';
import { RouteHarness } from './route-harness.ts';
import { onTeardown } from './teardown.ts';

export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: Schema | undefined;
}

interface Operation {
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: Schema } };
  };
}

/** All that an app has, by its own documentation, but for what answers no JSON. */
export async function endpointsOf(app: HttpApp): Promise<readonly Endpoint[]> {
  const { paths } = (await app.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, Operation>>;
  }>();
  const all = Object.entries(paths).filter(([path]) => path !== '/metrics');
  return all.flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase() as 'GET' | 'POST',
      path,
      body: operation.requestBody?.content['application/json'].schema,
    })),
  );
}

/** What an endpoint takes: ids that exist and ids that do not, words that are names of something. */
export function goodValue(schema: Schema): fc.Arbitrary<string> {
  switch (schema.type) {
    case 'integer':
      return fc.oneof(
        fc.constantFrom('1', '2', '"1"', '999'),
        fc
          .integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 100, 10_000) })
          .map(String),
      );
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'array':
      return fc
        .array(goodValue(schema.items ?? { type: 'string' }), { maxLength: 4 })
        .map((items) => `[${items.join(',')}]`);
    case 'object':
      if (schema.properties)
        return fc
          .record(
            Object.fromEntries(
              Object.entries(schema.properties).map(([name, field]) => [name, goodValue(field)]),
            ),
            { requiredKeys: [...(schema.required ?? [])] },
          )
          .map(
            (fields) => `{${Object.entries(fields).map(([name, value]) => `"${name}":${value}`)}}`,
          );
      return fc
        .dictionary(fc.constantFrom('a', 'sendUserId', '__proto__'), fc.string())
        .map((map) => JSON.stringify(map));
    default:
      return fc
        .constantFrom(
          ...(schema.enum ?? [
            'amy',
            'bob',
            'cooks',
            'hi',
            'server-1',
            'a name',
            '10.0.0.1:9000:8081',
          ]),
        )
        .map((text) => JSON.stringify(text));
  }
}

const clusterKeys = clusterKeysOf('cluster');
const version = '9.9.9';

export async function openRouteApp(lines: {
  log: ReturnType<typeof recordingLog>['log'];
  /** One of its own if absent. */
  route?: RouteHarness;
}): Promise<HttpApp> {
  const { route = await RouteHarness.start() } = lines;
  const { operations, callers, counters } = route.core;
  const proofs = { clusterKeys, users: callers };
  const options = { mode: 'open', proofs, warnings: [], version } as const;
  return buildRouteApp(operations, { ...options, ...lines, ...routeFiguresOf(counters) });
}

export async function openServerApp(lines: {
  log: ReturnType<typeof recordingLog>['log'];
}): Promise<HttpApp> {
  const { gateway, wire, counters } = new GatewayHarness();
  onTeardown(() => gateway.stop());
  return buildServerApp(wire.endpoints, {
    clusterKeys,
    version,
    ...lines,
    figures: figuresOf(counters),
  });
}
