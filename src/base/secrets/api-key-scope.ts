/**
 * What the key of an application may be used for, as a value and as text: `push`, `read`,
 * `groups`, `topics` or `group:NAME`.
 */
import { CimError } from '../errors.ts';
import { groupNameOf } from '../text/names.ts';

export type ApiKeyScope =
  /** Send as any user. */
  | { readonly kind: 'push' }
  /** Send as any user, to this one group. */
  | { readonly kind: 'group'; readonly group: string }
  /** Read: who is online, history, groups and their members. */
  | { readonly kind: 'read' }
  /** Do what any user may do about groups: make, join and leave them, change them and who is in them. */
  | { readonly kind: 'groups' }
  /** Publish to topics of devices, and read what is retained of them. */
  | { readonly kind: 'topics' };

/** What there is, in words. */
export const scopeForms = 'push, read, groups, topics or group:NAME';

/** Throws `invalid-argument`. */
export function parseScope(text: string): ApiKeyScope {
  if (text === 'push' || text === 'read' || text === 'groups' || text === 'topics')
    return { kind: text };
  const group = /^group:(.*)$/s.exec(text)?.[1];
  if (group === undefined) {
    throw new CimError('invalid-argument', `scope: must be ${scopeForms}`);
  }
  return { kind: 'group', group: groupNameOf(group) };
}

export function formatScope(scope: ApiKeyScope): string {
  return scope.kind === 'group' ? `group:${scope.group}` : scope.kind;
}
