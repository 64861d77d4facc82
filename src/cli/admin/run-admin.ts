/** `cim admin`: finds the action, and shows its result. */
import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { safeJson } from '../../base/text/safe-text.ts';
import type { AdminSettings } from '../../config/settings.ts';
import { didYouMean } from '../../config/suggest.ts';
import type { Action, AdminResult } from './action.ts';
import { backUp, restore } from './backup-actions.ts';
import { askCluster } from './cluster.ts';
import { createDevice, listDevices, revokeDevice } from './device-actions.ts';
import { files } from './file-actions.ts';
import { importJava } from './import/import-java.ts';
import { createKey, listKeys, revokeKey } from './key-actions.ts';
import {
  audit,
  changeRole,
  createOperator,
  listOperators,
  removeOperator,
  resetOperator,
} from './operator-actions.ts';
import { counters, drain, newStoreId, servers } from './server-actions.ts';
import { formatTable } from './table.ts';
import { block, deleteUser, kick, online, resetSecret, unblock } from './user-actions.ts';

const actions: Readonly<Record<string, Action>> = {
  servers: { run: servers },
  online: { run: online },
  kick: { target: 'the id of a user', run: kick },
  block: { target: 'the id of a user', run: block },
  unblock: { target: 'the id of a user', run: unblock },
  'reset-secret': { target: 'the id of a user', run: resetSecret },
  'delete-user': { target: 'the id of a user', run: deleteUser },
  files: { run: files },
  'key create': { run: createKey },
  'key list': { run: listKeys },
  'key revoke': { target: 'the id of a key', run: revokeKey },
  'device create': { run: createDevice },
  'device list': { run: listDevices },
  'device revoke': { target: 'the id of a key', run: revokeDevice },
  'operator create': { target: 'the name of an operator', run: createOperator },
  'operator list': { run: listOperators },
  'operator role': { target: 'the name of an operator', run: changeRole },
  'operator reset': { target: 'the name of an operator', run: resetOperator },
  'operator remove': { target: 'the name of an operator', run: removeOperator },
  audit: { run: audit },
  drain: { target: 'a server, as host:port or by its instance,', run: drain },
  'new-store-id': { run: newStoreId },
  backup: { target: 'a file to be made', run: backUp },
  restore: { target: 'the file of a backup', isLocal: true, run: restore },
  counters: { run: counters },
  'import-java': { run: importJava },
};

/** Resolves to the exit code. */
export async function runAdmin(
  settings: AdminSettings,
  words: readonly string[],
  /** `columns`: of a terminal. */
  out: { write(text: string): unknown; readonly columns?: number },
): Promise<number> {
  const { name, action, rest } = findAction(words);
  const [target, surplus] = rest;
  if (action.target !== undefined && target === undefined) {
    throw new CimError('usage', `${name}: ${action.target} must be given`);
  }
  const unwanted = action.target === undefined ? target : surplus;
  if (unwanted !== undefined) throw new CimError('usage', `${unwanted}: is one argument too many`);

  const ask = action.isLocal ? askNobody : await askCluster(settings);
  const result = await action.run(ask, target ?? '', settings);
  out.write(settings.json ? jsonOf(result) : textOf(result, out.columns));
  return exitCodes.ok;
}

async function askNobody(): Promise<never> {
  throw new Error('an action of this machine asks no route');
}

function jsonOf({ objects }: AdminResult): string {
  return objects.map((object) => `${safeJson(object)}\n`).join('');
}

function textOf({ table, text }: AdminResult, columns = Infinity): string {
  return table && table.rows.length > 0 ? formatTable(table, columns) : text;
}

/** The name of an action is one word or two. */
function findAction(words: readonly string[]) {
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(' ');
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action) return { name, action, rest: words.slice(count) };
  }
  const [first = ''] = words;
  const isSubject = first === 'key' || first === 'device' || first === 'operator';
  const name = isSubject ? words.slice(0, 2).join(' ') : first;
  throw new CimError('usage', `${name}: is not an action${didYouMean(name, Object.keys(actions))}`);
}
