/**
 * Asks a route for whom an application's token speaks. A device needs to know that before it has a
 * client.
 */
import type { User } from '../client-events.ts';
import { RouteCaller, type RouteCallerOptions } from '../routes/route-caller.ts';

/** Rejects with a CimError: `unauthenticated`, `unavailable`, … */
export async function whoIs(token: string, options: RouteCallerOptions): Promise<User> {
  const call = { method: 'GET', path: '/me', bearer: token } as const;
  return (await new RouteCaller(options).call(call)) as User;
}
