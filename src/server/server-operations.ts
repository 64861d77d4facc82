/**
 * ServerOperations (operations.ts) over the gateway: what the server does for callers over HTTP.
 */

import { command } from '../codec/commands.ts';
import { encodeJavaPush } from '../codec/java-frame.ts';
import type { Registry } from '../registry/registry.ts';
import type { Gateway } from './gateway.ts';
import type { ServerOperations } from './operations.ts';

export interface ServerOperationsOptions {
  readonly gateway: Gateway;
  readonly registry: Pick<Registry, 'state'>;
  /** Routes that can be asked, as far as is known. */
  readonly usableRoutes: () => number;
}

export function createServerOperations({
  gateway,
  registry,
  usableRoutes,
}: ServerOperationsOptions): ServerOperations {
  return {
    // As the Java server's: to the user's connection if there is one, outside of every timeline. A
    // cim device has no place for a message without a number.
    sendMessage({ userId, cmd, msg, batchMsg, properties }) {
      const kind = cmd === 'OFFLINE' ? command.offline : command.message;
      for (const connection of gateway.sessions()) {
        if (connection.java && connection.userId === userId) {
          connection.write(encodeJavaPush(userId, kind, properties, msg ?? '', batchMsg ?? []));
        }
      }
    },

    async problems() {
      return [
        ...(registry.state === 'connected' ? [] : [`the registry is ${registry.state}`]),
        ...(gateway.isMoving ? ['it takes no more logins'] : []),
        ...(usableRoutes() > 0 ? [] : ['no route can be reached']),
      ];
    },
  };
}
