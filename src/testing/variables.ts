import { EmbeddedScene, QueryVariable, SceneFlexLayout, SceneVariableSet, sceneGraph } from '@grafana/scenes';
import type { InterpolateFunction, ScopedVars } from '@grafana/data';

/** Grafana's own filling-in of variables, as a dashboard does it. */
export function dashboardWith(
  values: Readonly<Record<string, string | readonly string[]>>,
  scope: Readonly<Record<string, string>> = {}
): InterpolateFunction {
  const variables = Object.entries(values).map(([name, value]) => {
    const several = typeof value !== 'string';
    const held = several ? [...value] : value;
    return new QueryVariable({
      name,
      value: held,
      text: held,
      ...(several && { isMulti: true, includeAll: true, allValue: '.*' }),
    });
  });
  const scene = new EmbeddedScene({
    $variables: new SceneVariableSet({ variables }),
    body: new SceneFlexLayout({ children: [] }),
  });
  const always: ScopedVars = Object.fromEntries(
    Object.entries(scope).map(([name, value]) => [name, { text: value, value }])
  );
  return (text, more = {}, format) =>
    sceneGraph.interpolate(scene, text, { ...always, ...more }, format as string | undefined);
}
