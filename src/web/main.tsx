/** The web chat: a page for people, on the SDK. */
import { render } from 'preact';
import { followLanguage } from './i18n/words.ts';
import { resume } from './model/session.ts';
import { applySettings } from './model/settings.ts';
import { registerServiceWorker } from './shell.ts';
import { App } from './views/app.tsx';

applySettings();
await followLanguage();
render(<App />, document.body);
registerServiceWorker();
await resume();
