export { countersInWords, type Counters } from './counters.ts';
export { CredentialsError, readAllCredentials, readCredentials, type Credentials } from './credentials.ts';
export {
  parseScenario,
  ScenarioError,
  type Fault,
  type FaultKind,
  type Scenario,
  type ScriptedFault,
} from './faults.ts';
export { runSimulation, type Simulation, type SimulationOptions } from './fleet.ts';
export { behaviourAt, planFleet, scheduleOf, type Behaviour, type NodePlan } from './scenario.ts';
export { scenarioOf, SCENARIO_NAMES, SCENARIOS } from './scenarios.ts';
