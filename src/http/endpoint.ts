/**
 * One thing that can be asked of a role over HTTP. Endpoints know neither Fastify nor envelopes: a
 * result becomes a `dataBody`, a CimError its code.
 */
import type { Identity } from '../auth/identity.ts';
import type { KeptClass, RateClass } from '../limits/caller-limits.ts';
import type { Guess, OperatorGuess } from '../limits/guess-rate.ts';
import type { Sending } from '../limits/send-rates.ts';
import type { Access } from './access.ts';
import type { BodyOf, BodySchema } from './schema.ts';

export interface Caller {
  /**
   * True without the header X-Cim-Version: it gets exactly what the Java system answers, and
   * nothing more.
   */
  readonly java: boolean;
  /** Who called, as far as the endpoint's access asks for proof. */
  readonly identity: Identity;
  /** How often a secret is guessed from where the call comes is limited. */
  readonly guess: Guess;
  /** Likewise, of operators. */
  readonly guessOperator: OperatorGuess;
  /** From where the call comes. */
  readonly address: string;
  /** Has the browser keep this for calls to come, or nothing any more. */
  readonly keepSession: (session: KeptSession | null) => void;
  /** So many bytes were looked through for the answer, beside those that are in it. */
  readonly read: (bytes: number) => void;
  /** The header Idempotency-Key, for endpoints that say `repeatable`. */
  readonly key?: string;
  /** Those of the endpoint's flags that are in the query: `/readyz?strict`. */
  readonly flags: ReadonlySet<string>;
}

export interface KeptSession {
  readonly token: string;
  /** ms since 1970 */
  readonly endsAt: number;
}

/** JSON Schema for the documentation alone. */
export type AnswerSchema = Readonly<Record<string, unknown>>;

export interface Endpoint<Body extends BodySchema = BodySchema> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  readonly access: Access<BodyOf<Body>>;
  /** Counts among these of the caller's address. */
  readonly rate?: RateClass;
  /** What it sends for whom. */
  readonly sends?: (body: BodyOf<Body>) => Sending & { readonly userId: number };
  /** What it leaves in the store for days, whatever comes of it. */
  readonly keeps?: KeptClass;
  /** What an operator does by it, and what to, for the audit log; of what changes nothing, none. */
  readonly audited?: (body: BodyOf<Body>) => string;
  /** Takes the header Idempotency-Key: with it, repeating a request is harmless. */
  readonly repeatable?: true;
  /** What may be in the query, with or without a value, and what it asks for. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Required for POST. */
  readonly body?: Body;
  /** The `dataBody` of a success; null if absent. */
  readonly answer?: AnswerSchema;
  /** It answers a text of this type, without an envelope; errors have one all the same. */
  readonly contentType?: string;
  /** Returns the `dataBody`, or the text. Throws a CimError for every other outcome. */
  handle(body: BodyOf<Body>, caller: Caller): unknown;
}

/** Writes an endpoint down with its handler's body typed by its schema. */
export function endpoint<const Body extends BodySchema>(definition: Endpoint<Body>): Endpoint {
  return definition as unknown as Endpoint;
}

/** What else is in a query counts for nothing. */
export function flagsIn(query: unknown, { flags = {} }: Endpoint): ReadonlySet<string> {
  const given = Object.keys(query as object);
  return new Set(Object.keys(flags).filter((name) => given.includes(name)));
}
