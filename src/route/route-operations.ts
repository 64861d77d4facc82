/**
 * RouteOperations (operations.ts) over the store, the servers and the registry's picture of them.
 * Each file in operations/ has one subject's.
 */

import { accountOperations } from './operations/accounts.ts';
import { apiKeyOperations } from './operations/api-keys.ts';
import type { OperationsContext } from './operations/context.ts';
import { groupOperations } from './operations/groups.ts';
import { keyOperations } from './operations/keys.ts';
import { messageOperations } from './operations/messages.ts';
import { operatorOperations } from './operations/operators.ts';
import { scheduleOperations } from './operations/schedules.ts';
import type { RouteOperations } from './operations.ts';

export function createRouteOperations(context: OperationsContext): RouteOperations {
  const { store, registry } = context;
  return {
    ...accountOperations(context),
    ...messageOperations(context),
    ...groupOperations(context),
    ...scheduleOperations(context),
    ...operatorOperations(context),
    ...apiKeyOperations(context),
    ...keyOperations(context),

    async problems() {
      const storeProblem = await store.problem();
      return [
        ...(storeProblem === null ? [] : [storeProblem]),
        ...(registry.state === 'connected' ? [] : [`the registry is ${registry.state}`]),
      ];
    },
  };
}
