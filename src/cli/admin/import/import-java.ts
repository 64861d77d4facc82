/**
 * `cim admin import-java` takes over the accounts of a Java system, and the messages that wait
 * there. It never changes what it reads. Everything that it asks of a route may be repeated: an
 * account stays the same, and a message is stored once. So after any failure you run it again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { assertUserName, nameKey } from '../../../base/text/names.ts';
import type { AdminSettings } from '../../../config/settings.ts';
import { openJavaRedis } from '../../../store/open-java-redis.ts';
import type { AdminResult, Ask } from '../action.ts';
import { rowsOfDump } from './java-dump.ts';
import { type PendingMessage, pendingOf, userIdOf } from './java-records.ts';
import { ImportReport } from './report.ts';

interface Account {
  readonly userId: number;
  readonly userName: string;
}

/** What a route answers for each. */
interface Fate {
  readonly status: string;
  readonly reason: string;
}

/** Six times as many in JSON, at most, and a text more: within the bound of a body. */
const bytesPerCallMax = 64 * 1024;
const attemptsMax = 40;
const retryMs = 500;

export async function importJava(
  ask: Ask,
  _target: string,
  { from, dump, dryRun }: AdminSettings,
): Promise<AdminResult> {
  if (from === undefined && dump === undefined)
    throw new CimError('usage', '--from: must be given (its Redis), or --dump (of its MySQL)');
  const importer = new Importer(ask, dryRun);
  if (from !== undefined) await importer.fromRedis(from);
  if (dump !== undefined) await importer.fromDump(dump);
  return importer.report.result(dryRun);
}

class Importer {
  readonly report = new ImportReport();
  readonly #ask: Ask;
  readonly #dryRun: boolean;
  /** Those of this run, by the form in which names are compared. */
  readonly #names = new Map<string, Account>();
  readonly #ids = new Set<number>();
  #messages: PendingMessage[] = [];
  #bytes = 0;

  constructor(ask: Ask, dryRun: boolean) {
    this.#ask = ask;
    this.#dryRun = dryRun;
  }

  async fromRedis(url: string): Promise<void> {
    const java = await openJavaRedis(url);
    try {
      // Whose name leads to another id comes last: the name is the other's.
      const others: { id: string; name: string }[] = [];
      for await (const accounts of java.accounts()) {
        await this.#accounts(accounts.filter(({ bearsName }) => bearsName));
        others.push(...accounts.filter(({ bearsName }) => !bearsName));
      }
      for (let start = 0; start < others.length; start += limits.importBatchMax)
        await this.#accounts(others.slice(start, start + limits.importBatchMax));
      for await (const messages of java.messages()) {
        const found = messages.flatMap(({ id, receiver, fields, isExpired }) => {
          if (isExpired) this.report.messages.expired += 1;
          else if (fields === null) this.report.refuseMessage(id, 'it cannot be read');
          return fields === null ? [] : [{ id, pending: pendingOf(id, receiver, fields) }];
        });
        // As the Java system sorts what it is about to send.
        await this.#pending(found.sort((one, other) => timeOf(one) - timeOf(other)));
      }
      await this.#flush();
    } finally {
      java.close();
    }
  }

  async fromDump(path: string): Promise<void> {
    for await (const row of rowsOfDump(path)) {
      const id = row['message_id'] ?? '';
      const fields = {
        ...{ content: row['content'], status: row['status'] },
        ...{ createdAt: row['created_at'], properties: row['properties'] },
      };
      await this.#pending([{ id, pending: pendingOf(id, row['receive_user_id'], fields) }]);
    }
    await this.#flush();
  }

  async #accounts(found: readonly { id: string; name: string }[]): Promise<void> {
    const accounts = found.flatMap(({ id, name }) => this.#checked(id, name) ?? []);
    for (let start = 0; start < accounts.length; start += limits.importBatchMax) {
      const part = accounts.slice(start, start + limits.importBatchMax);
      const fates = await this.#tried(part, '/importAccounts', {
        userIds: part.map(({ userId }) => userId),
        userNames: part.map(({ userName }) => userName),
      });
      for (const [index, { status, reason }] of fates.entries()) {
        const { userId, userName } = part[index] as Account;
        if (status === 'refused') this.report.refuseAccount(String(userId), userName, reason);
        else this.report.accounts[status === 'created' ? 'imported' : 'present'] += 1;
      }
    }
  }

  /** What can be seen without a route. */
  #checked(id: string, userName: string): Account | undefined {
    const userId = userIdOf(id);
    if (userId === undefined) {
      this.report.refuseAccount(id, userName, 'the id is not that of a user');
      return undefined;
    }
    // A scan may find a key twice.
    if (this.#ids.has(userId)) return undefined;
    this.#ids.add(userId);
    try {
      assertUserName(userName);
    } catch (error) {
      this.report.refuseAccount(id, userName, (error as Error).message);
      return undefined;
    }
    const other = this.#names.get(nameKey(userName));
    if (other) {
      const taken = `${other.userId} is called ${other.userName}, which is the same name in cim`;
      this.report.refuseAccount(id, userName, taken);
      return undefined;
    }
    const account = { userId, userName };
    this.#names.set(nameKey(userName), account);
    return account;
  }

  async #pending(found: readonly Found[]): Promise<void> {
    for (const { id, pending } of found) {
      if (pending === null) continue;
      if (typeof pending === 'string') {
        this.report.refuseMessage(id, pending);
        continue;
      }
      this.#messages.push(pending);
      this.#bytes += Buffer.byteLength(pending.text) + 256;
      const isFull = this.#messages.length >= limits.importBatchMax;
      if (isFull || this.#bytes >= bytesPerCallMax) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    if (messages.length === 0) return;
    const fates = await this.#tried(messages, '/importMessages', {
      ids: messages.map(({ id }) => id),
      senders: messages.map(({ from }) => from),
      senderNames: messages.map(({ fromName }) => fromName),
      receivers: messages.map(({ to }) => to),
      texts: messages.map(({ text }) => text),
      times: messages.map(({ at }) => at),
    });
    for (const [index, { status, reason }] of fates.entries()) {
      if (status === 'refused')
        this.report.refuseMessage((messages[index] as PendingMessage).id, reason);
      else this.report.messages[status === 'created' ? 'imported' : 'present'] += 1;
    }
  }

  /** Asks again while a route is busy: all of them, so that they stay in order. */
  async #tried(
    items: readonly unknown[],
    path: string,
    body: Readonly<Record<string, readonly unknown[]>>,
  ): Promise<readonly Fate[]> {
    if (this.#dryRun) return items.map(() => ({ status: 'created', reason: '' }));
    if (items.length === 0) return [];
    const created = new Set<number>();
    for (let attempt = 1; ; attempt++) {
      const fates = (await this.#ask('POST', path, body)) as readonly Fate[];
      for (const [index, { status }] of fates.entries())
        if (status === 'created') created.add(index);
      if (!fates.some(({ status }) => status === 'busy'))
        return fates.map((fate, index) =>
          created.has(index) ? { status: 'created', reason: '' } : fate,
        );
      if (attempt === attemptsMax)
        throw new CimError('unavailable', 'the routes are busy; run it again, nothing is doubled');
      await delay(retryMs);
    }
  }
}

interface Found {
  readonly id: string;
  readonly pending: PendingMessage | string | null;
}

function timeOf({ pending }: Found): number {
  return typeof pending === 'object' && pending !== null ? pending.at : 0;
}
