/** What a line of input asks for. Lines become actions in input.ts; line-runner.ts does them. */
import type {
  GroupHistory,
  GroupSettings,
  HistoryQuery,
  MessageExtras,
  Target,
} from '../../sdk/index.ts';

export type Action =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'send';
      readonly target: Target;
      readonly text: string;
      readonly extras?: MessageExtras;
    }
  | MessageAction
  | {
      readonly kind: 'file';
      readonly target: Target;
      readonly path: string;
      readonly replyTo?: string;
    }
  /** `message`: as it was named. Undefined: to this folder. */
  | { readonly kind: 'open'; readonly message: string; readonly path: string | undefined }
  | { readonly kind: 'read'; readonly message: string }
  | {
      readonly kind: 'schedule';
      readonly target: Target;
      readonly text: string;
      readonly delaySeconds: number;
    }
  | { readonly kind: 'quit' }
  | Query
  | Refusal;

/** What is said of a message, or done to it. `message`: as it was named (recent-messages.ts). */
export type MessageAction =
  | { readonly kind: 'reply' | 'edit'; readonly message: string; readonly text: string }
  | { readonly kind: 'retract'; readonly message: string }
  | { readonly kind: 'react'; readonly message: string; readonly emoji: readonly string[] };

/** What is answered with a result. */
export type Query =
  | { readonly kind: 'help' }
  | { readonly kind: 'info' }
  | { readonly kind: 'emoji'; readonly page: number }
  | { readonly kind: 'online'; readonly prefix: string }
  | { readonly kind: 'history'; readonly query: HistoryQuery }
  | { readonly kind: 'more' }
  | { readonly kind: 'conversations'; readonly limit: number }
  | ({ readonly kind: 'mute' | 'unmute' | 'pin' | 'unpin' } & Target)
  | { readonly kind: 'read-by' | 'trace'; readonly message: string }
  | { readonly kind: 'delayed' }
  | { readonly kind: 'cancel'; readonly id: string }
  | {
      readonly kind: 'create';
      readonly group: string;
      readonly history?: GroupHistory;
      readonly e2ee?: true;
    }
  | { readonly kind: 'join' | 'leave' | 'members' | 'group'; readonly group: string }
  | { readonly kind: 'set-group'; readonly group: string; readonly settings: GroupSettings }
  | {
      readonly kind: 'admin' | 'unadmin' | 'owner' | 'invite' | 'remove';
      readonly group: string;
      readonly userId: number;
    }
  | { readonly kind: 'block' | 'unblock'; readonly userId: number }
  | { readonly kind: 'watch' | 'unwatch'; readonly userIds: readonly number[] }
  | { readonly kind: 'last-seen'; readonly isShown: boolean }
  | { readonly kind: 'groups' | 'invitations' | 'blocked' }
  | { readonly kind: 'show-secret' | 'rotate-secret' }
  /** Undefined: to a file named after the user. */
  | { readonly kind: 'export'; readonly path: string | undefined }
  /** Undefined: it is only asked for. */
  | { readonly kind: 'delete-account'; readonly userId: number | undefined }
  | { readonly kind: 'verify'; readonly userId: number; readonly isConfirmed: boolean };

/** The line makes no sense; `bad-command`: as a command. `message` is one line that helps. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly code: 'bad-command' | 'invalid-argument' | 'too-long';
  readonly message: string;
}

export function refuse(code: Refusal['code'], message: string): Refusal {
  return { kind: 'refusal', code, message };
}
