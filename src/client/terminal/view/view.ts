/**
 * What the terminal shows: json-view.ts shows it to scripts, human-view.ts to people. A method that
 * returns a promise resolves when the reader of the output has taken what there was to take. It
 * rejects when there is no reader any more.
 */
import type {
  ClientEvents,
  ClientState,
  Conversation,
  DelayedMessage,
  GroupMembership,
  GroupSettings,
  Invitation,
  Mark,
  Message,
  MessageTrace,
  PeerKey,
  SentMessage,
  Target,
  User,
} from '../../sdk/index.ts';
import type { NamedEmoji } from '../input/emoji.ts';
import type { ReadBy } from '../readers.ts';

/** A line of input. Numbered from 1, blank ones included. */
export interface InputLine {
  readonly number: number;
  readonly text: string;
}

/** A text that a line asked to send. */
export interface Outgoing {
  readonly target: Target;
  readonly text: string;
  /** What it does, and to which message; absent: it is a message of its own. */
  readonly about?: { readonly kind: 'reply' | 'edit' | 'retract' | 'react'; readonly id: string };
}

/** What was done about a user of a group. */
export type MemberChange = 'admin' | 'unadmin' | 'owner' | 'invite' | 'remove';

/** What was done about a conversation. */
export type ConversationChange = 'mute' | 'unmute' | 'pin' | 'unpin';

/** The answer to a command. */
export type Result =
  | {
      readonly kind: 'help';
      readonly inputs: readonly (readonly [typed: string, effect: string])[];
    }
  | { readonly kind: 'info'; readonly info: Info }
  | {
      readonly kind: 'emoji';
      readonly emoji: readonly NamedEmoji[];
      readonly page: number;
      readonly pages: number;
    }
  | { readonly kind: 'online'; readonly users: readonly User[]; readonly prefix: string }
  | { readonly kind: 'created' | 'joined'; readonly membership: GroupMembership }
  | { readonly kind: 'left'; readonly group: string }
  | {
      readonly kind: 'conversations';
      /** Pinned ones first, then the newest. */
      readonly conversations: readonly Conversation[];
      /** It goes on from an earlier one. */
      readonly isMore: boolean;
      /** There are older ones. */
      readonly older: boolean;
    }
  | { readonly kind: 'read-by'; readonly readBy: ReadBy }
  | { readonly kind: 'trace'; readonly trace: MessageTrace }
  | {
      readonly kind: 'conversation-set';
      readonly change: ConversationChange;
      readonly target: Target;
    }
  | { readonly kind: 'delayed'; readonly messages: readonly DelayedMessage[] }
  | { readonly kind: 'cancelled'; readonly message: DelayedMessage }
  | { readonly kind: 'groups'; readonly memberships: readonly GroupMembership[] }
  | { readonly kind: 'invitations'; readonly invitations: readonly Invitation[] }
  | { readonly kind: 'verify'; readonly key: PeerKey }
  | { readonly kind: 'secret'; readonly secret: string | undefined }
  | { readonly kind: 'rotated' }
  | { readonly kind: 'read'; readonly id: string }
  | {
      readonly kind: 'exported';
      readonly file: string;
      readonly messages: number;
      /** There were older ones, but they are not kept any more. */
      readonly expired: boolean;
    }
  | {
      readonly kind: 'opened';
      /** Where it is now. */
      readonly file: string;
      /** As its sender calls it. */
      readonly name: string;
      readonly bytes: number;
    }
  | { readonly kind: 'deleted'; readonly userId: number }
  | { readonly kind: 'group'; readonly membership: GroupMembership }
  | { readonly kind: 'group-set'; readonly group: string; readonly settings: GroupSettings }
  | {
      readonly kind: 'member-changed';
      readonly change: MemberChange;
      readonly group: string;
      readonly userId: number;
    }
  | { readonly kind: 'blocking'; readonly userId: number; readonly isBlocked: boolean }
  | {
      readonly kind: 'watching';
      readonly userIds: readonly number[];
      readonly isWatched: boolean;
    }
  | { readonly kind: 'last-seen'; readonly isShown: boolean }
  | { readonly kind: 'blocked'; readonly users: readonly User[] }
  | { readonly kind: 'members'; readonly users: readonly User[]; readonly group: string }
  | {
      readonly kind: 'history';
      readonly messages: readonly Message[];
      readonly keyword?: string;
      /** It goes on from an earlier one. */
      readonly isMore: boolean;
      /** Messages that the client itself has searched, as no route can. */
      readonly searched?: number;
      /** There may be older ones still. */
      readonly older: boolean;
      /** There were, but they are not kept any more. */
      readonly expired: boolean;
    };

interface Info {
  readonly userId: number;
  readonly userName: string;
  readonly state: ClientState;
  /** Absent before the first login. */
  readonly device?: string;
  readonly server?: string;
}

/** A file on its way: `bytes` of `total`. */
export interface Transfer {
  readonly what: string;
  readonly bytes: number;
  readonly total: number;
  readonly percent: number;
}

export interface View {
  ready(event: ClientEvents['ready']): void;
  offline(reason: string): void;
  /** What was sent is refused for some seconds, for this reason. */
  waiting(event: ClientEvents['waiting']): void;
  result(line: InputLine, result: Result): Promise<void>;
  sent(line: InputLine, outgoing: Outgoing, sent: SentMessage): Promise<void>;
  scheduled(line: InputLine, outgoing: Outgoing, delaySeconds: number, id: string): Promise<void>;
  /** What this line has begun is so far. */
  transferring(line: InputLine, transfer: Transfer): void;
  /** It is over, in whatever way. */
  transferred(line: InputLine): void;
  /** `outgoing` if there was a text to be sent. */
  refused(line: InputLine, code: string, message: string, outgoing?: Outgoing): Promise<void>;
  /**
   * This text never left: the session ended before, and `closed` says the same reason after all of
   * these.
   */
  unsent(line: InputLine, outgoing: Outgoing, reason: string): Promise<void>;
  /** Somebody is typing, or no longer. */
  typing(event: ClientEvents['typing']): void;
  /** Somebody who is watched has come, or gone. */
  presence(event: ClientEvents['presence']): void;
  /** The key of somebody, perhaps one's own, is another one than before. */
  keyChanged(change: ClientEvents['keyChanged']): void;
  /** Something that the person at the terminal should know, in one line. */
  notice(text: string): void;
  /** This line said to leave. */
  quitting(line: InputLine): void;
  /** About to end, as soon as this many texts are stored. */
  leaving(outstandingCount: number): void;
  /**
   * The last thing that is shown. `isWanted`: it ends because it was asked to, and nothing was
   * lost.
   */
  closed(reason: string, isWanted: boolean): Promise<void>;
}

/** Takes what arrives. What it has taken is acknowledged: it does not come again. */
export interface Inbox {
  message(message: Message): Promise<void>;
  edited(event: ClientEvents['edited']): Promise<void>;
  retracted(event: ClientEvents['retracted']): Promise<void>;
  reactions(event: ClientEvents['reactions']): Promise<void>;
  /** Somebody has got as far as this in a conversation, or (their own `by`) another device of the user. */
  marked(kind: 'delivered' | 'read', mark: Mark): void;
  gap(gap: ClientEvents['gap']): void;
  /** The user is in this group now, by what another device has asked for. */
  joined(event: ClientEvents['joined']): void;
  /** The user is in this group no longer, and has not asked for it here. */
  left(event: ClientEvents['left']): void;
  /** What a group is from now on. */
  groupChanged(facts: ClientEvents['groupChanged']): void;

  invited(invitation: Invitation): void;
  /** Who is in an encrypted group has changed, or its key. */
  groupNews(news: ClientEvents['groupNews']): void;
  /** Who is in an encrypted group: all of them. */
  groupMembers(members: ClientEvents['groupMembers']): void;
  /** In place of a message. */
  unreadable(message: ClientEvents['unreadable']): void;
}
