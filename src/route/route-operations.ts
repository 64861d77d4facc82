/**
 * RouteOperations (operations.ts) over the store, the servers and the registry's picture of them.
 * Each file in operations/ has one subject's.
 */

import { accountOperations } from './operations/accounts.ts';
import { apiKeyOperations } from './operations/api-keys.ts';
import type { OperationsContext } from './operations/context.ts';
import { conversationListOperations } from './operations/conversation-list.ts';
import { conversationOperations } from './operations/conversations.ts';
import { deletionOperations } from './operations/deletions.ts';
import { deviceKeyOperations } from './operations/device-keys.ts';
import { fileOperations } from './operations/files.ts';
import { groupKeyOperations } from './operations/group-keys.ts';
import { groupOperations } from './operations/groups.ts';
import { importOperations } from './operations/imports.ts';
import { keyOperations } from './operations/keys.ts';
import { markOperations } from './operations/marks.ts';
import { messageOperations } from './operations/messages.ts';
import { operatorOperations } from './operations/operators.ts';
import { presenceOperations } from './operations/presence.ts';
import { scheduleOperations } from './operations/schedules.ts';
import { topicOperations } from './operations/topics.ts';
import { traceOperations } from './operations/traces.ts';
import type { RouteOperations } from './operations.ts';

export function createRouteOperations(context: OperationsContext): RouteOperations {
  return {
    ...accountOperations(context),
    ...messageOperations(context),
    ...groupOperations(context),
    ...groupKeyOperations(context),
    ...conversationOperations(context),
    ...presenceOperations(context),
    ...conversationListOperations(context),
    ...markOperations(context),
    ...scheduleOperations(context),
    ...deletionOperations(context),
    ...fileOperations(context),
    ...operatorOperations(context),
    ...importOperations(context),
    ...apiKeyOperations(context),
    ...deviceKeyOperations(context),
    ...topicOperations(context),
    ...keyOperations(context),
    ...traceOperations(context),
  };
}
