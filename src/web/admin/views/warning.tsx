/** One thing that is the matter, with what to do about it. */
import { Icon } from '../../views/icons.tsx';
import { words } from '../i18n/words.ts';
import type { Warning } from '../model/warnings.ts';
import { timeOf } from './formats.ts';

interface Told {
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
}

export function WarningCard({ warning }: { readonly warning: Warning }) {
  const { title, detail, remedy } = toldOf(warning);
  return (
    <li class={`card warning ${warning.isBad ? 'bad' : ''}`}>
      <Icon name="warning" />
      <div>
        <strong>{title}</strong> <span>{detail}</span>
        <p>
          {words.value.remedy} {remedy}
        </p>
      </div>
    </li>
  );
}

function toldOf(warning: Warning): Told {
  const all = words.value;
  switch (warning.kind) {
    case 'problem': {
      const { fault, reason, roles, since } = warning;
      const known = all.faults[fault];
      const place = `${roles.join(', ')}, ${all.since(timeOf(since))}`;
      // The reason has more than the words, if any: which disk, how many seconds.
      const more = reason.startsWith(known.words)
        ? reason.slice(known.words.length)
        : `: ${reason}`;
      return { title: `${known.words}${more}`, detail: place, remedy: known.remedy };
    }
    case 'silent':
      return { title: all.silent(warning.role), detail: warning.reason, remedy: all.silentRemedy };
    case 'nobody-takes-logins':
      return { title: all.nobodyTakesLogins, detail: '', remedy: all.nobodyTakesLoginsRemedy };
    case 'versions':
      return {
        title: all.versions(warning.versions.join(', ')),
        ...{ detail: '', remedy: all.versionsRemedy },
      };
    case 'door':
      return { title: warning.text, detail: '', remedy: all.doorRemedy };
  }
}
