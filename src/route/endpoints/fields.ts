/** Fields that several endpoints have in common. */
import { limits } from '../../base/limits.ts';

export const userId = { type: 'integer', minimum: 1, maximum: limits.userIdMax } as const;

export const text = {
  type: 'string',
  description: `at most ${limits.textBytesMax} bytes of UTF-8`,
} as const;

export const groupName = {
  type: 'string',
  minLength: 1,
  maxLength: limits.groupNameCharactersMax,
} as const;

/** Answers, for the documentation. */
export const string = { type: 'string' } as const;
export const integer = { type: 'integer' } as const;
export const boolean = { type: 'boolean' } as const;
