/**
 * The HTTP port of routes as the SDK reaches it: the endpoints themselves, without Fastify and
 * sockets. A request or its answer may be lost.
 */

import { nobody } from '../../src/auth/identity.ts';
import { CimError } from '../../src/base/errors.ts';
import type { HttpTransport } from '../../src/client/sdk/platform.ts';
import type { Endpoint } from '../../src/http/endpoint.ts';
import { asCimError } from '../../src/http/failures.ts';
import { readBody } from '../../src/http/schema.ts';
import type { SimulatedProcess } from './simulated-time.ts';
import type { World } from './world.ts';

/** A route's HTTP port. */
export interface HttpHost {
  readonly process: SimulatedProcess;
  readonly endpoints: readonly Endpoint[];
}

export function httpOf(
  world: World,
  client: SimulatedProcess,
  hostAt: (origin: string) => HttpHost | undefined,
): HttpTransport {
  return {
    request: (url, { body, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const { random, faults } = world;
        const lost = () => reject(new CimError('unavailable', `no answer from ${url}`));
        const timeout = client.after(timeoutMs, lost);
        const { origin, pathname } = new URL(url);
        const host = hostAt(origin);
        if (!host?.process.alive) {
          if (random.chance(0.7)) client.after(0, lost);
          return;
        }
        const { requestLost, answerLost } = faults.http;
        if (random.chance(requestLost) || world.isPartitioned(client, host.process)) return;
        const settle = (answer: () => void) => {
          if (!host.process.alive || random.chance(answerLost)) return;
          client.after(world.delayMs(0), () => {
            timeout.cancel();
            answer();
          });
        };
        host.process.after(world.delayMs(0), () => {
          void handle(host.endpoints, pathname, copyOf(body)).then(
            (answer) => settle(() => resolve(copyOf(answer))),
            (error: unknown) => settle(() => reject(asCimError(error) ?? new CimError('internal'))),
          );
        });
      }),
  };
}

async function handle(
  endpoints: readonly Endpoint[],
  pathname: string,
  body: unknown,
): Promise<unknown> {
  const endpoint = endpoints.find(({ path }) => path === pathname);
  if (!endpoint) throw new CimError('not-found');
  const fields = endpoint.body ? readBody(endpoint.body, body) : {};
  const guess = async (_: number, isRight: () => boolean) => isRight();
  return endpoint.handle(fields, {
    ...{ java: false, identity: nobody, guess, read() {} },
    guessOperator: (_, isRight) => isRight(),
    ...{ address: '10.0.0.1', keepSession() {} },
    flags: new Set<string>(),
  });
}

/** As JSON makes it. */
function copyOf(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
