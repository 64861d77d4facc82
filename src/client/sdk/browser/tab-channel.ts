/** What the tabs of one device say to each other, over a BroadcastChannel. */
import { CimError, describeError, type ErrorName } from '../../../base/errors.ts';
import { toHex } from '../../../codec/message-scan.ts';
import type { ClientEventName, ClientEvents, ClientState, SentMessage } from '../client-events.ts';
import { databaseName } from './database.ts';

/** What all tabs show of the client that the leader has. */
export interface Standing {
  readonly state: ClientState;
  readonly groups: readonly string[];
  /** Of the last login. */
  readonly ready?: ClientEvents['ready'];
}

/** An event that is told as it happens. */
export type Happened = {
  [Name in ClientEventName]: { readonly name: Name; readonly event: ClientEvents[Name] };
}[ClientEventName];

export type TabMessage =
  /** Who leads? Answered by `leading`. */
  | { readonly kind: 'hello' }
  | TabCall
  | TabAnswer
  /** How far a call of a tab is. */
  | {
      readonly kind: 'progress';
      readonly tab: string;
      readonly id: string;
      readonly value: unknown;
    }
  /** A call is given up. */
  | { readonly kind: 'abort'; readonly id: string }
  /** A tab is gone. */
  | { readonly kind: 'bye'; readonly tab: string }
  /** Something is in the outbox. */
  | { readonly kind: 'kept' }
  /** Something was appended to the journal. */
  | { readonly kind: 'appended' }
  /** The device is forgotten: nobody has it open any more. */
  | { readonly kind: 'forget' }
  | OfLeader;

/** What the leading tab says, in its term. */
type OfLeader = { readonly term: number } & (
  | { readonly kind: 'leading' | 'standing'; readonly standing: Standing }
  | { readonly kind: 'happened'; readonly happened: Happened }
  /** It is in the outbox no longer: stored, or refused. */
  | {
      readonly kind: 'settled';
      readonly id: string;
      readonly outcome: Outcome<TabError>;
    }
  | {
      readonly kind: 'closed';
      readonly reason: string;
      readonly code: string;
      readonly error: TabError | null;
    }
);

/** A tab asks the leader. */
export interface TabCall {
  readonly kind: 'call';
  readonly tab: string;
  readonly id: string;
  readonly method: string;
  readonly given: readonly unknown[];
}

export interface TabAnswer {
  readonly kind: 'answer';
  readonly tab: string;
  readonly id: string;
  readonly result?: unknown;
  readonly error?: TabError;
  /** Whoever was asked did not lead any more, and has done nothing: whoever does is to be asked. */
  readonly isNotDone?: true;
}

/** What has become of a message that waited. */
type Outcome<E> = { readonly sent: SentMessage } | { readonly error: E };

interface TabError {
  readonly kind: ErrorName | undefined;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

export class TabChannel {
  readonly #channel: BroadcastChannel;

  constructor(name: string, onMessage: (message: TabMessage) => void) {
    this.#channel = new BroadcastChannel(databaseName(name));
    this.#channel.addEventListener('message', ({ data }) => onMessage(data as TabMessage));
  }

  post(message: TabMessage): void {
    this.#channel.postMessage(message);
  }

  close(): void {
    this.#channel.close();
  }
}

/** An error as it crosses to another tab. */
export function tabErrorOf(error: unknown): TabError {
  if (!(error instanceof CimError)) return { kind: undefined, message: describeError(error) };
  const { kind, message, retryAfterMs } = error;
  return { kind, message, retryAfterMs };
}

export function errorOfTab({ kind = 'internal', message, retryAfterMs }: TabError): CimError {
  return new CimError(kind, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

export function tabOutcomeOf(outcome: Outcome<unknown>): Outcome<TabError> {
  return 'error' in outcome ? { error: tabErrorOf(outcome.error) } : outcome;
}

export function outcomeOfTab(outcome: Outcome<TabError>): Outcome<CimError> {
  return 'error' in outcome ? { error: errorOfTab(outcome.error) } : outcome;
}

/** Of a tab, or a call: over plain http a page has no crypto.randomUUID. */
export function newId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}
