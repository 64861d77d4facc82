/** Says what an import has done, what it could not do, and what helps. */
import type { AdminResult } from '../action.ts';

interface Refused {
  readonly kind: 'account' | 'message';
  readonly id: string;
  readonly name?: string;
  readonly reason: string;
}

/** Shown to people; all of them with --json. */
const refusedShownMax = 1_000;

export class ImportReport {
  readonly accounts = { imported: 0, present: 0, refused: 0 };
  readonly messages = { imported: 0, present: 0, expired: 0, refused: 0 };
  readonly #refused: Refused[] = [];

  refuseAccount(id: string, name: string, reason: string): void {
    this.accounts.refused += 1;
    this.#refused.push({ kind: 'account', id, name, reason });
  }

  refuseMessage(id: string, reason: string): void {
    this.messages.refused += 1;
    this.#refused.push({ kind: 'message', id, reason });
  }

  result(isDryRun: boolean): AdminResult {
    const { accounts, messages } = this;
    const lines = [
      ...(isDryRun ? ['Nothing was changed. It would be:'] : []),
      `accounts: ${accounts.imported} imported, ${accounts.present} were here already, ${accounts.refused} refused`,
      `messages: ${messages.imported} imported, ${messages.present} were here already, ${messages.expired} had expired, ${messages.refused} refused`,
      ...(this.#refused.length > 0 ? ['', 'Refused:'] : []),
      ...this.#refused.slice(0, refusedShownMax).map(lineOf),
      ...(this.#refused.length > refusedShownMax ? ['and more: --json lists all'] : []),
      ...(accounts.refused > 0 ? ['', ...advice] : []),
    ];
    const summary = { dryRun: isDryRun, accounts, messages };
    return { objects: [...this.#refused, summary], text: `${lines.join('\n')}\n` };
  }
}

const advice = [
  'An account that is refused for its name gets another one in the Java system, with redis-cli:',
  '  SET cim-account:ID NAME',
  '  SET NAME cim-account:ID',
  'Then run this again: its messages come with it, and nothing is imported twice. Its client is to',
  'be told the new name.',
];

/** Names are what others have written. */
function lineOf({ kind, id, name, reason }: Refused): string {
  const called = name === undefined ? '' : ` ${JSON.stringify(name)}`;
  return `  ${kind} ${id}${called}: ${reason}`;
}
