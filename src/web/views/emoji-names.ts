/** All emoji with their English names, in the usual order. */

/** deploy/build/web.mjs puts in what emojilib has, as JSON. */
declare const EMOJI_NAMES: string;

export const emojiNames: readonly (readonly [emoji: string, name: string])[] =
  JSON.parse(EMOJI_NAMES);
