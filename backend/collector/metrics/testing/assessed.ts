import type { Assessment, DriftFault, Expectation, ViolationFault } from '../../assessment/types.ts';
import type { Fleet } from '../../fleet/registry.ts';
import type { FleetNode, FleetView } from '../../fleet/types.ts';

/** An assessment of one who is fine, but for `more`. */
export function assessment(more: Partial<Assessment> = {}): Assessment {
  return { atMs: 0, score: 100, band: 'healthy', points: [20, 20, 20, 20, 20], faults: [], nextMs: Infinity, ...more };
}

const base = { id: 'a-fault', openedMs: 0, message: 'a message', playbook: null, liftedMs: null };

export function drift(code: DriftFault['code'], severity: DriftFault['severity']): DriftFault {
  return { ...base, kind: 'drift', code, severity, expected: 'what was expected', actual: 'what was found' };
}

export function violation(code: ViolationFault['code'], severity: ViolationFault['severity']): ViolationFault {
  return { ...base, kind: 'violation', code, severity, expected: null, actual: null };
}

/** A real fleet in which some targets are in a state that is hard to bring them to, and everyone has these expectations. */
export function shownAs(
  fleet: Fleet,
  shown: Readonly<Record<string, Partial<Pick<FleetNode, 'assessment' | 'isolated'>>>>,
  expectation: Partial<Expectation> = {}
): FleetView {
  // A node keeps things to itself, which nothing but the node can be asked for.
  const show = (node: FleetNode): FleetNode => {
    const own: Readonly<Record<string, unknown>> = shown[node.id] ?? {};
    return new Proxy(node, {
      get: (target, name): unknown =>
        typeof name === 'string' && name in own ? own[name] : Reflect.get(target, name, target),
      set: (target, name, value) => Reflect.set(target, name, value, target),
    });
  };
  const overrides: Partial<FleetView> = {
    nodes: () => [...fleet.nodes()].map(show),
    expectation: (node) => ({ ...fleet.expectation(node), ...expectation }),
  };
  return new Proxy<FleetView>(fleet, {
    get(target, name): unknown {
      const own = overrides[name as keyof FleetView];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
