/** `cim admin online`, `kick`, `block`, `unblock`, `reset-secret` and `delete-user`. */
import { randomBytes } from 'node:crypto';
import { deriveAccountKeys, formatSecret } from '../../auth/account-secret.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { AdminResult, Ask } from './action.ts';

interface User {
  readonly userId: number;
  readonly userName: string;
}

export async function online(ask: Ask): Promise<AdminResult> {
  const found: User[] = [];
  const limit = limits.onlinePageMax;
  for (;;) {
    const after = found.at(-1)?.userId ?? 0;
    const page = (await ask('POST', '/onlineUsers', { after, limit })) as readonly User[];
    found.push(...page);
    if (page.length < limit) break;
  }
  const rows = found.map(({ userId, userName }) => [String(userId), userName]);
  const table = { header: ['USER ID', 'NAME'], rows };
  return { objects: found, table, text: 'nobody is online\n' };
}

export async function kick(ask: Ask, target: string): Promise<AdminResult> {
  const userId = userIdOf(target);
  const { ended } = (await ask('POST', '/kick', { userId })) as { readonly ended: number };
  const text = `${ended} ${ended === 1 ? 'connection' : 'connections'} of user ${userId} ended\n`;
  return { objects: [{ userId, ended }], text };
}

/** Repeating it is harmless, as the following is. */
export async function block(ask: Ask, target: string): Promise<AdminResult> {
  const userId = userIdOf(target);
  const { ended } = (await ask('POST', '/blockAccount', { userId })) as { readonly ended: number };
  const text = `user ${userId} is blocked, ${ended} ${ended === 1 ? 'connection' : 'connections'} ended\n`;
  return { objects: [{ userId, blocked: true, ended }], text };
}

export async function unblock(ask: Ask, target: string): Promise<AdminResult> {
  const userId = userIdOf(target);
  await ask('POST', '/unblockAccount', { userId });
  return { objects: [{ userId, blocked: false }], text: `user ${userId} is let in again\n` };
}

/** Repeating it is harmless. */
export async function deleteUser(ask: Ask, target: string): Promise<AdminResult> {
  const userId = userIdOf(target);
  const answer = await ask('POST', '/deleteAccount', { userId });
  const { ended } = answer as { readonly ended: number };
  const text = [
    `User ${userId} is deleted: the account, its keys, messages and memberships.`,
    `${ended} ${ended === 1 ? 'connection' : 'connections'} ended. What others hold of them stays theirs.`,
  ];
  return { objects: [{ userId, ended }], text: `${text.join('\n')}\n` };
}

/** The secret is drawn here, as a client draws its own: no route ever sees it. */
export async function resetSecret(ask: Ask, target: string): Promise<AdminResult> {
  const userId = userIdOf(target);
  const secret = formatSecret(randomBytes(32));
  const { loginKey } = await deriveAccountKeys(secret, userId);
  await ask('POST', '/resetSecret', { userId, loginKey });
  const text = [
    `The secret of user ${userId} is now, shown this once:`,
    `  ${secret}`,
    'Every device of theirs needs it: cim client --secret, or CIM_SECRET.',
    'What was encrypted for them until now cannot be read any more.',
  ];
  return { objects: [{ userId, secret }], text: `${text.join('\n')}\n` };
}

function userIdOf(target: string): number {
  const userId = /^\d{1,16}$/.test(target) ? Number(target) : 0;
  if (userId >= 1 && userId <= limits.userIdMax) return userId;
  throw new CimError('usage', `${target}: is not the id of a user`);
}
