/** The last hour of all roles together. */
import type { SeriesName } from '../../../base/process/vitals.ts';
import type { RoleHour } from './shapes.ts';

const hourMs = 3_600_000;

/** `processes`: the sum, each process once; roles of one process have one instance. */
export type Together = 'sum' | 'max' | 'processes';

export interface Series {
  /** In s since 1970. */
  readonly times: readonly number[];
  /** Null: nobody knows. */
  readonly values: readonly (number | null)[];
}

/**
 * Of all roles that have such a figure. Their clocks are taken to be that of this browser: the last
 * point of each is of now.
 */
export function together(
  hours: readonly RoleHour[],
  figure: SeriesName,
  how: Together,
  now: number,
): Series {
  const known = how === 'processes' ? oneOfEach(hours) : hours;
  const found = known.flatMap((hour) =>
    'silent' in hour ? [] : [{ stepMs: hour.stepMs, points: hour.series[figure] ?? [] }],
  );
  const stepMs = found[0]?.stepMs ?? 5_000;
  const count = hourMs / stepMs;
  const places = Array.from({ length: count }, (_, place) => count - 1 - place);
  return {
    times: places.map((back) => (now - back * stepMs) / 1_000),
    values: places.map((back) => {
      const values = found.flatMap(({ points }) => points[points.length - 1 - back] ?? []);
      if (values.length === 0) return null;
      return how === 'max' ? Math.max(...values) : values.reduce((sum, each) => sum + each, 0);
    }),
  };
}

function oneOfEach(hours: readonly RoleHour[]): readonly RoleHour[] {
  return [...new Map(hours.map((hour) => [hour.instance, hour])).values()];
}
