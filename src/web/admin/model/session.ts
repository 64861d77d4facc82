/**
 * Who is signed in, and calls of the route in their name. The token is in a cookie that no script reads;
 * the other half is kept here, and said with each call.
 */
import { computed, signal } from '@preact/signals';
import { isText, keep, kept } from '../../model/keep.ts';

export interface Me {
  readonly name: string;
  readonly role: 'view' | 'manage';
}

/** Undefined: it is not known yet. Null: nobody. */
export const me = signal<Me | null | undefined>(undefined);

export const mayAct = computed(() => me.value?.role === 'manage');

/** What the route has refused, or that it does not answer. */
export class CallFailure extends Error {
  /** Of HTTP; 0: there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const halfName = 'operator';
const answerMsMax = 20_000;

/** Resolves to the `dataBody`. Rejects with a CallFailure. */
export async function call<Answer>(path: string, body?: object): Promise<Answer> {
  const half = kept(halfName, isText);
  const response = await fetch(`/admin/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'x-cim-version': '1',
      ...(half !== undefined && { 'x-cim-operator': half }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerMsMax),
  }).catch(() => {
    throw new CallFailure(0, '');
  });
  const { message = '', dataBody } = await response
    .json()
    .catch(() => ({ message: response.statusText }));
  if (response.ok) return dataBody as Answer;
  if (response.status === 401 && path !== 'signIn') forgetSession();
  throw new CallFailure(response.status, String(message));
}

/** Goes on with what this browser has. */
export async function resume(): Promise<void> {
  if (kept(halfName, isText) === undefined) {
    me.value = null;
    return;
  }
  try {
    me.value = await call<Me>('me');
  } catch {
    me.value = null;
  }
}

/** Rejects with a CallFailure. */
export async function signIn(name: string, password: string): Promise<void> {
  const told = await call<Me & { readonly half: string }>('signIn', { name, password });
  keep(halfName, told.half);
  me.value = { name: told.name, role: told.role };
}

/** In every browser. */
export async function signOut(): Promise<void> {
  try {
    await call('signOut', {});
  } finally {
    forgetSession();
  }
}

function forgetSession(): void {
  keep(halfName, undefined);
  me.value = null;
}
