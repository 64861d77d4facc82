/**
 * Messages as they are after edits, retractions and reactions: everybody who may read one has the same
 * picture of it in the end, whatever device they look at, and in pages of whatever size.
 */
import type { Message } from '../../src/client/sdk/index.ts';
import type { SimulatedDevice } from './simulated-device.ts';

/** By message id, in words. */
export type Pictures = ReadonlyMap<string, string>;

export function pictureOf({ text, edited, retracted, reactions = [] }: Message): string {
  if (retracted) return 'retracted';
  const shown = reactions.map(({ from, emoji }) => `${from}: ${emoji.join(' ')}`);
  return [text, edited === undefined ? '' : 'edited', ...shown].join(' | ');
}

/**
 * In one line each: pictures that differ. `doubtful`: messages of which a change was not acknowledged:
 * it may be in the timeline of one side alone.
 */
export function comparePictures(
  views: readonly { readonly device: SimulatedDevice; readonly pictures: Pictures }[],
  doubtful: ReadonlySet<string>,
): string[] {
  const first = new Map<string, { readonly device: string; readonly picture: string }>();
  return views.flatMap(({ device: { name, user }, pictures }) =>
    [...pictures].flatMap(([id, picture]) => {
      const place = doubtful.has(id) && !id.includes('#') ? `${id} for ${user.userId}` : id;
      const other = first.get(place);
      if (!other) first.set(place, { device: name, picture });
      if (!other || other.picture === picture) return [];
      return [`${id} is "${picture}" for ${name}, "${other.picture}" for ${other.device}`];
    }),
  );
}
