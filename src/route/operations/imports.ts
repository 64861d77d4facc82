/** What another system has kept: accounts under their ids, and messages that wait for somebody. */
import { CimError } from '../../base/errors.ts';
import { assertUserName } from '../../base/text/names.ts';
import { deliverTexts, epochOfName } from '../messages/http-message.ts';
import type { ImportedAccount, ImportedMessage, ImportFate } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import type { OperationsContext } from './context.ts';

const created: ImportFate = { status: 'created', reason: '' };
const present: ImportFate = { status: 'present', reason: '' };

export function importOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'importAccounts' | 'importMessages'> {
  const { store, accounts, delivery } = context;

  const importAccount = async ({ userId, name }: ImportedAccount): Promise<ImportFate> => {
    assertUserName(name);
    const found = await store.accounts.register({ userId, name });
    if (found.status === 'deleted') return refused(`the account ${userId} was deleted here`);
    const { userId: id, name: called } = found.account;
    if (id === userId && called === name)
      return found.status === 'registered' && found.created ? created : present;
    return refused(`the account ${id} is called ${called} here`);
  };

  const importMessage = async (message: ImportedMessage): Promise<ImportFate> => {
    const { id, from, fromName, to, text, at } = message;
    const sender = (await accounts.find(from)) ?? { userId: from, name: fromName };
    // Its identity is that of the message there: so it is stored once.
    const epochHex = epochOfName(`import ${to} ${id}`);
    const { duplicates } = await deliverTexts(delivery, {
      sender,
      to,
      texts: [text],
      at,
      epochHex,
    });
    return duplicates > 0 ? present : created;
  };

  return {
    importAccounts: (accounts) => Promise.all(accounts.map((each) => fateOf(importAccount(each)))),

    // One after the other: so each receiver's are in order.
    async importMessages(messages) {
      const fates: ImportFate[] = [];
      for (const message of messages) fates.push(await fateOf(importMessage(message)));
      return fates;
    },
  };
}

function refused(reason: string): ImportFate {
  return { status: 'refused', reason };
}

async function fateOf(attempt: Promise<ImportFate>): Promise<ImportFate> {
  try {
    return await attempt;
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    return error.kind === 'busy' || error.kind === 'unavailable'
      ? { status: 'busy', reason: error.message }
      : refused(error.message);
  }
}
