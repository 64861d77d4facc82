/** Keys of applications: the list, making one, and making one void. */
import { useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { useAsked } from '../model/asked.ts';
import { call, mayAct } from '../model/session.ts';
import type { ApiKey } from '../model/shapes.ts';
import { confirmed, ShownOnce, tried } from './actions.tsx';
import { timeOf } from './formats.ts';
import { Table } from './table.tsx';

export function Keys() {
  const { answer, failure, again } = useAsked<readonly ApiKey[]>('apiKeys');
  const [made, setMade] = useState<string>();
  const all = words.value;

  async function create(form: HTMLFormElement): Promise<void> {
    const fields = new FormData(form);
    const wanted = { label: String(fields.get('label')), scope: String(fields.get('scope')) };
    const created = await tried(() => call<{ readonly key: string }>('createApiKey', wanted));
    if (!created) return;
    form.reset();
    setMade(created.key);
    again();
  }

  async function revoke({ id, label }: ApiKey): Promise<void> {
    if (!(await confirmed(all.revoke, all.revokeText(label)))) return;
    await tried(() => call('revokeApiKey', { id }));
    again();
  }

  return (
    <section>
      <h2>{all.sections.keys}</h2>
      <p class="hint">{all.keysText}</p>
      {mayAct.value && (
        <form
          class="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            void create(event.currentTarget);
          }}
        >
          <label>
            {all.label}
            <input name="label" maxLength={64} required autocomplete="off" />
          </label>
          <label>
            {all.scope}
            <input name="scope" required placeholder={all.scopeText} autocomplete="off" />
          </label>
          <button type="submit" class="primary">
            {all.createKey}
          </button>
        </form>
      )}
      {failure && <p class="failure">{failure.message || all.noAnswer}</p>}
      <Table
        header={[all.label, all.scope, all.created, 'ID', ...(mayAct.value ? [all.what] : [])]}
        rows={(answer ?? []).map((key) => [
          key.label,
          key.scope,
          timeOf(key.createdAt),
          <code key="id">{key.id}</code>,
          ...(mayAct.value
            ? [
                <button key="revoke" type="button" class="danger" onClick={() => void revoke(key)}>
                  {all.revoke}
                </button>,
              ]
            : []),
        ])}
        empty={answer ? all.noKeys : all.loading}
      />
      {made !== undefined && (
        <ShownOnce
          title={all.createKey}
          text={all.key}
          value={made}
          onClose={() => setMade(undefined)}
        />
      )}
    </section>
  );
}
