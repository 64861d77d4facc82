/** Where a message is, and what would become of one to somebody now. */
import { words } from '../i18n/words.ts';
import { useAsked } from '../model/asked.ts';
import { serverNames } from '../model/cluster.ts';
import { addressOf, chosen } from '../model/place.ts';
import type { Outlook, Trace } from '../model/shapes.ts';
import { timeOf } from './formats.ts';
import { Table } from './table.tsx';

export function TraceSection() {
  const all = words.value;
  const wanted = chosen.value ?? '';
  return (
    <section>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          location.hash = addressOf('trace', String(fields.get('wanted')).trim());
        }}
      >
        <label>
          {all.traceWhat}
          <input
            key={wanted}
            name="wanted"
            defaultValue={wanted}
            maxLength={160}
            required
            autocomplete="off"
          />
        </label>
        <button type="submit" class="primary">
          {all.find}
        </button>
      </form>
      <p class="hint">{all.traceText}</p>
      {wanted !== '' && <Found key={wanted} wanted={wanted} />}
    </section>
  );
}

/** An id of a message; or a number of a user or a `#group`, for one to come. */
function Found({ wanted }: { readonly wanted: string }) {
  if (/^\d{1,16}$/.test(wanted)) return <OutlookView body={{ to: Number(wanted) }} />;
  if (wanted.startsWith('#')) return <OutlookView body={{ group: wanted.slice(1) }} />;
  return <TraceView id={wanted} />;
}

function OutlookView({ body }: { readonly body: object }) {
  const { answer, failure } = useAsked<Outlook>('outlook', body);
  const all = words.value;
  if (failure) return <p class="failure">{failure.message || all.noAnswer}</p>;
  if (!answer) return <p class="aside">{all.loading}</p>;
  return (
    <>
      <h2>{all.outlook}</h2>
      <Ways {...answer} />
    </>
  );
}

function TraceView({ id }: { readonly id: string }) {
  const { answer, failure } = useAsked<Trace>('trace', { id });
  const all = words.value;
  if (failure) return <p class="failure">{failure.message || all.noAnswer}</p>;
  if (!answer) return <p class="aside">{all.loading}</p>;
  const { copies, pushes, delivered, read } = answer;
  const isGroup = copies[0]?.timeline.startsWith('g:') ?? false;
  return (
    <>
      <h2>{id}</h2>
      <p class={copies[0]?.seq === null ? 'failure' : ''}>
        {isGroup ? all.reachedMembers(delivered, read) : all.reached(delivered > 0, read > 0)}
      </p>
      <h3>{all.stored}</h3>
      <Table
        header={[all.keptFor, all.numberThere, all.when]}
        rows={copies.map(({ timeline, seq, at, searched }) => [
          timelineName(timeline),
          seq === null ? (
            <span key="seq" class="failure">
              {all.notAmong(searched)}
            </span>
          ) : (
            seq
          ),
          at === null ? '' : timeOf(at),
        ])}
        empty={all.loading}
      />
      <h3>{all.pushed}</h3>
      <Table
        header={[all.when, all.where, all.outcome]}
        rows={pushes.map(({ at, instance, outcome }) => [
          timeOf(at),
          serverNames.value.get(instance) ?? instance,
          <span key="outcome" class={outcome === 'handed over' ? '' : 'failure'}>
            {all.outcomes[outcome]}
          </span>,
        ])}
        empty={all.noPush}
      />
      <Ways {...answer} />
    </>
  );
}

/** What is in the way, and who is there to take it. */
function Ways({ sessions, obstacles }: Outlook) {
  const all = words.value;
  return (
    <>
      {obstacles.length > 0 && (
        <>
          <h3>{all.obstacles}</h3>
          <ul>
            {obstacles.map((obstacle) => (
              <li key={obstacle} class="failure">
                {obstacle}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{all.takers}</h3>
      <Table
        header={[all.device, all.where]}
        rows={sessions.map(({ device, server }) => [
          device === '' ? all.someMembers : device,
          serverNames.value.get(server) ?? server,
        ])}
        empty={all.nobodyThere}
      />
    </>
  );
}

/** `u:7`, `g:team`. */
function timelineName(timeline: string): string {
  const name = timeline.slice(2);
  return timeline.startsWith('g:') ? `#${name}` : words.value.person(Number(name));
}
