import type { RouteSettings } from '../../config/settings.ts';

/** What the settings leave open, one line each: said at the start, and by /readyz. */
export function openDoors({ auth }: Pick<RouteSettings, 'auth'>): readonly string[] {
  if (auth !== 'open') return [];
  return [
    '--auth open: whoever can reach the ports may log in as anybody; for closed networks only',
  ];
}
