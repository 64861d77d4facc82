/** A graph of the last hour. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { language, theme } from '../../model/settings.ts';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface GraphProps {
  readonly title: string;
  readonly times: readonly number[];
  /** One or two. */
  readonly lines: readonly Line[];
  readonly show: (value: number) => string;
}

const height = 120;

export function Graph({ title, times, lines, show }: GraphProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const data: uPlot.AlignedData = [[...times], ...lines.map(({ values }) => [...values])];
  const names = lines.map(({ name }) => name).join();
  // Colours are those of the page: another theme, another graph.
  useLayoutEffect(() => {
    const { current } = place;
    if (!current) return undefined;
    const made = new uPlot(optionsOf(current, lines, show), data, current);
    plot.current = made;
    const watch = new ResizeObserver(() => {
      made.setSize({ width: current.clientWidth, height });
    });
    watch.observe(current);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [names, theme.value, language.value]);
  useEffect(() => plot.current?.setData(data));
  const newest = lines.map(({ name, values }) => {
    const value = values.at(-1) ?? values.at(-2);
    return { name, text: value === null || value === undefined ? '–' : show(value) };
  });
  return (
    <figure class="card graph">
      <figcaption>
        <span>{title}</span>
        {newest.map(({ name, text }, index) => (
          <span key={name} class={`figure line-${index}`}>
            <strong>{text}</strong> {lines.length > 1 && <small>{name}</small>}
          </span>
        ))}
      </figcaption>
      <div ref={place} class="plot" aria-hidden="true" />
    </figure>
  );
}

function optionsOf(
  place: HTMLElement,
  lines: readonly Line[],
  show: (value: number) => string,
): uPlot.Options {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--quiet'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const clock = new Intl.DateTimeFormat(language.value, {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
  const strokes = [colour('--accent'), colour('--warn-line')];
  return {
    ...{ width: place.clientWidth, height, padding: [8, 8, 0, 0] },
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        size: 24,
        space: 60,
        values: (_plot, at) => at.map((each) => clock.format(each * 1_000)),
      },
      { ...axis, size: 62, values: (_plot, values) => values.map(show) },
    ],
    series: [
      {},
      ...lines.map(
        ({ name }, index): uPlot.Series => ({
          label: name,
          stroke: strokes[index] ?? '',
          width: 1.5,
          fill: index === 0 && lines.length === 1 ? colour('--accent-soft') : '',
          points: { show: false },
        }),
      ),
    ],
  };
}
