/** The dashboard: a page for operators, below /admin of a route. */
import { render } from 'preact';
import { applySettings } from '../model/settings.ts';
import { resume } from './model/session.ts';
import { App } from './views/app.tsx';

applySettings();
render(<App />, document.body);
await resume();
