import '@testing-library/jest-dom/jest-globals';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { configure } from '@testing-library/react';
import { signIn } from './backend.ts';
import { asked, server } from './server.ts';

// The first import of @grafana/ui takes seconds on a busy machine.
configure({ asyncUtilTimeout: 10_000, getElementError: (message) => new Error(message ?? 'not found') });

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
beforeEach(() => {
  signIn('viewer');
  asked.length = 0;
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());
