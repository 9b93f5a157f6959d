import type { PluginPageProps } from '@grafana/runtime';
import { jest } from '@jest/globals';
import type { ComponentType } from 'react';

interface Shell {
  setPluginPage(page: ComponentType<PluginPageProps>): void;
}
// Only Grafana itself sets it, so the package does not export how.
const shell = jest.requireActual<Shell>('../../node_modules/@grafana/runtime/dist/cjs/components/PluginPage.cjs');

/** Stands in for the frame that Grafana puts around a page: its title and its actions. Without it only the content is there. */
shell.setPluginPage(({ pageNav, subTitle, actions, children }) => (
  <main>
    {pageNav !== undefined && <h1>{pageNav.text}</h1>}
    {subTitle}
    {actions}
    {children}
  </main>
));
