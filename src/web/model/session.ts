/** Who is signed in here: a new account, one that another device has, or one of an application. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { CimError, type User } from '../../client/sdk/index.ts';
import { words } from '../i18n/words.ts';
import { Chat } from './chat.ts';
import { awaitToken, isFramed, tokenOfAddress } from './embedding.ts';
import { forget, isRecord, keep, kept, whenKeptElsewhere } from './keep.ts';
import { attempt, reasonOf } from './notices.ts';
import { openClient, type Proof, userOf } from './open-client.ts';

/** How users prove who they are in this cluster (--auth): the page is told. */
export type AuthMode = 'secret' | 'jwt' | 'open';

/** `out`: nobody is; `problem` says why, if somebody was or wanted to be. */
export type Session =
  | { readonly status: 'out'; readonly problem?: string }
  | { readonly status: 'entering' }
  | { readonly status: 'in'; readonly chat: Chat };

export const authMode: AuthMode = modeOf(
  document.querySelector<HTMLMetaElement>('meta[name=cim-auth]')?.content,
);

const own = signal<Session>({ status: 'entering' });
export const session: ReadonlySignal<Session> = own;

/** The secret of an account that was made just now: to be written down. */
export const newSecret = signal<string | undefined>(undefined);

/** Ids that are drawn: short enough to be told to somebody. */
const drawnIds = { first: 10_000_000, count: 90_000_000 } as const;
/** So often another one is drawn, if somebody has it. */
const drawsMax = 5;

/** Whoever was signed in here still is. */
export async function resume(): Promise<void> {
  if (!isSecureContext) {
    own.value = { status: 'out', problem: words.peek().insecure };
    return;
  }
  if (authMode === 'jwt') return enterByToken();
  const user = kept('account', isUser);
  if (!user) {
    own.value = { status: 'out' };
    return;
  }
  await enter(user);
}

/** Signed in in another tab: here as well. */
whenKeptElsewhere('account', () => {
  if (own.peek().status === 'out') void resume();
});

/** A new account under this name. */
export async function signUp(userName: string): Promise<void> {
  if (authMode === 'open') {
    own.value = { status: 'entering' };
    try {
      await enter(await accountOf(userName));
    } catch (error) {
      own.value = { status: 'out', problem: reasonOf(error) };
    }
    return;
  }
  for (let draw = 1; ; draw++) {
    const error = await enter({ userId: drawnId(), userName });
    if (error === undefined) break;
    if (!(error instanceof CimError) || error.kind !== 'id-taken' || draw === drawsMax) return;
  }
  const session = own.peek();
  if (session.status === 'in') newSecret.value = await session.chat.client.secret();
}

/** An account of another device, by its secret. */
export async function signIn(user: User, secret: string): Promise<void> {
  await enter(user, { secret });
}

/** Leaves, in all tabs; what this browser has of the account is deleted. */
export async function signOut(): Promise<void> {
  const session = own.peek();
  if (session.status !== 'in') return;
  const { chat } = session;
  own.value = { status: 'entering' };
  await chat.client.forget();
  left(chat);
}

function left(chat: Chat, problem?: string): void {
  chat.end();
  if (problem === undefined) {
    keep('account', undefined);
    forget(`${chat.me.userId}.`);
  }
  newSecret.value = undefined;
  own.value = { status: 'out', ...(problem !== undefined && { problem }) };
}

/** Answers why it did not work. */
async function enter(user: User, proof: Proof = {}): Promise<unknown> {
  own.value = { status: 'entering' };
  const client = openClient(user, proof, () => void attempt(() => chat.outdated()));
  const chat = new Chat(client, user);
  client.on('closed', ({ error }) => {
    const session = own.peek();
    // In another tab, unless there is an error.
    if (session.status === 'in' && session.chat === chat)
      left(chat, error ? reasonOf(error) : undefined);
  });
  const started = client.start();
  void attempt(() => chat.showPending());
  // Whoever was here before sees what there is at once, also without a network.
  if (kept('account', isUser)?.userId === user.userId) {
    own.value = { status: 'in', chat };
    void attempt(() => chat.showKeptList());
  }
  try {
    await started;
    if (!proof.token) keep('account', user);
    own.value = { status: 'in', chat };
    return undefined;
  } catch (error) {
    if (own.peek().status !== 'out') left(chat, reasonOf(error));
    return error;
  }
}

/** With the word of an application: in the address, or of the page that this one is a frame of. */
async function enterByToken(): Promise<void> {
  try {
    const first = tokenOfAddress() ?? (await awaitToken());
    let isUsed = false;
    // The first is good for one login; a page around this one has newer ones.
    const token = async () => {
      if (!isUsed || !isFramed()) {
        isUsed = true;
        return first;
      }
      return awaitToken();
    };
    await enter(await userOf(first), { token });
  } catch (error) {
    own.value = { status: 'out', problem: reasonOf(error) };
  }
}

/** Where nobody has a secret: the id of a name, whoever bears it. */
async function accountOf(userName: string): Promise<User> {
  const response = await fetch('/registerAccount', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userName }),
  });
  const answer: unknown = await response.json();
  const user = isRecord(answer) ? answer['dataBody'] : undefined;
  if (isUser(user)) return user;
  throw new CimError('unavailable', String(isRecord(answer) ? answer['message'] : ''));
}

function drawnId(): number {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return drawnIds.first + (random % drawnIds.count);
}

function isUser(value: unknown): value is User {
  return (
    isRecord(value) &&
    Number.isSafeInteger(value['userId']) &&
    typeof value['userName'] === 'string'
  );
}

function modeOf(text: string | undefined): AuthMode {
  return text === 'jwt' || text === 'open' ? text : 'secret';
}
