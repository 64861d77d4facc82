/** The page: whoever is signed in sees a section, everybody else a form. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon, type IconName } from '../../views/icons.tsx';
import { words } from '../i18n/words.ts';
import { follow, stopFollowing } from '../model/cluster.ts';
import { addressOf, type Section, section, sections } from '../model/place.ts';
import { me, signOut } from '../model/session.ts';
import { Notices, Questions, tried } from './actions.tsx';
import { Audit } from './audit.tsx';
import { Choices } from './choices.tsx';
import { Cluster } from './cluster.tsx';
import { Groups } from './groups.tsx';
import { Keys } from './keys.tsx';
import { People } from './people.tsx';
import { SignIn } from './sign-in.tsx';
import { TraceSection } from './trace.tsx';

const views: Readonly<Record<Section, () => JSX.Element>> = {
  cluster: Cluster,
  people: People,
  groups: Groups,
  trace: TraceSection,
  keys: Keys,
  audit: Audit,
};

const icons: Readonly<Record<Section, IconName>> = {
  cluster: 'settings',
  people: 'group',
  groups: 'link',
  trace: 'search',
  keys: 'lock',
  audit: 'clock',
};

export function App() {
  const who = me.value;
  if (who === undefined) return <p class="aside">{words.value.loading}</p>;
  return (
    <>
      {who === null ? <SignIn /> : <Desk />}
      <Questions />
      <Notices />
    </>
  );
}

function Desk() {
  useEffect(() => {
    void follow();
    return stopFollowing;
  }, []);
  const View = views[section.value];
  const { title, sections: names } = words.value;
  return (
    <div class="desk">
      <header class="desk-header">
        <h1>
          cim <small>{title}</small>
        </h1>
        <nav aria-label={title}>
          {sections.map((each) => (
            <a
              key={each}
              href={addressOf(each)}
              class="with-icon"
              {...(each === section.value && { 'aria-current': 'page' })}
            >
              <Icon name={icons[each]} />
              {names[each]}
            </a>
          ))}
        </nav>
        <Own />
      </header>
      <main>
        <View />
      </main>
    </div>
  );
}

function Own() {
  const { mayLook, mayManage, signOut: leave, signOutHint } = words.value;
  const { name = '', role = 'view' } = me.value ?? {};
  return (
    <div class="own">
      <Choices />
      <span>
        {name} <small>{role === 'manage' ? mayManage : mayLook}</small>
      </span>
      <button type="button" title={signOutHint} onClick={() => void tried(signOut)}>
        {leave}
      </button>
    </div>
  );
}
