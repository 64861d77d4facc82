// Puts the application into the page.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './chat.tsx';

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
