import { describe, expect, it } from '@jest/globals';
import { FieldType, toDataFrame } from '@grafana/data';
import type { PluginExtensionPanelContext } from '@grafana/data';
import { href } from '../constants.ts';
import pluginJson from '../plugin.json';
import { signIn } from '../testing/backend.ts';
import { NODE_ID_PATTERN } from '@openclaw-fleet/contract';
import { fleetLinks, pathFor, TARGET_ID } from './links.ts';

const panelWith = (...targets: (string | null)[]): Partial<PluginExtensionPanelContext> => {
  const series = targets.map((target) =>
    toDataFrame({
      fields: [{ name: 'v', type: FieldType.number, values: [1], labels: target === null ? { job: 'x' } : { target } }],
    })
  );
  return { data: { series } } as Partial<PluginExtensionPanelContext>;
};

describe('"Open in fleet"', () => {
  it('leads to the one target that a panel shows', () => {
    expect(pathFor(panelWith('gateway-01', 'gateway-01', null))).toEqual({ path: href.target('gateway-01') });
  });

  it('leads to the fleet when there are several', () => {
    expect(pathFor(panelWith('gateway-01', 'gateway-02'))).toEqual({ path: href.fleet() });
  });

  it('takes only what can be the id of a target for one', () => {
    expect(TARGET_ID).toEqual(NODE_ID_PATTERN);
    expect(pathFor(panelWith('https://shop.example/health', '../x', 'gateway-01'))?.path).toBe(
      href.target('gateway-01')
    );
    expect(pathFor(panelWith('https://shop.example/health'))).toBeUndefined();
  });

  it.each([
    ['false', false],
    [' FALSE ', false],
    ['', true],
    [undefined, true],
  ])('with the flag %j is there: %s', (smartFleetV2Enabled, there) => {
    const [link] = fleetLinks(() => ({ smartFleetV2Enabled }));
    expect(link?.configure?.(panelWith('gateway-01') as PluginExtensionPanelContext) !== undefined).toBe(there);
  });

  it.each([
    ['no target', panelWith(null)],
    ['no series', panelWith()],
    ['no data', {}],
    ['nothing known', undefined],
  ])('is not there with %s', (_what, context) => expect(pathFor(context)).toBeUndefined());

  it('is not there for who may not read the fleet', () => {
    signIn(null);
    expect(pathFor(panelWith('gateway-01'))).toBeUndefined();
  });

  it('is declared in plugin.json, or Grafana would not take it', () => {
    const declared = pluginJson.extensions.addedLinks;
    for (const { title, description, targets } of fleetLinks(() => undefined))
      expect(declared).toContainEqual({ title, description, targets: [targets].flat() });
  });
});
