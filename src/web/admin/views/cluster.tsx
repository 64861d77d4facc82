/** The cluster: what is the matter, its last hour, its roles, and pushes that failed. */

import type { SeriesName } from '../../../base/process/vitals.ts';
import { words } from '../i18n/words.ts';
import { failedPushes, hours, isStale, roles, toldAt } from '../model/cluster.ts';
import { type Together, together } from '../model/hours.ts';
import { warningsOf } from '../model/warnings.ts';
import { bytesOf, delayOf, figureOf, percentOf, timeOf, wholeOf } from './formats.ts';
import { Graph, type GraphProps } from './graph.tsx';
import { Picture } from './picture.tsx';
import { Roles } from './roles.tsx';
import { Table } from './table.tsx';
import { WarningCard } from './warning.tsx';

export function Cluster() {
  const { loading, noAnswer, staleText } = words.value;
  if (!roles.value) return <p class="aside">{isStale.value ? noAnswer : loading}</p>;
  return (
    <>
      {isStale.value && (
        <p class="card warning bad" role="alert">
          {staleText(timeOf(toldAt.value))}
        </p>
      )}
      <Warnings />
      <Graphs />
      <Picture />
      <Roles />
      <Pushes />
    </>
  );
}

function Warnings() {
  const found = warningsOf(roles.value ?? []);
  const { warnings, allWell } = words.value;
  return (
    <section aria-label={warnings} aria-live="polite">
      {found.length === 0 && <p class="card all-well">{allWell}</p>}
      <ul class="stack">
        {found.map((warning) => (
          <WarningCard key={JSON.stringify(warning)} warning={warning} />
        ))}
      </ul>
    </section>
  );
}

function Graphs() {
  const { hour, figures, p50, p99, noFigures } = words.value;
  const series = (figure: SeriesName, how: Together) =>
    together(hours.value, figure, how, toldAt.value);
  const one = (
    title: string,
    [figure, how]: readonly [SeriesName, Together],
    show: GraphProps['show'],
  ): GraphProps => {
    const { times, values } = series(figure, how);
    return { title, times, lines: [{ name: title, values }], show };
  };
  const two = (title: string, low: SeriesName, high: SeriesName): GraphProps => {
    const { times, values } = series(low, 'max');
    const lines = [
      { name: p50, values },
      { name: p99, values: series(high, 'max').values },
    ];
    return { title, times, lines, show: delayOf };
  };
  const graphs: readonly GraphProps[] = [
    one(figures.connections, ['connections', 'sum'], wholeOf),
    one(figures.messages, ['storedPerSecond', 'sum'], figureOf),
    two(figures.shown, 'shownP50Ms', 'shownP99Ms'),
    two(figures.store, 'storeP50Ms', 'storeP99Ms'),
    one(figures.refused, ['refusedPerSecond', 'sum'], figureOf),
    one(figures.lag, ['lagP99Ms', 'max'], delayOf),
    one(figures.cpu, ['cpuPercent', 'processes'], percentOf),
    one(figures.memory, ['memoryBytes', 'processes'], bytesOf),
  ];
  const isEmpty = graphs.every(({ lines }) =>
    lines.every(({ values }) => values.every((value) => value === null)),
  );
  return (
    <section>
      <h2>{hour}</h2>
      {isEmpty && <p class="hint">{noFigures}</p>}
      <div class="graphs">
        {graphs.map((graph) => (
          <Graph key={graph.title} {...graph} />
        ))}
      </div>
    </section>
  );
}

function Pushes() {
  const { pushes, pushesText, noPushes, when, toWhom, where, why, whys, person } = words.value;
  return (
    <section>
      <h2>{pushes}</h2>
      <p class="hint">{pushesText}</p>
      <Table
        header={[when, toWhom, where, why]}
        rows={failedPushes.value.map(({ at, to, server, why: reason }) => [
          timeOf(at),
          'userId' in to ? person(to.userId) : `#${to.group}`,
          server,
          whys[reason],
        ])}
        empty={noPushes}
      />
    </section>
  );
}
