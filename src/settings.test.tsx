import { describe, expect, it } from '@jest/globals';
import { render, screen } from '@testing-library/react';
import { isEnabled, lacking, SettingsProvider, useSettings } from './settings.ts';

describe('the flag smartFleetV2Enabled', () => {
  it.each([false, 'false', 'FALSE', ' false ', '0'])('is off for %j', (smartFleetV2Enabled) => {
    expect(isEnabled({ smartFleetV2Enabled })).toBe(false);
  });
  // A variable that is not set comes as an empty text from a provisioning file.
  it.each([undefined, true, 'true', '1', '', 'no idea'])('is on for %j', (smartFleetV2Enabled) => {
    expect(isEnabled({ ...(smartFleetV2Enabled !== undefined && { smartFleetV2Enabled }) })).toBe(true);
  });
});

describe('what lacks', () => {
  it.each([
    [{}, true, 'url'],
    [{ collectorUrl: ' ' }, true, 'url'],
    [{}, false, 'url'],
    [{ collectorUrl: 'http://c' }, false, 'secret'],
    [{ collectorUrl: 'http://c' }, true, null],
  ] as const)('%j, secret %j: %j', (settings, secretSet, what) => {
    expect(lacking(settings, secretSet)).toBe(what);
  });
});

describe('the settings of a page', () => {
  const Shown = () => <p>{useSettings().prometheusUid ?? 'none'}</p>;
  it('are those of the app around it; elsewhere there are none', () => {
    render(
      <SettingsProvider value={{ prometheusUid: 'prom' }}>
        <Shown />
      </SettingsProvider>
    );
    expect(screen.getByText('prom')).toBeVisible();
    render(<Shown />);
    expect(screen.getByText('none')).toBeVisible();
  });
});
