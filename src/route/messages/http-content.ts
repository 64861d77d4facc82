/** What a message that comes over HTTP is beside its text: from the fields of its request to bytes. */
import { CimError } from '../../base/errors.ts';
import { editLead, fileText, reactionsText, retractionText } from '../../codec/content-words.ts';
import type { MessageFile } from '../../codec/file-content.ts';
import { isSameConversation, parseIdentity } from '../../codec/identity.ts';
import { encodeContent } from '../../codec/message-content.ts';

/** As `cim client --json` takes them. At most one of `edit`, `retract` and `react`. */
export interface ContentFields {
  readonly replyTo?: string;
  readonly mentions?: readonly number[];
  /** The id of a message of the sender's: the text is its new one. */
  readonly edit?: string;
  /** The id of a message of the sender's. */
  readonly retract?: string;
  /** The id of a message; `emoji` are all of the sender's reactions to it. */
  readonly react?: string;
  readonly emoji?: readonly string[];
  readonly custom?: { readonly type: string; readonly data: Uint8Array };
  readonly file?: MessageFile;
  readonly silent?: boolean;
}

/** By whom, and where. */
interface Place {
  readonly from: number;
  readonly name: string;
  readonly to: number;
  readonly group: string;
  /** Ms since 1970. */
  readonly at: number;
}

export interface Said {
  readonly text: string;
  readonly content?: Uint8Array;
  readonly silent?: boolean;
}

/** Throws a CimError: `invalid-argument`, `not-the-author`. */
export function saidOverHttp(text: string | undefined, fields: ContentFields, place: Place): Said {
  const { edit, retract, react, emoji = [], replyTo, mentions, custom, file, silent } = fields;
  for (const id of [replyTo, edit, retract, react]) if (id !== undefined) assertHere(id, place);
  for (const id of [edit, retract]) if (id !== undefined) assertOwn(id, place);
  const { name, at: counter } = place;
  const lead = editLead.length;
  const content = {
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions && { mentions }),
    ...(custom && { custom }),
    ...(file && { file }),
    ...(edit !== undefined && { edit: { target: edit, counter, lead } }),
    ...(retract !== undefined && { retract: { target: retract } }),
    ...(react !== undefined && { reactions: { target: react, counter, emoji } }),
  };
  const isChange = edit !== undefined || retract !== undefined || react !== undefined;
  const isSilent = silent ?? isChange;
  return {
    text: wordsOf(text, fields, name),
    ...(Object.keys(content).length > 0 && { content: encodeContent(content) }),
    ...(isSilent && { silent: true }),
  };
}

function wordsOf(text: string | undefined, fields: ContentFields, name: string): string {
  const { edit, retract, react, emoji = [], file } = fields;
  if (retract !== undefined) return retractionText(name);
  if (react !== undefined) return reactionsText(name, emoji);
  if (text === undefined && file) return fileText(file);
  if (text === undefined) throw new CimError('invalid-argument', 'msg: must be given');
  return edit === undefined ? text : `${editLead}${text}`;
}

function assertHere(id: string, { from, to, group }: Place): void {
  const message = parseIdentity(id);
  if (!message || !isSameConversation(message, { from, to, group }))
    throw new CimError('invalid-argument', `${id} is not the id of a message of this conversation`);
}

function assertOwn(id: string, { from }: Place): void {
  if (parseIdentity(id)?.from !== from) throw new CimError('not-the-author');
}
