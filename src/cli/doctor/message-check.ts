/**
 * A message from one client to another, as people send them: through a route, a server and the store.
 * Two accounts are made for it, and deleted when it is over.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CimError, describeError } from '../../base/errors.ts';
import { CimClient, memorySecretKeeper } from '../../client/sdk/index.ts';
import type { Platform } from '../../client/sdk/platform.ts';
import { bad, type Check, type Finding, ok, warn } from './finding.ts';

const name = 'message';
/** Of connecting, and of the message. */
const stepMsMax = 4_000;

export function messageCheck(routes: readonly string[], platform: Platform): Check {
  return {
    name,
    run: async () => {
      const [from, to] = [visitor(routes, platform), visitor(routes, platform)];
      try {
        return [await sendOne(from, to)];
      } finally {
        await Promise.all([from, to].map(leave));
      }
    },
  };
}

interface Visitor {
  readonly userId: number;
  readonly client: CimClient;
}

/** Under an id that hardly anybody else has drawn. */
function visitor(routes: readonly string[], platform: Platform): Visitor {
  const userId = randomInt(2 ** 44, 2 ** 47);
  const userName = `doctor-${userId}`;
  return {
    userId,
    client: new CimClient({
      ...{ userId, userName, routes, platform, e2ee: 'off' },
      credentials: { keeper: memorySecretKeeper() },
    }),
  };
}

async function sendOne(from: Visitor, to: Visitor): Promise<Finding> {
  const clients = [from.client, to.client];
  const closed = clients.map(whenClosed);
  const came = Promise.withResolvers<'shown'>();
  to.client.on('message', () => came.resolve('shown'));
  const ready = Promise.all(clients.map((client) => client.start()));
  const failed = (error: unknown) => new CimError('unavailable', describeError(error));
  const start = await Promise.race([
    ...closed,
    ready.then(() => 'ready' as const, failed),
    overdue(),
  ]);
  if (start !== 'ready') return notSent('nobody could log in', start);
  const sentAt = performance.now();
  const sent = from.client.send({ to: to.userId }, 'cim doctor');
  sent.catch(came.reject);
  const end = await Promise.race([came.promise, ...closed, overdue()]);
  if (end !== 'shown') return notSent('a message was sent, and not shown', end);
  const ms = Math.round(performance.now() - sentAt);
  return ok(name, `sent, stored and shown end to end in ${ms} ms`);
}

function notSent(says: string, why: CimError | 'overdue'): Finding {
  if (why instanceof CimError && ['unauthenticated', 'not-allowed'].includes(why.kind))
    return warn(name, `not tried: ${why.message}`, 'try it with a token of the application');
  const reason = why === 'overdue' ? `within ${stepMsMax / 1_000} s` : why.message;
  return bad(name, `${says}: ${reason}`, 'the findings above say what stands in the way');
}

function whenClosed(client: CimClient): Promise<CimError> {
  const { promise, resolve } = Promise.withResolvers<CimError>();
  client.on('closed', ({ error, reason }) => resolve(error ?? new CimError('unavailable', reason)));
  return promise;
}

async function overdue(): Promise<'overdue'> {
  await delay(stepMsMax, undefined, { ref: false });
  return 'overdue';
}

async function leave({ client }: Visitor): Promise<void> {
  try {
    if (client.state === 'ready') await client.deleteAccount();
  } catch (error) {
    // Then it stays, without a message.
    if (!(error instanceof CimError)) throw error;
  } finally {
    await client.close({ timeoutMs: 1_000 });
  }
}
