export { command } from './generated/wire.ts';

/**
 * The version of the cim wire that this build speaks; neighbours one version apart work together.
 */
export const protocolVersion = 3;
/** Since which messages may have a content, and be silent. */
export const contentVersion = 2;

/** The group that everybody online is in. */
export const lobby = 'lobby';
